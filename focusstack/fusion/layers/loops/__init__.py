"""Loops of layers, compiled."""
