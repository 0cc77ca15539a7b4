"""Rendering: what a component's spec looks like once the project's configuration is in it, and where it is kept.

Every rule is that of the azldev format, byte for byte: rendered specs are kept in git, so any other text is a change.
"""
