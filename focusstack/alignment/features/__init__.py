"""Feature points of single frames, matched between pairs, linked and checked."""
