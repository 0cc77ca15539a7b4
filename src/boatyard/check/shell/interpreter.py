"""Code that a script runs in turn: sourced files, strings, here-documents, other scripts, Python."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.check.python_source import steps_of_code
from boatyard.check.shell.builtin import SHELLS
from boatyard.check.shell.call import NO_INPUT, Call, Input
from boatyard.check.shell.effect import EFFECTS
from boatyard.check.shell.expand import Env
from boatyard.check.shell.option import parse_options, unwrap
from boatyard.check.step import (
    UNKNOWN,
    Cloud,
    Kind,
    Make,
    Scope,
    Tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.check.shell.syntax import Statement
    from boatyard.check.shell.walk import Frame
    from boatyard.check.step import Step, Steps

PYTHON = re.compile(r"python(3(\.\d+)?)?$")
# Files of settings that many scripts source: variables, no commands.
PLAIN_SOURCES = re.compile(
    r"^(/etc/(os-release|default/|sysconfig/|profile|bashrc|bash\.bashrc|environment|lsb-release)"
    r"|/usr/lib/os-release|.*/\.(bashrc|profile|bash_profile|env)$|.*\.env$)"
)
DEEPEST = 12


class Interpreters:
    """The part of a walk that follows code within code."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    # What the walk over statements offers.
    def statement(self, statement: Statement, env: Env, tolerated: str = "", stdin: Input = NO_INPUT) -> Steps:
        raise NotImplementedError

    def sourced(self, call: Call, env: Env) -> Iterator[Step]:
        """`. file`: followed when the file is among those given, else unknown unless it is known to hold settings."""
        path = call.args[0] if call.args else ""
        given = self.frame.sources.find(path, self.frame.file) if path else None
        if env.source_os_release((".", path)) or PLAIN_SOURCES.match(path) or path == "/dev/stdin":
            return
        if given is not None and given.type == "shell" and given.file not in self.frame.stack:
            yield from self.included(given.text, given.file, 1, env)
        elif path in self.frame.written and path not in self.frame.stack:
            yield from self.included(self.frame.written[path][0], path, self.frame.written[path][1], env)
        elif path.endswith("/activate"):
            for command in ("python", "python3", "pip", "pip3"):
                yield Make(Kind.COMMAND, command, call.place)
            yield Cloud("module", "a virtual environment has modules of its own", call.place)
        else:
            if path.startswith(("/etc/", "/usr/")) and UNKNOWN not in path:
                yield call.use(Kind.FILE, path)
            shown = path.replace(UNKNOWN, "…")
            yield Cloud("names", f"{shown} is sourced and was not given to be checked", call.place)

    def included(self, text: str, file: str, line: int, env: Env) -> Iterator[Step]:
        """A script that becomes part of this one: its functions stay."""
        from boatyard.check.shell.inside import functions_in
        from boatyard.check.shell.parse import TooDeepError, parse

        outer = self.frame.file, self.frame.lines, self.frame.stack
        try:
            script = parse(text)
        except TooDeepError:
            return
        names = functions_in(script.body)
        self.frame.functions |= names
        self.frame.called |= set(names)  # a library: its functions are checked where they are called
        if file in self.frame.sources.files:
            self.frame.file, self.frame.lines = file, line - 1
        else:
            self.frame.lines = line - 1
        self.frame.stack = (*outer[2], file)
        for statement in script.body:
            yield from self.statement(statement, env)
        self.frame.file, self.frame.lines, self.frame.stack = outer

    def evaluated(self, call: Call, env: Env) -> Iterator[Step]:
        text = " ".join(call.args)
        if UNKNOWN not in text:
            yield from self.text_steps(text, call, env)
        elif not re.search(r"ssh-agent|dircolors|resize|lesspipe|locale|tset", call.text):
            yield Cloud("names", f"`{call.text[:40]}` runs what is not known before", call.place)

    def text_steps(self, text: str, call: Call, env: Env) -> Steps:
        """The steps of a command line in a string of this script: functions and variables are shared."""
        from boatyard.check.shell.parse import TooDeepError, parse

        self.frame.budget.statements -= 1
        if self.frame.budget.statements < 0 or len(self.frame.stack) > DEEPEST:
            return ()
        try:
            script = parse(text)
        except TooDeepError:
            return (Tell("SP011", "note", "statements are nested too deep to be followed", call.place),)
        outer, stack = self.frame.lines, self.frame.stack
        self.frame.lines, self.frame.stack = call.place.line - 1, (*stack, "…")
        steps = tuple(step for statement in script.body for step in self.statement(statement, env, call.tolerated))
        self.frame.lines, self.frame.stack = outer, stack
        return steps

    def interpreted(self, call: Call, env: Env) -> Iterator[Step]:
        """Shells and Python: the code they are given in a string, a here-document, or a file that is known."""
        if call.name in SHELLS or call.name in ("su", "sudo"):
            yield from self.shell(call, env)
        elif PYTHON.match(call.name):
            yield from self.python(call)

    def shell(self, call: Call, env: Env) -> Iterator[Step]:
        if call.name in ("su", "sudo"):
            inner = unwrap(call.name, call.args)
            if (
                inner is None
                or inner.words
                or inner.script
                or (call.name == "sudo" and not {"-i", "-s"} & set(call.args))
            ):
                return
            parsed = parse_options(())
        else:
            parsed = parse_options(call.args, "oO", ("--rcfile", "--init-file"), permute=False)
        if any("c" in option for option, _ in parsed.options if not option.startswith("--")):
            text, arguments = (parsed.rest[0] if parsed.rest else ""), parsed.rest[2:]
            if UNKNOWN in text and not text.strip(UNKNOWN + " "):
                yield Cloud("anything", f"`{call.text[:40]}` runs what is not known before", call.place)
            elif text:
                yield Scope("process", self.text_steps(text, call, Env(dict(env.values), arguments)))
        elif parsed.rest and not parsed.has("-s"):
            yield self.file_steps(parsed.rest[0], call.inner(parsed.rest)) or self.unknown_script(parsed.rest[0], call)
        elif call.input.kind == "text":
            yield Scope("process", self.embedded(call.input.text, call.input.line))
        elif call.input.kind in ("program", "file"):
            yield Cloud("anything", f"`{call.text[:40]}` runs a script that is not known", call.place)

    def unknown_script(self, path: str, call: Call) -> Step:
        shown = path.replace(UNKNOWN, "…")
        return Cloud("anything", f"{shown} is run and was not given to be checked", call.place)

    def embedded(self, text: str, line: int, arguments: tuple[str, ...] | None = None, file: str = "") -> Steps:
        """The steps of a script of its own within this file (or in another one)."""
        from boatyard.check.shell.walk import script_steps

        frame = replace(self.frame, stack=(*self.frame.stack, file or "…"))
        if len(frame.stack) > DEEPEST:
            return ()
        return script_steps(text, file or self.frame.file, line, frame=frame, arguments=arguments)

    def file_steps(self, path: str, call: Call) -> Step | None:
        """A script that is run by its path, when its text is known."""
        if path in self.frame.written and f"@{path}" not in self.frame.stack:
            text, line = self.frame.written[path]
            if not text.startswith("#!") or re.match(r"#!.*\b(ba|da|k|z)?sh\b", text):
                frame = self.frame.stack
                self.frame.stack = (*frame, f"@{path}")
                steps = self.embedded(text, line, call.args)
                self.frame.stack = frame
                return Scope("process", steps)
        given = None if path.startswith("/usr/") else self.frame.sources.find(path, self.frame.file)
        if given is not None and given.type == "shell" and given.file not in self.frame.stack:
            return Scope("process", self.embedded(given.text, 1, call.args, given.file))
        if (
            given is None
            and "/" in path
            and re.search(r"install|setup|bootstrap|provision|init", path)
            and not path.startswith("/usr/")
        ):
            return self.unknown_script(path, call)
        return None

    def python(self, call: Call) -> Iterator[Step]:
        args = list(call.args)
        while args and args[0].startswith("-") and args[0] not in ("-c", "-m", "-"):
            args.pop(0)
        if args[:1] == ["-m"] and len(args) > 1:
            module = args[1].split(".")[0]
            if UNKNOWN not in module:
                yield call.use(Kind.MODULE, module)
            if module == "pip":
                yield from EFFECTS["pip"](replace(call, fields=("pip", *args[2:])))
        elif args[:1] == ["-c"] and len(args) > 1:
            if UNKNOWN not in args[1]:
                place = call.places.get(args[1], call.place)
                yield from steps_of_code(args[1], place.file, place.line, call.text, call.tolerated)
        elif (not args or args[0] == "-") and call.input.kind == "text":
            line = call.input.line
            if UNKNOWN not in call.input.text and "$" not in call.input.text:
                yield from steps_of_code(call.input.text, call.place.file, line, call.text, call.tolerated)
