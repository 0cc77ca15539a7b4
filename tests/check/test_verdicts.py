"""Verdicts on single needs: what is seen through, what is guarded, what stays unknown."""

from __future__ import annotations

import pytest
from tests.check.measure import corpus_facts

from boatyard.check.check import check
from boatyard.check.facts import Facts, FactsFile, Package
from boatyard.check.finding import Finding, Report, Verdict
from boatyard.check.kind import type_of
from boatyard.check.step import Kind, Source

FACTS = corpus_facts()
HEADER = "#!/bin/bash\n"


def report(text: str, kind: str = "shell", *others: Source) -> Report:
    return check([Source("deploy", text, kind), *others], FACTS)


def told(text: str, kind: str = "shell") -> list[Finding]:
    """The errors and warnings about a text."""
    return [one for one in report(text, kind).findings if one.severity != "note"]


@pytest.mark.parametrize(
    ("script", "command", "verdict"),
    [
        ("curl x", "curl", Verdict.PRESENT),
        ("jq .", "jq", Verdict.INSTALLABLE),
        ("htop", "htop", Verdict.NOWHERE),
        ("sudo -u root -- env A=1 timeout -s KILL 5 jq .", "jq", Verdict.INSTALLABLE),
        ("bash -euxc 'jq .'", "jq", Verdict.INSTALLABLE),
        ("x=$(echo | jq .)", "jq", Verdict.INSTALLABLE),
        ("cat <(jq .)", "jq", Verdict.INSTALLABLE),
        ("echo ${x:-$(jq .)}", "jq", Verdict.INSTALLABLE),
        ("echo $((1 + $(jq .)))", "jq", Verdict.INSTALLABLE),
        ("for i in $(jq .); do :; done", "jq", Verdict.INSTALLABLE),
        ("[ -n \"$(jq -r .x f)\" ]", "jq", Verdict.INSTALLABLE),
        ("> >(jq .) echo x", "jq", Verdict.INSTALLABLE),
        ("xargs -a list -P 4 -I % jq % f", "jq", Verdict.INSTALLABLE),
        ("find . -type f -execdir jq . {} +", "jq", Verdict.INSTALLABLE),
        ("A=j B=q; $A$B .", "jq", Verdict.INSTALLABLE),
        ("X=$(command -v curl); \"$X\" .", "curl", Verdict.PRESENT),
        ("set -- jq .; \"$@\"", "jq", Verdict.INSTALLABLE),
        ("dnf install -y jq; jq .", "jq", Verdict.PRESENT),
        ("dnf install -y $UNKNOWN; jq .", "jq", Verdict.UNKNOWN),
        ("dnf install -y $UNKNOWN; htop", "htop", Verdict.NOWHERE),
        ("curl x | sh; htop", "htop", Verdict.UNKNOWN),
        (". ./lib.sh; htop", "htop", Verdict.UNKNOWN),
        ("rpm -e curl; curl x", "curl", Verdict.INSTALLABLE),
        ("export PATH=$PATH:/usr/local/bin/; htop", "htop", Verdict.NOWHERE),
        ("export PATH=$PATH:/opt/x/bin; htop", "htop", Verdict.UNKNOWN),
        ("cat >/usr/local/bin/hi <<X\n#!/bin/sh\nhtop\nX\nchmod +x /usr/local/bin/hi; hi", "htop", Verdict.NOWHERE),
        ("tar xjf a", "bzip2", Verdict.INSTALLABLE),
        ("tar -C /srv -xf a.tar.bz2", "bzip2", Verdict.INSTALLABLE),
        ("tar xf $DIR/a.tar.bz2", "bzip2", Verdict.INSTALLABLE),
        ("tar -x --bzip2 -f -", "bzip2", Verdict.INSTALLABLE),
        ("tar -caf jobs.tar.xz jobs", "xz", Verdict.PRESENT),
        ("PATH=/opt/x/bin:$PATH htop", "htop", Verdict.UNKNOWN),
        ("PATH=/usr/bin:/bin htop", "htop", Verdict.NOWHERE),
        ("PATH=/opt/x/bin:$PATH true; htop", "htop", Verdict.NOWHERE),
        ("sudo env PATH=/opt/x/bin:$PATH htop", "htop", Verdict.UNKNOWN),
        ("sudo PATH=/opt/x/bin:/bin true; htop", "htop", Verdict.NOWHERE),
        ("f() { htop; }; PATH=/opt/x/bin f", "htop", Verdict.UNKNOWN),
        ("exec {log}>/tmp/log; htop", "htop", Verdict.NOWHERE),
        ("exec 0<&9; htop", "htop", Verdict.NOWHERE),
        ("(. ./vars); htop", "htop", Verdict.NOWHERE),
        ("bash -c '. ./vars'; htop", "htop", Verdict.NOWHERE),
        ("(curl x | sh); htop", "htop", Verdict.UNKNOWN),
        ("curl x | sh; apt-get update", "apt-get", Verdict.NOWHERE),
        ("curl x > /usr/local/bin/htop; htop", "htop", Verdict.PRESENT),
    ],
)  # fmt: skip
def test_verdict(script: str, command: str, verdict: Verdict) -> None:
    assert report(HEADER + script + "\n").commands()[command] is verdict


