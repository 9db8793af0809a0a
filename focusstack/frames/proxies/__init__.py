"""The small linear-light pictures and statistics that the first pass keeps of each frame."""
