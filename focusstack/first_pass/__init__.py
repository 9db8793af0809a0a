"""The first pass: frames become a plan; no full-size pixel is kept."""