@pytest.mark.parametrize(
    "script",
    [
        "jq() { cat; }; jq .",
        "command -v jq && jq .",
        "command -v jq || exit 0; jq .",
        "if type jq; then jq .; fi",
        "if ! hash jq; then dnf -y install jq; fi; jq .",
        "if [ -x /usr/bin/jq ]; then /usr/bin/jq .; fi",
        "if [[ -n $(command -v jq) ]]; then jq .; fi",
        "J=$(which jq); if [ -n \"$J\" ]; then $J .; fi",
        "if rpm -q jq; then jq .; fi",
        "jq --version >/dev/null 2>&1 || dnf -y install jq; jq .",
        "have() { type -P \"$1\" >/dev/null; }; if have jq; then jq .; fi",
        "case $(. /etc/os-release; echo \"$ID\") in ubuntu) apt-get update;; esac",
        "[ \"$(lsb_release -is 2>/dev/null || true)\" = Ubuntu ] && apt-get update; :",
        "cat <<'X'\n$(jq)\nX",
        "ssh host jq .",
        "docker() { :; }; docker run x jq .",
        "exit 0; jq .",
        "exec sleep 1; jq .",
    ],
)  # fmt: skip
def test_no_error(script: str) -> None:
    assert [one for one in told(HEADER + script + "\n") if one.severity == "error"] == []


def test_a_need_on_an_unknown_way_is_a_warning() -> None:
    (one,) = told(HEADER + 'if [ "$1" = x ]; then htop; fi\n')
    assert (one.severity, one.rule, one.place.line, one.confidence) == ("warning", "SP002", 2, "medium")


def test_a_tolerated_need_is_a_note() -> None:
    (one,) = report(HEADER + "htop || true\n").findings
    assert (one.severity, one.rule) == ("note", "SP002")
    assert report(HEADER + "htop || true\n").missing_commands() == set()


def test_used_before_install_names_the_line_of_the_installation() -> None:
    (one,) = told(HEADER + "jq .\n\ndnf install -y jq\n")
    assert (one.rule, one.place.line, one.message) == (
        "SP003",
        2,
        "command jq is used here, and only installed in line 4",
    )
    assert one.fix == "move line 4 before line 2"


def test_a_function_counts_where_it_is_called() -> None:
    text = "tools() { dnf -y install jq; }\nuse() { jq .; }\n"
    assert told(text + "tools\nuse\n") == []
    (one,) = told(text + "use\ntools\n")
    assert (one.rule, one.place.line) == ("SP003", 2)


def test_a_wrong_package_manager_is_translated_with_packages_that_exist() -> None:
    (one,) = told("apt-get install -y netcat-openbsd dnsutils python3-dev figlet\n")
    assert (one.rule, one.fix) == (
        "SP004",
        "dnf install -y nmap-ncat bind-utils python3-devel; no repository has figlet",
    )


def test_findings_are_where_the_need_is_written() -> None:
    (one,) = told("dnf install -y \\\n  curl \\\n  figlet \\\n  tar\n")
    assert (one.place.line, one.place.column, one.name) == (3, 3, "figlet")


def test_repeated_needs_are_one_finding_with_their_lines() -> None:
    (one,) = told("htop\nhtop -b\ntrue\nhtop -d 1\n")
    assert (one.place.line, one.also) == (1, (2, 4))


