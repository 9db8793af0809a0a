"""Whether tests notice when a constant is wrong by a factor of two, or a sign is.

``python -m benchmarks.mutations`` changes a copy of the tree, one constant at a time, and runs the
tests that mirror its module. What no test notices has survived.
"""
