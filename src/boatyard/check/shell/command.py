"""One command of a script: what it needs, what it does, what it runs in turn."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.check.shell.builtin import ASKS_VERSION, BUILTINS, QUERIES
from boatyard.check.shell.call import NO_INPUT, Call, Input
from boatyard.check.shell.condition import looked_for, query
from boatyard.check.shell.effect import EFFECTS, PATH_DIRS, made_file
from boatyard.check.shell.expand import Env, is_argument, is_list, mark
from boatyard.check.shell.interpreter import DEEPEST, Interpreters
from boatyard.check.shell.option import ELSEWHERE, WRAPPERS, find_runs, unwrap
from boatyard.check.shell.package_manager import installed_by
from boatyard.check.shell.syntax import Group, Simple
from boatyard.check.step import (
    PROBED,
    UNDECIDED,
    UNKNOWN,
    Cloud,
    Exists,
    Kind,
    Later,
    Leave,
    Place,
    Scope,
    Use,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.check.shell.syntax import Redirect, Redirected, Statement, Statements, Word
    from boatyard.check.step import Step, Steps, Test

# Directories of PATH in which an image has nothing until something is put there.
EMPTY_DIRS = re.compile(rf"^(~|{UNKNOWN}|/root|/home/[^/]+)/(\.local/)?s?bin$|^/snap/bin$|^\.$|^$")
ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")

# Builtins that run commands, which are looked for in a PATH that is set for the builtin.
RUN_OTHERS = {".", "source", "eval", "exec", "command"}


class Commands(Interpreters):
    """The part of a walk that follows single commands."""

    # What the walk over statements offers.
    def condition(self, asked: Statements, env: Env) -> tuple[Steps, Test]:
        raise NotImplementedError

    def words(self, words: Sequence[Word], env: Env, *, asked: bool = False) -> Iterator[Step]:
        raise NotImplementedError

    def simple(self, simple: Simple, env: Env, tolerated: str = "", stdin: Input = NO_INPUT) -> Iterator[Step]:
        """The steps of a command with its words, assignments and redirections."""
        yield from self.words([word for one in simple.assignments for word in one.value], env)
        yield from self.words(simple.words, env)
        call = self.call(simple, env, tolerated, stdin)
        yield from self.redirects(simple.redirects, env)
        declares = not call.fields or call.name in ("export", "declare", "local", "readonly", "typeset")
        for assignment in simple.assignments if declares else ():
            env.assign(assignment)
            for word in assignment.value if assignment.array else ():
                env.places |= dict.fromkeys(env.fields(word), self.frame.place(word.line, word.column))
            if assignment.name == "PATH":
                yield from self.path(env.values.get("PATH", ("",))[0], call)
        before = [env.text(word) for one in simple.assignments if one.name == "PATH" for word in one.value]
        yield from self.run_with_path("" if declares else "".join(before), call, self.run(call, env))

    def call(self, simple: Simple, env: Env, tolerated: str = "", stdin: Input = NO_INPUT) -> Call:
        fields: list[str] = []
        places: dict[str, Place] = {}
        for word in simple.words:
            for one in env.fields(word):
                fields.append(one)
                place = self.frame.place(word.line, word.column)
                told = (
                    env.places.get(one, place)
                    if any(map(is_list, word.parts)) or any(map(is_argument, word.parts))
                    else place
                )
                places.setdefault(one, told)
        for redirect in simple.redirects:
            if redirect.operator == "<<":
                stdin = Input(
                    "text",
                    redirect.text if redirect.literal else redirect.text.replace("\\$", "$"),
                    redirect.line + self.frame.lines,
                )
            elif redirect.operator == "<<<" and redirect.target is not None:
                stdin = Input("text", env.text(redirect.target), redirect.target.line + self.frame.lines)
            elif redirect.operator == "<":
                stdin = Input("file")
        quiet = any(one.target is not None and env.text(one.target) == "/dev/null" for one in simple.redirects)
        place = self.frame.place(simple.line, simple.column)
        return Call(tuple(fields), place, one_line(simple.source), stdin, tolerated, quiet, simple.redirects, places)

    def redirects(self, redirects: Sequence[Redirect], env: Env) -> Iterator[Step]:
        """What redirections do: substitutions, files that are written; scripts in here-documents are kept in mind."""
        heredoc = next((one for one in redirects if one.operator == "<<"), None)
        for one in redirects:
            for inner in one.inner:
                yield Scope("process", tuple(s for st in inner.body for s in self.statement(st, env.copy())))
            if one.target is None:
                continue
            yield from self.words((one.target,), env)
            path = env.text(one.target)
            if one.operator in (">", ">>", "&>", "&>>", ">|"):
                place = self.frame.place(one.target.line, one.target.column)
                yield from made_file(path, Call((), place, f"> {path}"))
                if heredoc is not None and UNKNOWN not in path:
                    self.keep(path, heredoc)

    def keep(self, path: str, heredoc: Redirect) -> None:
        """Remembers what a here-document wrote to a file, in case it is run."""
        text = heredoc.text if heredoc.literal else heredoc.text.replace("\\$", "$")
        self.frame.written[path] = (text, heredoc.line + self.frame.lines)

    def redirected_input(self, statement: Redirected) -> Input:
        for one in statement.redirects:
            if one.operator == "<<":
                return Input("text", one.text, one.line + self.frame.lines)
            if one.operator in ("<", "<<<"):
                return Input("file")
        return Input()

    def path(self, value: str, call: Call) -> Iterator[Step]:
        """What a new PATH means: in a folder that no image has, something may lie that nobody here knows."""
        for folder in (part.rstrip("/") for part in value.split(":")):
            if folder in PATH_DIRS or folder.strip(UNKNOWN) == "" or EMPTY_DIRS.match(folder):
                continue
            shown = folder.replace(UNKNOWN, "…")
            yield Cloud("names", f"PATH has {shown}, whose content is not known", call.place)

    def run_with_path(self, value: str, call: Call, steps: Iterator[Step]) -> Iterator[Step]:
        """The steps of a command that gets a PATH of its own, as in `PATH=/opt/x/bin:$PATH x`; empty for none."""
        unknown = tuple(self.path(value, call)) if value else ()
        if unknown and call.name not in {*BUILTINS, *self.frame.functions}:
            yield Scope("process", (*unknown, *steps))
        elif call.name in BUILTINS and call.name not in RUN_OTHERS:
            yield from steps
        else:
            yield from unknown
            yield from steps

    def ask_command(self, simple: Simple, env: Env, tolerated: str) -> tuple[Steps, Test, bool]:
        """A command that is asked: its steps, its test, and whether it is a plain one."""
        call = self.call(simple, env)
        inner = call
        while (
            (unwrapped := unwrap(inner.name, inner.args))
            and unwrapped.words
            and inner.name in ("sudo", "env", "timeout")
        ):
            inner = inner.inner(unwrapped.words)
        body = self.frame.functions.get(inner.name)
        if body is not None and len(self.frame.stack) < 3 and inner.name not in self.frame.stack:
            asked = self.ask_function(body, inner, env)
            if asked is not None:
                return asked
        test = query(inner) if inner.name not in self.frame.functions else None
        if test is not None and inner.name in ("true", ":", "false"):
            return tuple(self.simple(simple, env, tolerated)), test, inner.name != "false"
        if test is not None:
            return tuple(self.simple(simple, env, PROBED if inner.name == "which" else tolerated)), test, False
        if inner.fields[1:2] and inner.args[0] in ASKS_VERSION and len(inner.args) == 1 and UNKNOWN not in inner.name:
            version = Exists(inner.need(Kind.COMMAND, inner.name))
            return tuple(self.simple(simple, env, PROBED)), version, not inner.quiet
        plain = not self.is_query(simple, env)
        return tuple(self.simple(simple, env, tolerated)), UNDECIDED, plain

    def ask_function(self, body: Statement, call: Call, env: Env) -> tuple[Steps, Test, bool] | None:
        """A function whose last statement is a question, such as `have() { command -v "$1"; }`."""
        statements = body.body if isinstance(body, Group) else (body,)
        last = statements[-1] if statements else None
        if len(statements) != 1 or last is None:
            return None
        self.frame.called.add(call.name)
        inner = Env(env.values, call.args, call.places)
        self.frame.stack = (*self.frame.stack, call.name)
        steps, test = self.condition((last,), inner)
        self.frame.stack = self.frame.stack[:-1]
        return (Scope("function", steps),), test, test == UNDECIDED

    def is_query(self, simple: Simple, env: Env) -> bool:
        """Whether a command is one that may well fail."""
        fields = [one for word in simple.words for one in env.fields(word)]
        while (unwrapped := unwrap(fields[0], fields[1:]) if fields else None) and unwrapped.words:
            fields = list(unwrapped.words)
        if fields[:1] == ["systemctl"]:
            return any(word.startswith("is-") for word in fields)
        return bool(fields) and posixpath.basename(fields[0]) in QUERIES

    def is_lookup(self, body: Statements, env: Env) -> bool:
        """Whether statements only look for a command, as in `$(command -v jq || true)`."""
        if len(body) != 1 or not isinstance(body[0], Simple):
            return False
        return bool(looked_for(self.call(body[0], env.copy())))

    def run(self, call: Call, env: Env) -> Iterator[Step]:
        """What a command does: the shell's own, functions, wrappers, interpreters, programs."""
        name = call.name
        if not name or ASSIGNMENT.match(name):
            return
        if name in self.frame.functions:
            yield from self.function(call, env)
        elif name in self.frame.aliases:
            value = self.frame.aliases[name]
            del self.frame.aliases[name]
            yield from self.run(call.inner((*_split(value), *call.args)), env)
            self.frame.aliases[name] = value
        elif name in BUILTINS and (name not in WRAPPERS or looked_for(call) or not call.args):
            yield from self.builtin(call, env)
        else:
            yield from self.program(call, env)

    def function(self, call: Call, env: Env) -> Iterator[Step]:
        """A function's body, where it is called."""
        frame, name = self.frame, call.name
        frame.called.add(name)
        if name in frame.stack or len(frame.stack) >= DEEPEST:
            return
        frame.stack = (*frame.stack, name)
        inner = Env(env.values, call.args, call.places)
        yield Scope("function", self.statement(frame.functions[name], inner, stdin=call.input))
        frame.stack = frame.stack[:-1]

    def builtin(self, call: Call, env: Env) -> Iterator[Step]:
        name, args = call.name, call.args
        if name in ("exit", "return", "logout"):
            code = args[0] if args else ""
            failed = code not in ("", "0") and UNKNOWN not in code
            yield Leave("function" if name == "return" else "process", failed)
        elif name in (".", "source"):
            yield from self.sourced(call, env)
        elif name == "eval":
            yield from self.evaluated(call, env)
        elif name == "trap" and len(args) >= 2 and args[0] not in ("", "-"):
            yield Later((Scope("process", self.text_steps(args[0], call, env)),))
        elif name == "alias":
            for word in args:
                alias, equals, value = word.partition("=")
                if equals:
                    self.frame.aliases[alias] = value
        elif name in ("read", "mapfile", "readarray", "getopts", "unset", "set", "shift"):
            self.variables(call, env)
        else:
            for wanted in looked_for(call):
                if UNKNOWN not in wanted:
                    yield Use(call.need(Kind.COMMAND, wanted), PROBED)

    def variables(self, call: Call, env: Env) -> None:
        """Builtins that change variables or arguments."""
        name, args = call.name, call.args
        if name == "set":
            env.arguments = args[1:] if args[:1] == ("--",) else env.arguments
        elif name == "shift" and env.arguments is not None:
            count = int(args[0]) if args and args[0].isdecimal() and len(args[0]) < 4 else 1
            env.arguments = env.arguments[count:]
        else:
            env.forget(word for word in args if word.isidentifier())

    def program(self, call: Call, env: Env) -> Iterator[Step]:
        """A program: that it must be there, what it runs in turn, what it does."""
        name = mark(call.name, "which") or call.name
        base = posixpath.basename(name)
        known = replace(call, fields=(base, *call.args)) if UNKNOWN not in base else call
        written = (path for path in (f"{folder}/{name}" for folder in PATH_DIRS) if path in self.frame.written)
        path = name if "/" in name else next(written, "")
        runs = self.file_steps(path, call) if path else None
        if runs is not None:
            yield runs
            return
        effects = list(EFFECTS[base](known)) if base in EFFECTS and base not in ELSEWHERE else []
        if name not in BUILTINS or name in ("time", "coproc"):
            need = replace(call.need(Kind.COMMAND, name), place=call.places.get(call.name, call.place))
            if name not in ("time", "coproc"):
                yield Use(need, call.tolerated or (PROBED if looked_for(known) else ""), installed_by(effects))
        if looked_for(known):
            for wanted in looked_for(known):
                if UNKNOWN not in wanted:
                    yield Use(call.need(Kind.COMMAND, wanted), PROBED)
            return
        yield from self.inside(known, env)
        yield from effects

    def inside(self, call: Call, env: Env) -> Iterator[Step]:
        """What a program runs in turn."""
        yield from self.interpreted(call, env)
        inner = unwrap(call.name, call.args)
        if inner is not None:
            for user in inner.users:
                if not user.startswith("#") and UNKNOWN not in user and not user.isdecimal():
                    yield call.use(Kind.USER, user)
            if inner.script and UNKNOWN not in inner.script:
                yield Scope("process", self.text_steps(inner.script, call, env.copy()))
            elif inner.words:
                yield from self.run_with_path(inner.path, call, self.wrapped(call, inner.words, env))
        for words in find_runs(call.args) if call.name == "find" else ():
            yield from self.run(call.inner(words), env)

    def wrapped(self, call: Call, words: tuple[str, ...], env: Env) -> Iterator[Step]:
        """What a wrapper runs; never a function or builtin of this script, except for the shell's own wrappers."""
        inner = call.inner(words)
        if call.name == "xargs" and call.input.kind == "text" and "\n" not in call.input.text.strip():
            inner = replace(inner, fields=(*words, *call.input.text.split()))
        own = call.name in ("command", "builtin", "exec", "time", "coproc")
        if words[0] in BUILTINS and (
            own or words[0] in ("test", "[", "true", "false", "echo", "printf", "kill", "type")
        ):
            yield from self.builtin(inner, env)
        elif own and call.name in ("time", "coproc"):
            yield from self.run(inner, env)
        else:
            yield from self.program(inner, env)
        if call.name == "exec":
            yield Leave("process", failed=False)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
