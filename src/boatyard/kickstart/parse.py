"""Reads kickstart files with pykickstart, without network and without leaving their folder.

Limits keep hostile files from taking long: pykickstart compares each command with those before it.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from pykickstart.errors import KickstartError
from pykickstart.parser import KickstartParser, PutBackIterator
from pykickstart.sections import Section as KickstartSection
from pykickstart.version import makeVersion, stringToVersion

from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.kickstart.statement import Kickstart, Note, Section, Statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_BYTES, MAX_FILES, MAX_DEPTH, MAX_COMMANDS = 1 << 20, 64, 8, 1000
SECTIONS = (
    "%pre", "%pre-install", "%post", "%onerror", "%traceback", "%packages", "%addon", "%anaconda", "%certificate",
)  # fmt: skip
# What pykickstart says of these lines may repeat a password.
SECRET = ("rootpw", "user", "sshpw", "bootloader", "autopart", "part", "partition", "logvol", "raid", "network")
INSIDE = ("handler", "op", "currentLine", "currentCmd", "lineno", "seen", "writePriority", "dataObj")


def parse(path: Path) -> Kickstart:
    """All that a kickstart file says; ConfigError with the place when it has no proper structure or is too large."""
    reader = _Reader(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # commands that are out of date are converted like others
        reader.read(path)
    return Kickstart(statements=tuple(reader.statements), sections=tuple(reader.sections), notes=tuple(reader.notes))


class _Lines(PutBackIterator):  # type: ignore[misc]
    """The lines of a file, counted: pykickstart does not tell where the shell's quotes are wrong."""

    def __init__(self, text: str) -> None:
        super().__init__([*text.splitlines(keepends=True), ""])
        self.count = 0

    def put(self, s: str) -> None:
        self.count -= 1
        super().put(s)

    def __next__(self) -> str:
        self.count += 1
        line: str = super().next()
        return line


class _Collected(KickstartSection):  # type: ignore[misc]
    """A section that is kept as it is. `done` gets its header's line and words, and its lines."""

    allLines = True

    def __init__(self, handler: Any, name: str, at: Callable[[], Where], done: Callable[..., None]) -> None:
        super().__init__(handler)
        self.sectionOpen = name
        self._at, self._done = at, done
        self._words: list[str] = []
        self._lines: list[tuple[Where, str]] = []
        self._line = 0

    def handleHeader(self, lineno: int, args: list[str]) -> None:
        self._line, self._words, self._lines = lineno, args, []

    def handleLine(self, line: str) -> None:
        self._lines.append((self._at(), line))

    def finalize(self) -> None:
        self._done(self._line, self._words, tuple(self._lines))


class _Reader(KickstartParser):  # type: ignore[misc]
    def __init__(self, path: Path) -> None:
        self.statements: list[Statement] = []
        self.sections: list[Section] = []
        self.notes: list[Note] = []
        self._folder = path.parent.resolve()
        self._open: list[tuple[Path, _Lines]] = []
        self._size = self._files = 0
        super().__init__(makeVersion(_version(path)))

    def read(self, path: Path) -> None:
        """Reads one file, and through `handleInclude` those it names."""
        text = self._text(path)
        self._open.append((path, lines := _Lines(text)))
        try:
            self._stateMachine(lines)
        except KickstartError as error:
            place = Where(path, getattr(error, "lineno", 0) or lines.count)
            raise ConfigError(_words(error), where=place) from None
        except ValueError as error:  # of shlex
            raise ConfigError(f"the quotes are wrong: {error}", where=Where(path, lines.count)) from None
        self._open.pop()

    def setupSections(self) -> None:
        """Keeps all sections as they are: the answers want their lines, not pykickstart's sorted sets of them."""
        self._sections: dict[str, _Collected] = {}
        for name in SECTIONS:
            self.registerSection(_Collected(self.handler, name, self._here, self._section))

    def handleCommand(self, lineno: int, args: list[str]) -> None:
        where = self._where(lineno, args[0])
        if len(self.statements) + len(self.notes) >= MAX_COMMANDS:
            raise ConfigError(f"a kickstart has at most {MAX_COMMANDS} commands", where=where)
        try:
            data = super().handleCommand(lineno, args)
        except KickstartError as error:
            told = "it is not understood" if args[0] in SECRET else _words(error)
            self.notes.append(Note(where=where, what=f"{args[0]}: {told}"))
            return
        except (ValueError, TypeError, AttributeError, LookupError):  # pykickstart expects better lines
            self.notes.append(Note(where=where, what=f"{args[0]}: it is not understood"))
            return
        values = {name: value for name, value in vars(data).items() if name not in INSIDE} if data is not None else {}
        copied = {name: list(value) if isinstance(value, list) else value for name, value in values.items()}
        self.statements.append(Statement(where=where, command=args[0], options=_options(args), values=copied))

    def readKickstart(self, f: str, reset: bool = True) -> None:  # noqa: ARG002
        """Called for `%include`: only files in the folder of the kickstart, and no addresses."""
        path, lines = self._open[-1]
        where = self._where(lines.count, "%include")
        found = path.parent / f
        if "://" in f or not found.resolve().is_relative_to(self._folder) or not found.is_file():
            what = f"%include: {f!r} is no file in the folder of the kickstart"
            self.notes.append(Note(where=where, what=what, hint="put its text here"))
        elif self._files >= MAX_FILES or len(self._open) > MAX_DEPTH:
            raise ConfigError(f"too many files are included: at most {MAX_FILES}, {MAX_DEPTH} deep", where=where)
        else:
            self.read(found)

    def _text(self, path: Path) -> str:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        self._size += len(data)
        self._files += 1
        if self._size > MAX_BYTES:
            raise ConfigError(f"kickstart files have at most {MAX_BYTES >> 20} MiB", where=Where(path))
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is not UTF-8 text: {error}") from None
        # pykickstart passes over them, for it fetches them before it reads anything else.
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("%ksappend"):
                place = Where(path, number, "%ksappend")
                self.notes.append(Note(where=place, what="%ksappend: nothing is fetched", hint="put its text here"))
        return text

    def _where(self, line: int, key: str) -> Where:
        return Where(self._open[-1][0], line, key)

    def _here(self) -> Where:
        path, lines = self._open[-1]
        return Where(path, lines.count)

    def _section(self, line: int, words: list[str], lines: tuple[tuple[Where, str], ...]) -> None:
        self.sections.append(
            Section(
                where=self._where(line, words[0]),
                name=words[0],
                options=_options(words),
                interpreter=_interpreter(words),
                lines=lines,
            )
        )


def _options(words: list[str]) -> tuple[str, ...]:
    return tuple(word[2:].partition("=")[0] for word in words[1:] if word.startswith("--"))


def _interpreter(words: list[str]) -> str:
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--interpreter":
            return value if equals else next(iter(words[at + 1 :]), "")
    return ""


def _words(error: KickstartError) -> str:
    """What pykickstart says, without the place: that is told apart."""
    return " ".join(str(getattr(error, "message", "") or error).split())


def _version(path: Path) -> Any:
    """The version of the syntax that the first lines name (`#version=RHEL8`); otherwise the newest."""
    with path.open("rb") as stream:
        head = stream.read(4096).decode("utf-8", "replace")
    found = re.search(r"^#\s*version=(\S+)", head, re.MULTILINE)
    if found:
        try:
            return stringToVersion(found[1])
        except KickstartError:
            pass
    return stringToVersion("DEVEL")
