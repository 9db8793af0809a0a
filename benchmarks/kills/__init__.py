"""Runs that are killed, interrupted or out of disk: what is lost."""
