"""Checks without Python: what a TOML file (or a goss file in YAML) says of the guest, looked at in one round trip."""
