"""Overlays: small edits of a component's spec, loose files, patches and source archives, described in TOML."""
