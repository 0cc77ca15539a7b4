"""Dockerfiles: the stages that are built on the image, by instruction (Dockerfile reference, syntax 1.x)."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.check.shell.call import Call
from boatyard.check.shell.effect import PATH_DIRS, made_file
from boatyard.check.shell.option import parse_options
from boatyard.check.shell.walk import Budget, Frame, script_steps
from boatyard.check.step import UNKNOWN, Cloud, Kind, Later, Need, Place, Scope, Tell, Use, one_line, without_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.check.step import Source, Sources, Step, Steps

DIRECTIVE = re.compile(r"^#\s*([a-zA-Z]+)\s*=\s*(\S+)\s*$")
HEREDOC = re.compile(r"<<(-?)([\"']?)([A-Za-z_]\w*)\2")
SHELLS = ("sh", "bash", "dash", "ash")


@dataclass(frozen=True, slots=True)
class Instruction:
    """`text` has as many lines as the file has from `line` on, continuations still in it. `heredocs`: (text, line)."""

    name: str
    text: str
    line: int
    heredocs: tuple[tuple[str, int], ...] = ()


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, with continued lines and here-documents."""
    escape = "\\"
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        found = DIRECTIVE.match(lines[at])
        if found is None:
            break
        if found[1].lower() == "escape" and found[2] in ("\\", "`"):
            escape = found[2]
        at += 1
    while at < len(lines):
        line = lines[at].strip()
        if not line or line.startswith("#"):
            at += 1
            continue
        start, whole = at, []
        while at < len(lines):
            one = lines[at].rstrip("\r").rstrip()
            comment = at > start and one.lstrip().startswith("#")
            continued = one.endswith(escape) and not comment
            whole.append("\\" if comment else one[:-1] + "\\" if continued else one)
            at += 1
            if not continued and not comment and not (at > start + 1 and not one):
                break
        name, _, rest = "\n".join(whole).lstrip().partition(" ")
        name, newline, more = name.partition("\n")
        heredocs = []
        if name.upper() in ("RUN", "COPY", "ADD"):
            for mark in HEREDOC.finditer(rest):
                end = next((i for i in range(at, len(lines)) if _ends(lines[i], mark)), len(lines))
                heredocs.append(("\n".join(lines[at:end]) + "\n", at + 1))
                at = end + 1
        yield Instruction(name.rstrip("\\").upper(), more + newline + rest, start + 1, tuple(heredocs))


def _ends(line: str, mark: re.Match[str]) -> bool:
    line = line.rstrip("\r")
    return (line.lstrip("\t") if mark[1] else line) == mark[3]


def steps_of(source: Source, sources: Sources, bases: Sequence[str] = ("*",)) -> Steps:
    """The steps of the stages whose base is the image: one that matches a glob of `bases`, or is a variable."""
    return tuple(_Dockerfile(source, sources, bases).steps())


