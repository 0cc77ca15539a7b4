"""Benchmarks: figures as multiples of something measured in the same run, for a machine whose speed varies."""
