"""Rows as a table for people, JSON, CSV or Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

Format = Literal["table", "json", "csv", "markdown"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "markdown")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Adds `-o`, with azldev's spellings of it."""
    parser.add_argument(
        "-o", "-O", "--output", "--output-format", dest="output", choices=FORMATS, default="table",
        help="table (default), json, csv or markdown",
    )  # fmt: skip


def show(output: Format, columns: Sequence[str], rows: Sequence[Sequence[str]], data: object) -> None:
    """Prints rows under their columns, or `data` when JSON is asked for."""
    print(render(output, columns, rows) if output != "json" else to_json(data))


def to_json(data: object) -> str:
    """Indented JSON."""
    import json  # 5 ms of every start that it is not needed for

    return json.dumps(data, indent=2, ensure_ascii=False)


def render(output: Format, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as text, without a final newline."""
    if output == "csv":
        import csv
        import io

        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return stream.getvalue().removesuffix("\n")
    if output == "markdown":
        lines = [columns, ["---"] * len(columns), *rows]
        return "\n".join("| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines)
    return _aligned([[column.upper() for column in columns], *rows])


def render_pairs(pairs: Mapping[str, str]) -> str:
    """One thing in full: each of its properties that is not empty, one line or more."""
    lines = [(name, line) for name, text in pairs.items() for line in text.splitlines()]
    firsts = [number == 0 or name != lines[number - 1][0] for number, (name, _) in enumerate(lines)]
    return _aligned([[f"{name}:" if first else "", line] for (name, line), first in zip(lines, firsts, strict=True)])


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; control characters, which could move the cursor, are shown as `?`."""
    if not all("".join(line).isprintable() for line in lines):
        lines = [[_printable(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    row = "  ".join(f"%-{width}s" for width in widths)
    return "\n".join([(row % tuple(line)).rstrip() for line in lines])


def _printable(cell: str) -> str:
    return cell if cell.isprintable() else "".join(char if char.isprintable() else "?" for char in cell)


def _escaped(cell: str) -> str:
    return _printable(cell).replace("|", "\\|")
