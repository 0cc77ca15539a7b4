"""Executors: where the tasks of a graph run. On this machine, or on the workers of a Dask cluster."""
