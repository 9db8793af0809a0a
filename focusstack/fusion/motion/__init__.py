"""What moved between frames, and which frame shows it."""
