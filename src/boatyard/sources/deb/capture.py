"""Words for scriptlets that only the files of a package tell, such as the release of a kernel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from boatyard.config.model.seed import PackageRules
    from boatyard.sources.deb.rules import PackagedFile

# Scriptlets run as root, and file names are foreign.
HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*")


def captures(rules: PackageRules, files: Iterable[PackagedFile], origin: str) -> dict[str, str]:
    """What each of the rules' `captures` matches; `origin` is the subpackage's name in errors.

    ConfigError when it matches nothing or different words, SourceError when a shell could misread the word.
    """
    paths = [file.entry.path for file in files]
    return {name: _one(pattern, paths, f"{origin}: captures.{name}") for name, pattern in rules.captures.items()}


def fill_in(script: str, captured: Mapping[str, str]) -> str:
    """A script with the captured words in place of their names."""
    for name, word in captured.items():
        script = script.replace(f"@{name}@", word)
    return script


def _one(pattern: str, paths: Iterable[str], origin: str) -> str:
    hint = "it is a regular expression with one group, for the whole path of a file"
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{origin} is no regular expression: {error}", hint=hint) from error
    words = {match[1] for path in paths if regex.groups and (match := regex.fullmatch(path))}
    if len(words) != 1:
        found = f"more than one word: {', '.join(sorted(words))}" if words else "nothing"
        raise ConfigError(f"{origin} matches {found}", hint=hint)
    (word,) = words
    if not HARMLESS.fullmatch(word):
        raise SourceError(f"{origin} gives {word!r}, which is no word for a script")
    return word
