"""The one resampling of a full-size frame: position, gain and linearisation at once."""
