"""What a travelling camera shifts: depth from focus, and each frame's travel."""
