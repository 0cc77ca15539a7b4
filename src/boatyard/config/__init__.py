"""From TOML files to the frozen model: load, include, merge, inherit, validate. Touches neither network nor specs."""
