"""Measurements that are too long for tests; each has a folder and a table in README.md."""
