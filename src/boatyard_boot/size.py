"""Sizes as people write them: decimal units (kB, MB, GB) and binary units (KiB, MiB, GiB)."""

from __future__ import annotations

import re

UNITS = {
    "": 1,
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}
LARGEST = (1 << 63) - 1  # bytes; what Linux counts the places in files and disks with
LONGEST = 40
KIB, MIB, GIB = UNITS["KiB"], UNITS["MiB"], UNITS["GiB"]


def parse_size(text: str) -> int:
    """Bytes of "250 MB", "1.5 GiB" or "4096"; ValueError tells the accepted units, or that there is no such size."""
    match = re.fullmatch(r"\s*([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*([A-Za-z]*)\s*", text)
    if not match or match[2] not in UNITS:
        shown = repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
        raise ValueError(f"{shown} is not a size; write a number and one of {', '.join(filter(None, UNITS))}")
    whole, _, fraction = match[1].partition(".")
    unit = UNITS[match[2]]
    size = int(whole) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
    if size > LARGEST:
        raise ValueError(f"{text!r} is more than 8 EiB, which no file or disk has")
    return size


def format_size(size_bytes: int) -> str:
    """A size for people, in decimal units with at most one digit after the point: `117.4 MB`."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def format_mib(size_bytes: int) -> str:
    """A memory size in MiB, rounded: `171 MiB`."""
    return f"{round(size_bytes / MIB)} MiB"
