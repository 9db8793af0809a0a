"""Exposure: what brings every frame to the reference's light, found and applied."""
