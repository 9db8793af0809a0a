"""Levels of a pyramid: measured, gated by noise, chosen from, put together."""
