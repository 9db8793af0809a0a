"""Sub-pixel shifts between tiles of two frames, and where the frames lie for that."""
