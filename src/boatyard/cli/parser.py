"""argparse, started in half the time: it looks for the width of the terminal at each option, and loads zlib, bz2 and
lzma to find it."""

from __future__ import annotations

import argparse
import os
from typing import Any


class Parser(argparse.ArgumentParser):
    """A parser whose help is as wide as the terminal; the parsers of its nouns and verbs are of the same class."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        keywords.setdefault("formatter_class", Formatter)
        super().__init__(*args, **keywords)

    def add_subparsers(self, **keywords: Any) -> Any:
        keywords.setdefault("prog", self.prog)
        return super().add_subparsers(**keywords)


class Formatter(argparse.HelpFormatter):
    """Help in lines as wide as the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width() - 2)


class PlainFormatter(argparse.RawDescriptionHelpFormatter):
    """The same, with the lines of the description as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width() - 2)


def width() -> int:
    """Columns of the terminal: `COLUMNS`, else what the terminal says, else 80."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80
