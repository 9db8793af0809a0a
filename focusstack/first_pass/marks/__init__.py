"""Marks fixed to the sensor: found, proven against the scene, and taken out of what is measured."""