class _Dockerfile:
    """Follows one file. `mine`: whether the current stage is built on the image."""

    def __init__(self, source: Source, sources: Sources, bases: Sequence[str]) -> None:
        self.source = source
        self.bases = bases
        self.mine = False
        self.stages: dict[str, bool] = {}
        self.checked = 0
        self.shell: tuple[str, ...] = ("/bin/sh", "-c")
        self.frame = Frame(source.file, 0, sources, Budget(), {})
        self.starts: dict[str, Instruction] = {}

    def steps(self) -> Iterator[Step]:
        stage: list[Step] = []
        names: list[str] = []
        for one in instructions(self.source.text):
            if self.frame.budget.statements < 0:
                break
            if one.name == "FROM":
                yield from self.finished(stage)
                stage = []
                names.append(self.start(one.text))
                self.stages[str(len(names) - 1)] = self.mine
                self.checked += self.mine
            elif self.mine:
                stage += self.instruction(one)
        yield from self.finished(stage)
        if not self.checked:
            yield Tell("SP011", "note", "no stage is built on this image: nothing was checked",
                       Place(self.source.file, 1),
                       "name its base with --base")  # fmt: skip

    def finished(self, stage: list[Step]) -> Iterator[Step]:
        steps = (*stage, *self.started())
        if steps:
            yield Scope("process", steps)

    def started(self) -> Steps:
        """What a container of the stage starts with: the last ENTRYPOINT, of which the last CMD are the arguments."""
        entry, cmd = (self.starts.pop(name, None) for name in ("ENTRYPOINT", "CMD"))
        one = entry if entry is not None and entry.text.strip() != "[]" else cmd
        if one is None:
            return ()
        words = _exec_form(one.text)
        if words and one is entry and cmd is not None:
            words += _exec_form(cmd.text)
        return (Later((Scope("process", self.command(json.dumps(words) if words else one.text, one)),)),)

    def start(self, text: str) -> str:
        words = [word for word in text.replace("\\\n", " ").split() if not word.startswith("--")]
        base = words[0] if words else ""
        name = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else ""
        self.shell = ("/bin/sh", "-c")
        plain = base.split("@", 1)[0]
        self.mine = self.stages.get(base.lower(), "$" in base or any(_matches(plain, glob) for glob in self.bases))
        if name:
            self.stages[name] = self.mine
        return name

    def instruction(self, one: Instruction) -> Iterator[Step]:
        """The steps of one instruction of a stage that counts."""
        if one.name == "RUN":
            yield from self.run(one)
        elif one.name in ("COPY", "ADD"):
            yield from self.copy(one)
        elif one.name == "SHELL":
            self.shell = tuple(_exec_form(one.text) or self.shell)
            yield self.use(self.shell[0], one)
        elif one.name in ("CMD", "ENTRYPOINT"):
            self.starts[one.name] = one
        elif one.name == "HEALTHCHECK":
            _, word, rest = one.text.partition("CMD")
            yield from [Later((Scope("process", self.command(rest, one)),))] if word else []
        elif one.name == "USER":
            yield from self.user(one)
        elif one.name == "ENV" and "PATH" in one.text:
            found = re.search(r"\bPATH(?:=|\s+)\"?([^\s\"]+)", one.text)
            for folder in found[1].split(":") if found else ():
                if folder not in PATH_DIRS and folder not in ("$PATH", "${PATH}"):
                    yield Cloud("anything", f"PATH has {folder}, whose content is not known", self.place(one))

    def place(self, one: Instruction) -> Place:
        return Place(self.source.file, one.line)

    def use(self, name: str, one: Instruction) -> Use:
        return Use(Need(Kind.COMMAND, name, self.place(one), one_line(f"{one.name} {one.text}")))

    def run(self, one: Instruction) -> Iterator[Step]:
        text = re.sub(r"^(\s|\\\n)*(--[a-z]+=?\S*(\s|\\\n)+)+", lambda found: "\n" * found[0].count("\n"), one.text)
        if one.heredocs and HEREDOC.match(text.lstrip()):
            body, line = one.heredocs[0]
            interpreter = re.match(r"#!\s*(\S+)(?:\s+(\S+))?", body)
            words = [word for word in (interpreter[1], interpreter[2]) if word] if interpreter else []
            if words and posixpath.basename(words[-1]) not in SHELLS:
                yield self.use(words[-1], one)
                return
            yield from self.script(body, line)
        elif one.heredocs:
            body = "".join(f"{document}{mark[3]}\n" for (document, _), mark in
                           zip(one.heredocs, HEREDOC.finditer(text), strict=False))  # fmt: skip
            yield from self.script(f"{text}\n{body}", one.line)
        else:
            yield from self.command(text, one)

    def command(self, text: str, one: Instruction) -> Steps:
        words = _exec_form(text)
        if words:
            text = shlex.join(words)
        elif posixpath.basename(self.shell[0]) not in SHELLS:
            return ()
        return self.script(text, one.line)

    def script(self, text: str, line: int) -> Steps:
        steps = script_steps(text, self.source.file, line, frame=self.frame)
        return (Scope("process", tuple(without_terminal(step) for step in steps)),)

    def copy(self, one: Instruction) -> Iterator[Step]:
        parsed = parse_options(_exec_form(one.text) or one.text.replace("\\\n", " ").split())
        owner = parsed.value("--chown")
        for kind, name in zip((Kind.USER, Kind.GROUP), owner.split(":") if owner else (), strict=False):
            if name and not name.isdecimal() and "$" not in name:
                yield Use(Need(kind, name, self.place(one), one_line(f"{one.name} {one.text}")))
        *origins, target = parsed.rest or ("",)
        call = Call((), self.place(one), one_line(f"{one.name} {one.text}"))
        into = target.endswith("/") or len(origins) > 1 or target.rstrip("/") in (*PATH_DIRS, "/usr", "/usr/local", "")
        for origin in origins:
            name = posixpath.basename(origin.rstrip("/"))
            vague = any(char in name for char in "*?[$") or name in ("", ".") or origin.endswith("/")
            path = posixpath.join(target, UNKNOWN if vague else name) if into else target
            folder = path.rstrip(UNKNOWN).rstrip("/") or "/"
            if vague and folder in (*PATH_DIRS, "/", "/usr", "/usr/local", "/etc/yum.repos.d"):
                yield Cloud("anything", f"files are copied to {folder}", self.place(one))
            elif not vague or not into:
                yield from made_file(path, call)

    def user(self, one: Instruction) -> Iterator[Step]:
        name = one.text.strip().split(":", 1)[0]
        if name and not name.isdecimal() and "$" not in name:
            yield Use(Need(Kind.USER, name, self.place(one), one_line(f"USER {one.text}")))


def _matches(base: str, glob: str) -> bool:
    name = base.rsplit("/", 1)[-1].split(":", 1)[0]
    return fnmatch.fnmatchcase(base, glob) or fnmatch.fnmatchcase(name, glob)


def _exec_form(text: str) -> list[str]:
    text = text.replace("\\\n", " ").strip()
    if not text.startswith("["):
        return []
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else []
