"""Arrays by name, and the small numerics that several stages share."""
