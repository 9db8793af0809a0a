"""How long a whole run takes, how much processor time and how much memory.

Run ``python -m benchmarks.speed --help`` from a clone.
"""
