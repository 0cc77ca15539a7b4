"""The base of every table of the configuration."""

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """A TOML table: keys in kebab-case, unknown keys refused, defaults not written back."""
