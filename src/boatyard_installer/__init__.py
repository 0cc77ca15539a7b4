"""Installs the system of a live medium on a disk: `answers + probe -> plan (a list of values) -> perform`.

Runs on the medium, with Python's standard library and `boatyard_boot` only. The host uses the pure parts to check
answers.
"""
