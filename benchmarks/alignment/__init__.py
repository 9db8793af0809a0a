"""Alignment against known truth: stacks of many kinds, rendered, planned and judged.

Run ``python -m benchmarks.alignment --help`` from a clone.
"""
