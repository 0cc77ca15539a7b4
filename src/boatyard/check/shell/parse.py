"""Parses shell scripts with tree-sitter-bash, for sh too: it goes on after errors. Gives the values of `syntax`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from boatyard.check.shell.syntax import (
    AndOr,
    Assignment,
    Bracket,
    Case,
    Doubt,
    For,
    Function,
    Group,
    If,
    Negated,
    Opaque,
    Pipeline,
    Redirect,
    Redirected,
    Script,
    Simple,
    Statement,
    Statements,
    Substitution,
    Text,
    Variable,
    While,
    Word,
)
from boatyard.check.shell.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tree_sitter import Node

    from boatyard.check.shell.syntax import Part

DEEPEST = 100
EXPANSIONS = {"simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"}
DECLARATIONS = {"declaration_command", "unset_command"}
ESCAPED = re.compile(r"\\(\n|.)", re.DOTALL)
ESCAPED_IN_STRING = re.compile(r'\\([$`"\\\n])')
ANSI_C = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "e": "\x1b", "0": "", "\\": "\\", "'": "'", '"': '"'}


class TooDeepError(Exception):
    """Statements are nested deeper than anybody writes them."""


def parse(text: str) -> Script:
    """The script; whatever cannot be parsed is a `Doubt`. TooDeepError for nesting beyond reason."""
    tree = Tree(text)
    body = _Reader(tree).statements(tree.root.children)
    if tree.root.is_error:
        body = (Doubt(body),)
    return Script(body, tuple(tree.errors()))


class _Reader:
    """Turns nodes of the grammar into values; one method for each kind of statement."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.text = tree.text
        self.depth = 0
        self.kinds: dict[str, Callable[[Any], Statement]] = {
            "command": self.simple,
            "declaration_command": self.simple,
            "unset_command": self.simple,
            "variable_assignment": self.simple,
            "variable_assignments": self.simple,
            "redirected_statement": self.redirected,
            "pipeline": lambda node: Pipeline(self.statements(node.children)),
            "list": self.and_or,
            "negated_command": lambda node: Negated(self.one(node.children[1:])),
            "subshell": lambda node: Group(self.statements(node.children), process=True),
            "compound_statement": self.group,
            "do_group": lambda node: Group(self.statements(node.children)),
            "if_statement": self.choice,
            "while_statement": self.loop,
            "for_statement": self.for_loop,
            "c_style_for_statement": self.c_loop,
            "case_statement": self.case,
            "function_definition": self.function,
            "test_command": self.bracket,
            "ERROR": lambda node: Doubt(self.statements(node.children)),
        }

    def statements(self, nodes: Iterable[Node]) -> Statements:
        return tuple(found for node in nodes if (found := self.statement(node)) is not None)

    def statement(self, node: Node) -> Statement | None:
        kind = self.kinds.get(node.type) if node.is_named else None
        if kind is None:
            return None
        self.depth += 1
        if self.depth > DEEPEST:
            raise TooDeepError
        try:
            return kind(node)
        finally:
            self.depth -= 1

    def one(self, nodes: Iterable[Node]) -> Statement:
        found = self.statements(nodes)
        return found[0] if len(found) == 1 else Group(found)

    def simple(self, node: Node) -> Simple:
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        if node.type == "variable_assignment":
            assignments.append(self.assignment(node))
        elif node.type in DECLARATIONS:
            words.append(self.word(node.children[0]))
        for child in node.children if node.type != "variable_assignment" else ():
            if child.type == "variable_assignment":
                assignments.append(self.assignment(child))
            elif child.type.endswith("_redirect"):
                redirects.append(self.redirect(child))
            elif child.is_named and child.type != "comment":
                words.append(self.word(child.children[0] if child.type == "command_name" else child))
            elif child.type in ("==", "=~", "$"):  # the grammar gives them a meaning that they have in [[ only
                words.append(self.word(child))
        first = next((child for child in node.children if child.type == "command_name"), node)
        return Simple(tuple(words), tuple(assignments), tuple(redirects), self.text(node), *self.tree.place(first))

    def redirected(self, node: Node) -> Statement:
        redirects: list[Redirect] = []
        rest: Callable[[Statement], Statement] | None = None
        for child in node.children_by_field_name("redirect"):
            redirects.append(self.redirect(child))
            if child.type == "heredoc_redirect":
                redirects += [self.redirect(inner) for inner in child.children_by_field_name("redirect")]
                rest = self.after_heredoc(child) or rest
        body = node.child_by_field_name("body")
        inner = self.statement(body) if body is not None else None
        if isinstance(inner, Simple):
            source = self.text(node).split("\n", 1)[0] if rest or redirects else inner.source
            inner = Simple(
                inner.words, inner.assignments, (*inner.redirects, *redirects), source, inner.line, inner.column
            )
        elif inner is None:
            inner = Simple((), (), tuple(redirects), self.text(node), *self.tree.place(node))
        else:
            inner = Redirected(inner, tuple(redirects))
        return rest(inner) if rest else inner

    def after_heredoc(self, node: Node) -> Callable[[Statement], Statement] | None:
        """What the grammar hangs below a here-document: the rest of the pipeline or list that it stands in."""
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        piped = next((child for child in node.children if child.type == "pipeline"), None)
        members = self.statements(piped.children) if piped is not None else ()

        def wrap(body: Statement) -> Statement:
            whole = Pipeline((body, *members)) if members else body
            following = self.statement(right) if right is not None else None
            return AndOr(whole, self.text(operator), following) if following is not None and operator else whole

        return wrap if members or right is not None else None

    def redirect(self, node: Node) -> Redirect:
        operator = next((child.type for child in node.children if not child.is_named), "")
        if node.type == "heredoc_redirect":
            body = next((child for child in node.children if child.type == "heredoc_body"), None)
            start = next((child for child in node.children if child.type == "heredoc_start"), None)
            literal = start is not None and not set("'\"\\").isdisjoint(self.text(start))
            if body is None:
                return Redirect("<<", literal=literal)
            text = self.text(body)
            if operator == "<<-":
                text = re.sub(r"(?m)^\t+", "", text)
            inner = () if literal else self.substitutions(body)
            return Redirect("<<", None, text, body.start_point[0] + 1, literal, inner)
        target = node.child_by_field_name("destination") or next(
            (child for child in node.children if child.is_named and child.type != "file_descriptor"), None
        )
        return Redirect(operator, self.word(target) if target is not None else None)

    def and_or(self, node: Node) -> Statement:
        left, operator, right = node.children[0], node.children[1], node.children[-1]
        return AndOr(self.one([left]), operator.type, self.one([right]))

    def group(self, node: Node) -> Statement:
        if node.children and node.children[0].type == "((":
            return Bracket((Word((Opaque(self.substitutions(node)),), *self.tree.place(node)),))
        return Group(self.statements(node.children))

    def choice(self, node: Node) -> If:
        arms: list[tuple[Statements, Statements]] = []
        condition: list[Node] = []
        body: list[Node] = []
        otherwise: Statements = ()
        then = False
        for child in node.children:
            if child.type == "then":
                then = True
            elif child.type == "elif_clause":
                arms.append(self.elif_arm(child))
            elif child.type == "else_clause":
                otherwise = self.statements(child.children)
            else:
                (body if then else condition).append(child)
        first = (self.statements(condition), self.statements(body))
        return If((first, *arms), otherwise)

    def elif_arm(self, node: Node) -> tuple[Statements, Statements]:
        at = next((index for index, child in enumerate(node.children) if child.type == "then"), len(node.children))
        return self.statements(node.children[:at]), self.statements(node.children[at:])

    def loop(self, node: Node) -> While:
        body = node.child_by_field_name("body")
        conditions = [child for child in node.children_by_field_name("condition") if child.is_named]
        return While(self.statements(conditions), self.statements(body.children if body is not None else ()))

    def for_loop(self, node: Node) -> For:
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        words = None
        if any(child.type == "in" for child in node.children):
            words = tuple(self.word(child) for child in node.children_by_field_name("value"))
        if node.children[0].type == "select":
            words = None
        name = self.text(variable) if variable is not None else ""
        return For(name, words, self.statements(body.children if body is not None else ()))

    def c_loop(self, node: Node) -> For:
        body = node.child_by_field_name("body")
        return For("", None, self.statements(body.children if body is not None else ()))

    def case(self, node: Node) -> Case:
        items = []
        for item in node.children:
            if item.type == "case_item":
                patterns = tuple(self.word(value) for value in item.children_by_field_name("value"))
                items.append((patterns, self.statements(item.children)))
        value = node.child_by_field_name("value")
        return Case(self.word(value if value is not None else node), tuple(items))

    def function(self, node: Node) -> Function:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        return Function(self.text(name) if name is not None else "", self.one([body] if body is not None else []))

    def bracket(self, node: Node) -> Bracket:
        words: list[Word] = []

        def gather(inside: Node) -> None:
            for child in inside.children:
                if child.type in ("unary_expression", "binary_expression", "parenthesized_expression"):
                    self.depth += 1
                    if self.depth > DEEPEST:
                        raise TooDeepError
                    gather(child)
                    self.depth -= 1
                elif child.type not in ("[", "]", "[[", "]]"):
                    words.append(self.word(child))

        gather(node)
        return Bracket(tuple(words))

    def assignment(self, node: Node) -> Assignment:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        appends = any(child.type == "+=" for child in node.children)
        label = self.text(name) if name is not None else ""
        if value is None:
            return Assignment(label, (), appends=appends)
        if value.type == "array":
            words = tuple(self.word(child) for child in value.children if child.is_named and child.type != "comment")
            return Assignment(label, words, array=True, appends=appends)
        return Assignment(label, (self.word(value),), appends=appends)

    def word(self, node: Node) -> Word:
        self.depth += 1
        if self.depth > DEEPEST:
            raise TooDeepError
        parts = tuple(self.parts(node, quoted=False))
        self.depth -= 1
        return Word(parts, *self.tree.place(node))

    def parts(self, node: Node, *, quoted: bool) -> Iterable[Part]:
        if node.type == "concatenation":
            for child in node.children:
                yield from self.parts(child, quoted=False)
        elif node.type in ("string", "translated_string"):
            yield from self.string(node)
        elif node.type == "raw_string":
            yield Text(self.text(node)[1:-1], quoted=True)
        elif node.type == "ansi_c_string":
            yield Text(
                re.sub(r"\\(.)", lambda found: ANSI_C.get(found[1], found[0]), self.text(node)[2:-1]), quoted=True
            )
        elif node.type in EXPANSIONS:
            yield self.expansion(node, quoted=quoted)
        elif node.type == "array":
            yield Opaque(self.substitutions(node))
        elif node.named_child_count and node.type in ("word", "regex", "extglob_pattern", "number", "subscript"):
            yield Text(self.text(node), quoted=True)
        else:
            plain = self.text(node)
            yield Text(ESCAPED.sub(lambda found: "" if found[1] == "\n" else found[1], plain), quoted="\\" in plain)

    def string(self, node: Node) -> Iterable[Part]:
        at = node.children[0].end_byte
        empty = True
        for child in (*node.children[1:-1], node.children[-1]):
            is_end = child is node.children[-1]
            if child.type in EXPANSIONS or is_end:
                gap = self.tree.between(at, child.start_byte)
                if gap:
                    yield Text(ESCAPED_IN_STRING.sub(lambda f: "" if f[1] == "\n" else f[1], gap), quoted=True)
                if not is_end:
                    yield self.expansion(child, quoted=True)
                    empty = False
                empty = empty and not gap
                at = child.end_byte
        if empty:
            yield Text("", quoted=True)

    def expansion(self, node: Node, *, quoted: bool) -> Part:
        source = self.text(node)
        if node.type == "arithmetic_expansion" or (source.startswith("$((") and source.endswith("))")):
            return Opaque(self.substitutions(node)) if node.type == "arithmetic_expansion" else Opaque()
        if node.type in ("command_substitution", "process_substitution"):
            return Substitution(
                self.statements(node.children), self.text(node), process=node.type[0] == "p", quoted=quoted
            )
        if node.type == "simple_expansion":
            return Variable(self.text(node)[1:], quoted=quoted)
        inner = [child for child in node.children if child.type not in ("${", "}")]
        name = next(
            (child for child in inner if child.type.endswith("variable_name") or child.type == "subscript"), None
        )
        if name is None:
            return Opaque(self.substitutions(node))
        label = self.text(name)
        operator = next((self.text(child) for child in inner if not child.is_named), "")
        if label.endswith(("[@]", "[*]")):
            label = label[:-3]
            operator = operator or "[@]"
        elif "[" in label:
            operator = operator or "[]"
        default = None
        if operator in (":-", "-", ":=", "="):
            rest = [child for child in inner if child.start_byte >= name.end_byte and child.is_named]
            default = self.word(rest[0]) if len(rest) == 1 else None
        return Variable(label, operator, default, quoted)

    def substitutions(self, node: Node) -> tuple[Substitution, ...]:
        """The commands that are substituted anywhere below a node."""
        found, waiting = [], list(node.children)
        while waiting:
            child = waiting.pop(0)
            if child.type in ("command_substitution", "process_substitution"):
                found.append(Substitution(self.statements(child.children), self.text(child)))
            else:
                waiting += child.children
        return tuple(found)