def test_a_script_among_the_files_is_followed_where_it_is_called() -> None:
    library = Source("lib/tools.sh", "tools() {\n  dnf -y install jq\n}\n", "shell")
    caller = Source("setup.sh", ". lib/tools.sh\ntools\njq .\nhtop\n", "shell")
    one = check([caller, library], FACTS)
    assert [(found.place, found.rule) for found in one.files[0].findings if found.severity == "error"] == [
        (one.files[0].findings[-1].place, "SP002")
    ]
    assert one.missing_commands() == {"htop"}
    script = Source("steps/one.sh", "#!/bin/sh\njq .\n", "shell")
    (found,) = check([Source("run.sh", "bash steps/one.sh\n", "shell"), script], FACTS).files[0].findings
    assert (found.place.file, found.place.line, found.rule) == ("steps/one.sh", 2, "SP001")


def test_what_a_boot_would_report_as_not_found() -> None:
    """The value that the boot's own `command not found` is compared with."""
    lines = (
        "command -v tree && tree /", "htop", "jq . || exit 1", "dnf install -y unzip", "unzip -v", "lsof || true",
        "[ $1 ] && tmux",
    )  # fmt: skip
    one = report("\n".join(lines) + "\n")
    assert one.missing_commands() == {"htop", "jq"}
    assert one.commands() == {
        "htop": Verdict.NOWHERE, "jq": Verdict.INSTALLABLE, "dnf": Verdict.PRESENT,
        "unzip": Verdict.PRESENT, "lsof": Verdict.INSTALLABLE,
    }  # fmt: skip


def test_questions_are_errors_only_where_nobody_can_answer() -> None:
    (script,) = told("dnf install nginx\n")
    (config,) = told("#cloud-config\nruncmd:\n  - dnf install nginx\n", "cloud-config")
    assert [(one.rule, one.severity) for one in (script, config)] == [("SP006", "warning"), ("SP006", "error")]


def test_lines_of_embedded_scripts() -> None:
    config = "#cloud-config\nruncmd:\n  - |\n    echo one\n    htop\n  - [sh, -c, tree]\n"
    assert [(one.place.line, one.name) for one in told(config, "cloud-config")] == [(5, "htop"), (6, "tree")]
    docker = "FROM harbour\nRUN echo one \\\n  && htop\nRUN <<X\ntree\nX\n"
    assert [(one.place.line, one.name) for one in told(docker, "dockerfile")] == [(3, "htop"), (5, "tree")]
    playbook = "- hosts: all\n  tasks:\n    - shell: |\n        echo\n        htop\n"
    assert [(one.place.line, one.name) for one in told(playbook, "ansible")] == [(5, "htop")]


def test_a_mime_message_is_checked_part_by_part() -> None:
    text = (
        'Content-Type: multipart/mixed; boundary="=="\nMIME-Version: 1.0\n\n--==\n'
        "Content-Type: text/cloud-config\n\npackages: [figlet]\n--==\n"
        "Content-Type: text/x-shellscript\n\n#!/bin/sh\nhtop\n--==--\n"
    )
    assert [(one.place.line, one.rule, one.name) for one in told(text, "mime")] == [
        (text[: text.index("packages")].count("\n") + 1, "SP005", "figlet"),
        (text[: text.index("htop")].count("\n") + 1, "SP002", "htop"),
    ]


def test_parts_find_what_the_configuration_of_another_part_installs() -> None:
    text = (
        'Content-Type: multipart/mixed; boundary="=="\nMIME-Version: 1.0\n\n--==\n'
        "Content-Type: text/x-shellscript\n\n#!/bin/sh\njq .\nhtop\n--==\n"
        "Content-Type: text/cloud-config\n\npackages: [jq, figlet]\n--==\n"
        "Content-Type: text/cloud-boothook\n\n#cloud-boothook\njq .\n--==--\n"
    )
    assert [(one.rule, one.name) for one in told(text, "mime")] == [
        ("SP002", "htop"),
        ("SP005", "figlet"),
        ("SP001", "jq"),
    ]


@pytest.mark.parametrize(
    ("text", "finding"),
    [("#cloud-config-archive\na: 1\n", "must be a list of parts"), ("#cloud-config-archive\n- [\n", "no YAML")],
)
def test_an_archive_that_is_none(text: str, finding: str) -> None:
    assert [finding in one.message for one in told(text, "mime")] == [True]


