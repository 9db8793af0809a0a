"""The plan between the two passes, its file, and its verdict."""
