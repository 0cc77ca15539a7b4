"""Trials of deployments: `run` is the table of contents."""
