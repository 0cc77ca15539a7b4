"""Performing a plan on the machine."""