@pytest.mark.parametrize("kind", ["cloud-config", "shell"])
def test_bytes_that_cloud_init_cannot_read(kind: str) -> None:
    found = told("#cloud-config\n# f\ufffdr\nhostname: a\n", kind)
    assert [(one.rule, one.severity, str(one.place)) for one in found] == (
        [("SP010", "warning", "deploy:2:4")] if kind == "cloud-config" else [("SP002", "error", "deploy:3:1")]
    )


def test_python_modules() -> None:
    one = report("import json, flask\ntry:\n    import nope\nexcept ImportError:\n    nope = None\n", "python")
    found = {need.need.name: need.verdict for need in one.files[0].needs if need.need.kind is Kind.MODULE}
    assert found == {"json": Verdict.PRESENT, "flask": Verdict.INSTALLABLE, "nope": Verdict.NOWHERE}
    assert [(finding.name, finding.severity) for finding in one.findings] == [("flask", "error"), ("nope", "note")]


def test_an_image_of_another_family() -> None:
    packages = (
        Package("apt", files=("/usr/bin/apt-get",), installed=True),
        Package("jq", files=("/usr/bin/jq",)),
    )
    facts = Facts(FactsFile(packages, image="other"))
    assert facts.manager == "apt"

    def rules(text: str, kind: str = "shell") -> list[str]:
        found = check([Source("deploy", text, kind)], facts).findings
        return [one.rule for one in found if one.severity != "note"]

    assert rules("apt-get install -y jq && jq .\n") == []
    assert rules("apt-get install -y htop\n") == ["SP005"]
    assert rules("apt-get install jq\n") == ["SP006"]
    assert rules("dnf install -y jq\n") == ["SP004"]
    assert rules("#cloud-config\npackages: [jq]\nruncmd: [jq .]\n", "cloud-config") == []
    assert rules("#cloud-config\npackages: [htop]\n", "cloud-config") == ["SP005"]


def test_disks_of_cloud_config() -> None:
    text = "#cloud-config\ndisk_setup:\n  /dev/sdc: {table_type: gpt}\n  /dev/sdd: {table_type: mbr}\n"
    assert [(one.place.line, one.rule, one.name) for one in told(text, "cloud-config")] == [(3, "SP001", "sgdisk")]


@pytest.mark.parametrize(
    "words", ["cf /x/jobs.tar a.tar.bz2", "tf a", "-C /j -xf a.tar --exclude=j.tar.bz2", "-xfj", "xf $A"]
)
def test_tar_that_runs_no_other_program(words: str) -> None:
    assert {one.need.name for one in report(f"tar {words}").files[0].needs if one.need.kind is Kind.COMMAND} == {"tar"}


@pytest.mark.parametrize(
    ("command", "fix"),
    [("docker", ""), ("systemclt", "did you mean 'systemctl'?"), ("make", "dnf install -y make")],
)
def test_only_a_slip_of_a_name_is_taken_for_another(command: str, fix: str) -> None:
    facts = FactsFile(
        image="a",
        manager="dnf",
        packages=(
            Package("base", installed=True, files=("/usr/bin/systemctl", "/usr/sbin/dosfsck", "/usr/bin/mktemp")),
            Package("make", files=("/usr/bin/make",)),
        ),
    )
    (found,) = check([Source("deploy", HEADER + command, "shell")], Facts(facts)).findings
    assert found.fix == fix


def test_places_are_those_of_the_script_as_it_was_written() -> None:
    report = check([Source("deploy", "cp $a/$b.c /x; jq .; echo $a/$b.c é𝄞 $(jq $a/$b.c)", "shell")], FACTS)
    assert [(one.place.line, one.place.column) for one in report.findings] == [(1, 16)]
    assert [one.also for one in report.findings] == [()]
    needs = [one.need for one in report.files[0].needs if one.need.name == "jq"]
    assert [(one.place.line, one.place.column) for one in needs] == [(1, 16), (1, 40)]
    assert [one.text for one in report.findings] == ["jq ."]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("Dockerfile.j2", "FROM {{ base }}", ""),
        ("run.sh.jinja2", "#!/bin/sh\n", ""),
        ("init.j2", "## template: jinja\n#cloud-config\n", "cloud-config"),
        ("user-data.tmpl", "packages: [jq]", "cloud-config"),
        ("init.sh.tpl", "#!/bin/sh\n", "shell"),
        ("init.yaml", "#cloud-config-archive\n- a\n", ""),
    ],
)
def test_what_is_told_by_name_and_content(name: str, text: str, kind: str) -> None:
    assert type_of(name, text) == kind
