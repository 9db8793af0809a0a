"""Whole shoots, killed and measured: ``python -m benchmarks.shoots``."""
