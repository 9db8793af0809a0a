"""Motion models, their solution over all pairs, and which one a stack needs."""
