"""Hostile and broken files: each is told of as far as it is understood, none brings the checker down."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.check.measure import corpus_facts, snippets

from boatyard.check.check import check
from boatyard.check.report_junit import to_junit
from boatyard.check.report_sarif import to_sarif
from boatyard.check.report_text import to_text
from boatyard.check.step import Source

FACTS = corpus_facts()
LAUGHS = "#cloud-config\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
HOSTILE = {
    "open brackets": ("shell", "(" * 100_000),
    "nested subshells": ("shell", "( " * 3_000 + "x" + " )" * 3_000),
    "open substitutions": ("shell", "$(" * 50_000),
    "open quotes": ("shell", '"' * 20_001),
    "backticks": ("shell", "`" * 20_001),
    "nested ifs": ("shell", "if a; then\n" * 2_000 + "b\n" + "fi\n" * 2_000),
    "functions that multiply": ("shell", "\n".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }}" for i in range(60)) + "\nf0\n"),
    "a function that calls itself": ("shell", "f() { f; f; }; f\n"),
    "a script that runs itself": ("shell", "cat > /tmp/x <<'E'\n/tmp/x\nE\n/tmp/x\n. /tmp/x\n"),
    "a file that sources itself": ("shell", ". ./deploy\nbash deploy\n"),
    "an alias of itself": ("shell", "alias a='a b'\na\n"),
    "loops in loops": ("shell", "for a in 1 2 3 4 5 6 7 8; do " * 8 + "x; " + "done; " * 8),
    "braces that multiply": ("shell", "echo " + "{a,b}" * 40 + "\n"),
    "empty lines after an error": ("shell", "if (\n" + "\n" * 300_000),
    "unended here-documents": ("shell", "cat <<EOF\n" * 5_000),
    "characters outside of the first plane": ("shell", "({\U00041063\n{\U00031860; echo \U0001f600 {\n"),
    "commands without words": ("shell", "unzip\ntar\nbsdtar\ncpio\ncurl\nwget\ndnf\n"),
    "a long name": ("shell", "dnf install -y " + "1." * 100_000 + "-dev\n"),
    "zero bytes that are marks": ("shell", "x='\ufffdwhich:jq\ufffd'; $x\n"),
    "open templates": ("cloud-config", "## template: jinja\n#cloud-config\n" + "{{" * 100_000),
    "a billion laughs": ("cloud-config", LAUGHS),
    "deep YAML": ("cloud-config", "#cloud-config\nruncmd: " + "[" * 50_000),
    "an alias within itself": ("cloud-config", "#cloud-config\na: &a [*a]\n"),
    "a key that is a list": ("cloud-config", "#cloud-config\n? [a]\n: b\n"),
    "values of every wrong type": (
        "cloud-config",
        """#cloud-config
write_files: [1, [2], {path: [3]}]
users: {a: 1}
runcmd: [{a: b}, [[1]], null, 1]
packages: [[[]], {a: {b: c}}]
groups: [1, {2: 3}]
fs_setup: x
yum_repos: 1
bootcmd: {}
power_state: []
""",
    ),
    "many instructions": ("dockerfile", "FROM harbour\n" + "RUN x\n" * 30_000),
    "a line that never ends": ("dockerfile", "FROM harbour\nRUN " + "\\\n" * 50_000),
    "unended documents": ("dockerfile", "FROM harbour\n" + "RUN <<A <<B\n" * 2_000),
    "instructions without anything": ("dockerfile", "FROM\nRUN\nCOPY\nADD\nUSER\nSHELL []\nENV\nHEALTHCHECK CMD\n\\\n"),
    "open JSON": ("dockerfile", "FROM harbour\nRUN " + "[" * 50_000 + "\n"),
    "tasks of every wrong type": (
        "ansible",
        """- hosts: [a]
  tasks: [1, [2], {shell: {a: b}}, {dnf: [x]}, {block: 1}, {service: }, {copy: }, {user: {name: [1]}}]
  roles: {a: b}
  handlers: 1
  vars: [1]
- 1
- {import_tasks: deploy}
""",
    ),
    "a template of spaces": ("ansible", '- shell: "{{' + " " * 100_000 + '"\n'),
    "deep Python": ("python", "not " * 100_000 + "1"),
    "long chains": ("python", "a" + ".b" * 100_000),
    "zero bytes": ("python", "import a\0b"),
    "many suppressions": ("shell", "# boatyard: disable=SP001 x\n" * 5_000),
    "many parts": (
        "mime",
        'Content-Type: multipart/mixed; boundary="x"\n\n' + "--x\nContent-Type: text/x-shellscript\n\na\n" * 2_000,
    ),
    "no parts": ("mime", "Content-Type: multipart/mixed\n\nx"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_told_of(name: str) -> None:
    kind, text = HOSTILE[name]
    report = check([Source("deploy", text, kind)], FACTS)
    assert len(report.files) == 1
    for to in (to_text, to_sarif, to_junit):
        assert to(report)


def test_what_was_not_followed_is_said() -> None:
    for name in ("functions that multiply", "nested ifs", "deep Python", "open brackets"):
        kind, text = HOSTILE[name]
        findings = check([Source("deploy", text, kind)], FACTS).findings
        assert "SP011" in {one.rule for one in findings}, name


TYPES = ("shell", "cloud-config", "dockerfile", "ansible", "python")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TYPES), st.text(max_size=400))
def test_any_text(kind: str, text: str) -> None:
    check([Source("deploy", text, kind)], FACTS)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(snippets()), st.data())
def test_files_with_parts_cut_out(snippet: object, data: st.DataObject) -> None:
    text: str = snippet.text  # type: ignore[attr-defined]
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    check([Source("deploy", text[:first] + text[last:], snippet.type)], FACTS)  # type: ignore[attr-defined]
