"""Card dumps with known cuts, split: ``python -m benchmarks.splitting``."""
