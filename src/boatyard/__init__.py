"""Boatyard builds an in-house Linux distribution from TOML and tries it out before the cloud does."""

__version__ = "0.1.0"
