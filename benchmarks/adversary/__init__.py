"""Files and circumstances that want to do harm."""
