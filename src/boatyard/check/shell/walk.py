"""Scripts as steps: statements in the order in which they run, functions where they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from boatyard.check.shell.call import NO_INPUT, Call, Input
from boatyard.check.shell.command import Commands
from boatyard.check.shell.condition import bracket, case_test
from boatyard.check.shell.expand import Env
from boatyard.check.shell.inside import assigned, functions_in, inner_substitutions
from boatyard.check.shell.parse import TooDeepError, parse
from boatyard.check.shell.syntax import (
    AndOr,
    Bracket,
    Case,
    Doubt,
    For,
    Function,
    Group,
    If,
    Negated,
    Pipeline,
    Redirected,
    Simple,
    Text,
    While,
)
from boatyard.check.step import (
    UNDECIDED,
    UNKNOWN,
    All,
    Choice,
    Cloud,
    Exists,
    Kind,
    Later,
    Leave,
    Make,
    Not,
    Place,
    Scope,
    Some,
    Sources,
    Tell,
    Test,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.check.shell.syntax import Statement, Statements, Word
    from boatyard.check.step import Source, Step, Steps

MOST_STATEMENTS = 10_000
MOST_ROUNDS = 32
# How a function looks, where the grammar has lost its way.
DEFINES = re.compile(r"^[ \t]*(?:function[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*\(\)", re.MULTILINE)


@dataclass
class Budget:
    """How many more statements are followed: calls of functions in functions may multiply without end."""

    statements: int = MOST_STATEMENTS


@dataclass
class Frame:
    """A script that is followed: where its text lies, its functions, and what it shares with the scripts it calls.

    `lines` is added to its line numbers. `written`: texts of scripts that a here-document wrote, with their first line.
    """

    file: str
    lines: int
    sources: Sources
    budget: Budget
    written: dict[str, tuple[str, int]]
    functions: dict[str, Statement] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    stack: tuple[str, ...] = ()

    def place(self, line: int, column: int) -> Place:
        return Place(self.file, line + self.lines, column)


def steps_of(source: Source, sources: Sources) -> Steps:
    """The steps of a file that is a shell script."""
    return script_steps(source.text, source.file, 1, sources=sources)


def script_steps(text: str, file: str, line: int = 1, *, sources: Sources | None = None, frame: Frame | None = None,
                 arguments: tuple[str, ...] | None = None) -> Steps:  # fmt: skip
    """The steps of a script whose first line is `line` of a file; `frame` is that of the script which runs it."""
    if frame is None:
        frame = Frame(file, line - 1, sources or Sources(), Budget(), {})
    else:
        frame = replace(frame, file=file, lines=line - 1, functions={}, called=set(), aliases=dict(frame.aliases))
    return Walk(frame).script(text, Env(arguments=arguments))


class Walk(Commands):
    """Follows one script."""

    def script(self, text: str, env: Env) -> Steps:
        """A whole script, with the functions that nothing in it calls."""
        if self.frame.budget.statements < 0:
            return ()
        try:
            script = parse(text)
        except TooDeepError:
            place = self.frame.place(1, 1)
            return (Tell("SP011", "note", "statements are nested too deep to be followed", place),
                    Cloud("anything", "part of the script was not understood", place))  # fmt: skip
        self.frame.functions |= functions_in(script.body)
        steps = self.statements(script.body, env)
        if script.errors:
            where = self.frame.place(1, 1)
            steps = (*(Make(Kind.COMMAND, name, where) for name in DEFINES.findall(text)), *steps)
        for line, column in script.errors[:3]:
            steps += (Tell("SP011", "note", "the shell's grammar does not fit here", self.frame.place(line, column)),)
        uncalled: list[Step] = []
        for name, body in list(self.frame.functions.items()):
            if name not in self.frame.called:
                uncalled.append(Choice(UNDECIDED, (Scope("function", self.statement(body, Env(dict(env.values)))),)))
        if self.frame.budget.statements < 0:
            place = self.frame.place(1, 1)
            steps += (Tell("SP011", "note", f"only the first {MOST_STATEMENTS} statements were followed", place),)
        return (*steps, *((Later(tuple(uncalled)),) if uncalled else ()))

    def statements(self, body: Statements, env: Env) -> Steps:
        return tuple(step for statement in body for step in self.statement(statement, env))

    def statement(  # noqa: C901, PLR0912 a line or two for each kind
        self, statement: Statement, env: Env, tolerated: str = "", stdin: Input = NO_INPUT
    ) -> Steps:
        """The steps of one statement; `env` is changed as it changes variables."""
        self.frame.budget.statements -= 1
        if self.frame.budget.statements < 0:
            return ()
        match statement:
            case Simple():
                return tuple(self.simple(statement, env, tolerated, stdin))
            case Pipeline():
                return tuple(self.pipeline(statement, env, tolerated))
            case AndOr():
                return self.and_or(statement, env, tolerated)
            case If():
                return self.choice(statement.arms, statement.otherwise, env)
            case Case():
                return self.case(statement, env)
            case For():
                return self.for_loop(statement, env)
            case While():
                env.forget(assigned((*statement.condition, *statement.body)))
                steps, _ = self.condition(statement.condition, env)
                return (*steps, *self.statements(statement.body, env))
            case Group():
                steps = self.group(statement.body, env.copy() if statement.process else env, stdin)
                return (Scope("process", steps),) if statement.process else steps
            case Redirected():
                before = tuple(self.redirects(statement.redirects, env))
                return (*before, *self.statement(statement.body, env, tolerated, self.redirected_input(statement)))
            case Bracket():
                return tuple(self.words(statement.words, env))
            case Negated():
                return self.statement(statement.body, env, "its failure is what is asked for")
            case Function():
                return ()
            case Doubt():
                return (Choice(UNDECIDED, self.statements(statement.body, env)),)

    def group(self, body: Statements, env: Env, stdin: Input) -> Steps:
        return tuple(step for statement in body for step in self.statement(statement, env, stdin=stdin))

    def pipeline(self, pipeline: Pipeline, env: Env, tolerated: str) -> Iterator[Step]:
        stdin = Input()
        for member in pipeline.members:
            yield Scope("process", self.statement(member, env.copy(), tolerated, stdin))
            stdin = self.output(member, env)

    def output(self, member: Statement, env: Env) -> Input:
        """What the next member of a pipeline reads."""
        if not isinstance(member, Simple) or not member.words:
            return Input("program")
        fields = [one for word in member.words for one in env.fields(word)]
        heredoc = next((one for one in member.redirects if one.operator == "<<"), None)
        if fields[:1] == ["yes"]:
            return Input("yes")
        if fields == ["cat"] and heredoc is not None:
            return Input("text", heredoc.text, heredoc.line + self.frame.lines)
        if fields[:1] in (["echo"], ["printf"]):
            text = " ".join(word for word in fields[1:] if word not in ("-e", "-n", "%s\\n", "%s"))
            return Input("text", text.replace("\\n", "\n"), member.line + self.frame.lines)
        return Input("program")

    def and_or(self, statement: AndOr, env: Env, tolerated: str) -> Steps:
        """`a && b` and `a || b` as statements: a plain command is expected to succeed, a question is not."""
        if statement.operator == "&&":
            return self.chain(chained(statement), env, tolerated)
        inner = env.copy()
        otherwise = self.statement(statement.right, inner, tolerated)
        reason = tolerated or ("" if fails(otherwise) else stands_in(statement))
        steps, test, plain = self.ask(statement.left, env, reason)
        if not fails(otherwise):
            env.join([env, inner])
        unclear = plain and not isinstance(test, Exists)
        return (*steps, Choice(UNDECIDED if unclear else test, (), otherwise))

    def chain(self, members: Sequence[Statement], env: Env, tolerated: str) -> Steps:
        """`a && b && c`: what follows a plain command is reached, what follows a question may be."""
        steps: list[Step] = []
        for at, member in enumerate(members[:-1]):
            before = env.copy()
            asked, test, plain = self.ask(member, env, tolerated)
            if not plain:
                inner = env.copy()
                then = self.chain(members[at + 1 :], inner, tolerated)
                env.join([env, inner])
                return (*steps, *asked, Choice(test, then))
            steps += self.statement(member, before, tolerated) if isinstance(test, Exists) else asked
        return (*steps, *self.statement(members[-1], env, tolerated))

    def choice(self, arms: Sequence[tuple[Statements, Statements]], otherwise: Statements, env: Env) -> Steps:
        if not arms:
            return self.statements(otherwise, env)
        (asked, body), rest = arms[0], arms[1:]
        steps, test = self.condition(asked, env)
        left, right = env.copy(), env.copy()
        then = self.statements(body, left)
        other = self.choice(rest, otherwise, right)
        live = [one for one, ended in ((left, leaves(then)), (right, leaves(other))) if not ended]
        env.join(live or [left, right])
        return (*steps, Choice(test, then, other))

    def case(self, statement: Case, env: Env) -> Steps:
        before = tuple(self.words((statement.word,), env))
        value = env.text(statement.word)
        envs: list[Env] = []
        steps: Steps = ()
        for patterns, body in reversed(statement.items):
            inner = env.copy()
            texts = [env.text(pattern) for pattern in patterns]
            then = self.statements(body, inner)
            if not leaves(then):
                envs.append(inner)
            steps = (Choice(case_test(value, texts), then, steps),)
        if not any(env.text(pattern) == "*" for patterns, _ in statement.items for pattern in patterns):
            envs.append(env.copy())
        env.join(envs or [env.copy()])
        return (*before, *steps)

    def for_loop(self, loop: For, env: Env) -> Steps:
        values = None
        before: Steps = ()
        if loop.words is not None:
            before = tuple(self.words(loop.words, env))
            values = [one for word in loop.words for one in env.fields(word)]
        known = values is not None and 0 < len(values) <= MOST_ROUNDS and not any(
            UNKNOWN in value or "*" in value for value in values
        )  # fmt: skip
        if not known or values is None:
            env.forget([*assigned(loop.body), loop.name])
            return (*before, *self.statements(loop.body, env))
        steps: list[Step] = []
        for value in values:
            env.values[loop.name] = (value,)
            steps += self.statements(loop.body, env)
        return (*before, *steps)

    def condition(self, asked: Statements, env: Env) -> tuple[Steps, Test]:
        """What runs to decide, and what decides."""
        if not asked:
            return (), UNDECIDED
        before = self.statements(asked[:-1], env)
        steps, test, _ = self.ask(asked[-1], env)
        return (*before, *steps), test

    def ask(self, statement: Statement, env: Env, tolerated: str = "") -> tuple[Steps, Test, bool]:
        """The steps, the test, and whether it is a plain command, which nobody expects to fail."""
        match statement:
            case Negated():
                steps, test, _ = self.ask(statement.body, env, tolerated)
                return steps, Not(test), False
            case Bracket():
                texts = [env.text(word) for word in statement.words]
                if any(not isinstance(part, Text) and not hasattr(part, "name") and not hasattr(part, "source")
                       for word in statement.words for part in word.parts):  # fmt: skip
                    return tuple(self.words(statement.words, env)), UNDECIDED, False
                place = (
                    self.frame.place(statement.words[0].line, statement.words[0].column) if statement.words else None
                )
                call = Call((), place or self.frame.place(1, 1), one_line("[ " + " ".join(texts).replace(UNKNOWN, "…")))
                return tuple(self.words(statement.words, env, asked=True)), bracket(texts, call), False
            case AndOr():
                return self.ask_both(statement, env, tolerated)
            case Simple():
                return self.ask_command(statement, env, tolerated)
            case Redirected():
                before = tuple(self.redirects(statement.redirects, env))
                steps, test, plain = self.ask(statement.body, env, tolerated)
                return (*before, *steps), test, plain
            case Group() if not statement.process and statement.body:
                steps, test = self.condition(statement.body, env)
                return steps, test, False
            case Group() if statement.body:
                steps, test = self.condition(statement.body, env.copy())
                return (Scope("process", steps),), test, False
            case Pipeline():
                last = statement.members[-1]
                plain = not isinstance(last, Simple) or not self.is_query(last, env)
                return tuple(self.pipeline(statement, env, tolerated)), UNDECIDED, plain
            case _:
                return self.statement(statement, env, tolerated), UNDECIDED, True

    def ask_both(self, statement: AndOr, env: Env, tolerated: str) -> tuple[Steps, Test, bool]:
        if statement.operator == "&&":
            left, first, plain = self.ask(statement.left, env, tolerated)
            right, second, also = self.ask(statement.right, env, tolerated)
            steps = (*left, *right) if plain else (*left, Choice(first, right))
            return steps, All((first, second)), plain and also
        right, second, _ = self.ask(statement.right, env.copy(), tolerated)
        left, first, _ = self.ask(statement.left, env, tolerated or ("" if fails(right) else stands_in(statement)))
        return (*left, Choice(first, (), right)), Some((first, second)), False

    def words(self, words: Sequence[Word], env: Env, *, asked: bool = False) -> Iterator[Step]:
        """What runs while words are expanded. `asked`: in a test, where `$(which jq)` is a question."""
        for part in inner_substitutions(words):
            inner = env.copy()
            if asked or self.is_lookup(part.body, inner):
                steps, _ = self.condition(part.body, inner)
            else:
                steps = self.statements(part.body, inner)
            if steps:
                yield Scope("process", steps)


def chained(statement: Statement) -> list[Statement]:
    """The members of `a && b && c`, which is read as `(a && b) && c`."""
    members: list[Statement] = []
    while isinstance(statement, AndOr) and statement.operator == "&&":
        members.append(statement.right)
        statement = statement.left
    return [statement, *reversed(members)]


def stands_in(statement: AndOr) -> str:
    """Why the left side of `a || b` may fail."""
    right = statement.right
    return f"`|| {one_line(right.source)[:30] if isinstance(right, Simple) else '…'}` stands in for it"


def leaves(steps: Steps) -> bool:
    """Whether steps surely end with leaving."""
    for step in steps:
        if isinstance(step, Leave):
            return True
        if isinstance(step, Choice) and leaves(step.then) and leaves(step.otherwise):
            return True
        if isinstance(step, Scope) and step.kind == "function" and _leaves_process(step.body):
            return True
    return False


def fails(steps: Steps) -> bool:
    """Whether steps surely end with an error."""
    for step in steps:
        if isinstance(step, Leave):
            return step.failed
        if isinstance(step, Choice) and fails(step.then) and fails(step.otherwise):
            return True
        if isinstance(step, Scope) and step.kind == "function" and _leaves_process(step.body):
            return fails(step.body)
    return False


def _leaves_process(steps: Steps) -> bool:
    return any(
        (isinstance(step, Leave) and step.of == "process")
        or (isinstance(step, Scope) and step.kind == "function" and _leaves_process(step.body))
        or (isinstance(step, Choice) and _leaves_process(step.then) and _leaves_process(step.otherwise))
        for step in steps
    )
