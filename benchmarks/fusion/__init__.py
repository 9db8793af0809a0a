"""Fusion of perfectly aligned frames against known truth, beside the plain pyramid.

Run ``python -m benchmarks.fusion --help`` from a clone.
"""
