"""Reads files of checks: TOML of our own, and goss's YAML as it is; every fault with its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, NotFoundError, Problem, did_you_mean
from boatyard.base.where import Where
from boatyard.base.yaml_text import Scalar, Table, YamlError, is_true, read_yaml
from boatyard.trial.assertion.matcher import Matcher
from boatyard.trial.assertion.matcher_reader import UnsupportedError, WrittenWrongError, read_matcher
from boatyard.trial.assertion.model import (
    COMMON,
    DEFAULT_TIMEOUT_S,
    KINDS,
    SYNONYMS,
    TRUE,
    Assertion,
    Assertions,
    Expectation,
    Kind,
)
from boatyard.trial.assertion.name import check_name
from boatyard.trial.assertion.plain import plain
from boatyard.trial.assertion.toml import read_toml
from boatyard.trial.scenario import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard.base.yaml_text import Node

LARGEST_FILE = 1 << 20
MOST_ITEMS = 1000
DEEPEST_INCLUDE = 5
LONGEST_TIMEOUT_S = 3600.0
RECORD_TYPE = re.compile(r"(?:A|AAAA|CAA|CNAME|MX|NS|PTR|SRV|TXT):")
YAML_SUFFIXES = (".yaml", ".yml", ".json")


def load_assertions(path: Path) -> Assertions:
    """The checks of a file; `.yaml`, `.yml` and `.json` are goss's, all others TOML.

    ConfigError has everything that is wrong; NotFoundError without a file. What goss knows and is not looked at here
    is kept, with the reason, and becomes a check whose outcome is unknown.
    """
    problems: list[Problem] = []
    items = list(_items(path, problems, (path.resolve(),)))
    if len(items) > MOST_ITEMS:
        problems.append(Problem(f"more than {MOST_ITEMS} resources are to be checked", Where(path)))
    if problems:
        raise ConfigError.of(problems)
    return Assertions(path, tuple(items))


def _items(path: Path, problems: list[Problem], seen: tuple[Path, ...]) -> Iterator[Assertion]:
    document = _document(path)
    kinds = (*KINDS, "gossfile")
    for name, table in document.pairs:
        if name.text not in kinds:
            problems.append(
                Problem(
                    f"unknown kind of check {name.text!r}", Where(path, name.line), hint=did_you_mean(name.text, kinds)
                )
            )
        elif not isinstance(table, Table):
            problems.append(Problem(f"{name.text} is a table of names", Where(path, name.line)))
        elif name.text == "gossfile":
            yield from _included(path, table, problems, seen)
        else:
            for title, fields in table.pairs:
                try:
                    yield _assertion(path, name.text, title, fields, problems)
                except WrittenWrongError as error:
                    problems.append(Problem(str(error), Where(path, error.line), hint=error.hint))


def _document(path: Path) -> Table:
    text = _text(path)
    if path.suffix not in YAML_SUFFIXES:
        return read_toml(text, path)
    if "{{" in text:
        line = text[: text.index("{{")].count("\n") + 1
        raise ConfigError(
            "templates are not evaluated", where=Where(path, line), hint="`goss render` writes the file without them"
        )
    try:
        node = read_yaml(text, strict=True)
    except YamlError as error:
        raise ConfigError(f"not valid YAML: {error}", where=Where(path, error.line)) from None
    if node is None:
        return Table((), 1, 1)
    if not isinstance(node, Table):
        raise ConfigError("expected kinds of checks, such as `file:`", where=Where(path, 1))
    return node


def _text(path: Path) -> str:
    if not path.exists():
        raise NotFoundError(f"{path} does not exist")
    if not path.is_file():  # a pipe would be waited for
        raise ConfigError(f"{path} is not a plain file")
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_FILE:
        raise ConfigError(f"{path} is longer than {LARGEST_FILE >> 20} MiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8", where=Where(path, line)) from None


def _included(path: Path, table: Table, problems: list[Problem], seen: tuple[Path, ...]) -> Iterator[Assertion]:
    """The items of other files, in the same folder or below it; patterns may name several."""
    for name, fields in table.pairs:
        if isinstance(fields, Table) and is_true(fields.get("skip")):
            continue
        text = fields.text("file") if isinstance(fields, Table) and fields.get("file") else name.text
        where = Where(path, name.line)
        if text.startswith("/") or ".." in text.split("/") or "\0" in text:
            problems.append(Problem(f"{text!r} names no file beside this one", where))
            continue
        try:
            found = sorted(path.parent.glob(text)) if re.search(r"[*?\[]", text) else [path.parent / text]
        except ValueError as error:
            problems.append(Problem(f"{text!r} is no pattern of files: {error}", where))
            continue
        for file in found:
            # Who wrote it does not choose among all the files of this machine, whose lines errors would show.
            if file.exists() and not file.resolve().is_relative_to(path.parent.resolve()):
                problems.append(Problem(f"{text!r} is a link that leads out of the folder", where))
            elif not file.exists():
                problems.append(Problem(f"{text!r} does not exist", where))
            elif file.resolve() in seen or len(seen) > DEEPEST_INCLUDE:
                problems.append(Problem(f"{text!r} is included by itself", where))
            else:
                yield from _items(file, problems, (*seen, file.resolve()))


def _assertion(path: Path, kind: str, title: Scalar, fields: Node, problems: list[Problem]) -> Assertion:
    shape = KINDS[kind]
    if not isinstance(fields, Table):
        raise WrittenWrongError(f"{kind} {title.text!r} is a table of attributes", title.line)
    target = fields.text(shape.target) or title.text
    if shape.target:
        check_name(kind, target, title.line)
    unsupported: list[str] = []
    expected: list[Expectation] = []
    options: dict[str, object] = {}
    for name, value in fields.pairs:
        try:
            if name.text in shape.attributes:
                sort = shape.attributes[name.text]
                matcher = read_matcher(value, sort, patterns=name.text == "contains")
                expected.append(Expectation(SYNONYMS.get(name.text, name.text), matcher, name.line))
            elif name.text in shape.options:
                options[name.text] = plain(value)
            elif name.text in shape.unsupported:
                unsupported.append(f"{kind}.{name.text}")
            elif name.text not in (*COMMON, shape.target):
                known = (*shape.attributes, *shape.options, *COMMON, *filter(None, (shape.target,)))
                hint = did_you_mean(name.text, known)
                problems.append(Problem(f"unknown key {name.text!r}", Where(path, name.line), hint=hint))
        except UnsupportedError as error:
            unsupported.append(str(error))
        except WrittenWrongError as error:
            problems.append(Problem(f"{name.text}: {error}", Where(path, error.line), hint=error.hint))
    if kind == "dns" and RECORD_TYPE.match(target):
        unsupported.append("records of one type")
    limited = "timeout" in shape.options
    return Assertion(
        kind=kind,
        name=fields.text("title") or title.text,
        target=target,
        file=path,
        line=title.line,
        expected=tuple(expected) or _implied(shape, kind, title, unsupported),
        options=options,
        timeout_s=_timeout(fields.get("timeout") if limited else None, yaml=path.suffix in YAML_SUFFIXES),
        skip=is_true(fields.get("skip")),
        unsupported=", ".join(unsupported),
    )


def _implied(shape: Kind, kind: str, title: Scalar, unsupported: list[str]) -> tuple[Expectation, ...]:
    """What a table means that expects nothing."""
    attribute, value = shape.implied or (shape.first, TRUE)
    if attribute:
        return (Expectation(attribute, Matcher("literal", value), title.line),)
    if unsupported:
        return ()
    hint = f"its keys are {', '.join(shape.attributes)}"
    raise WrittenWrongError(f"{kind} {title.text!r} expects nothing", title.line, hint)


def _timeout(node: Node | None, *, yaml: bool) -> float:
    """Seconds; goss counts in milliseconds, TOML has a time with its unit."""
    if node is None:
        return DEFAULT_TIMEOUT_S
    text = node.text if isinstance(node, Scalar) else ""
    try:
        seconds = int(text) / 1000 if yaml or text.isdigit() else parse_duration(text)
    except ValueError:
        raise WrittenWrongError(
            f"timeout: {text!r} is not a time", node.line, 'write "30 s", or milliseconds'
        ) from None
    if not 0 < seconds <= LONGEST_TIMEOUT_S:
        raise WrittenWrongError(f"timeout: expected more than 0 and at most {LONGEST_TIMEOUT_S:.0f} s", node.line)
    return seconds
