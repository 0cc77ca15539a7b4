"""Trials: checks of deployments before a machine runs, and inside one that does."""
