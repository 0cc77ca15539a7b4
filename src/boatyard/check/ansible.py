"""Ansible playbooks and files of tasks: what modules need on the machine they work on, by the documentation of each.

Nothing of Ansible is imported.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from boatyard.base.yaml_text import Listing, Scalar, Table, YamlError, is_true, items, read_yaml, scalars
from boatyard.check.ansible_condition import condition
from boatyard.check.shell.call import Call
from boatyard.check.shell.effect import made_file
from boatyard.check.shell.package_manager import pip_packages
from boatyard.check.shell.walk import Budget, Frame, script_steps
from boatyard.check.step import (
    ANY_MANAGER,
    UNDECIDED,
    UNKNOWN,
    All,
    Choice,
    Cloud,
    Fixed,
    HasFile,
    Install,
    Kind,
    Later,
    Make,
    Need,
    Place,
    Remove,
    Scope,
    Tell,
    Use,
    one_line,
    tolerating,
    without_terminal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.base.yaml_text import Node
    from boatyard.check.step import Source, Sources, Step, Steps

PLAY_KEYS = ("pre_tasks", "roles", "tasks", "post_tasks")
_TASK_WORDS = """
name when become become_user become_method register tags vars environment notify loop loop_control until retries
delay ignore_errors failed_when changed_when delegate_to run_once args no_log check_mode any_errors_fatal async
poll listen block rescue always local_action throttle connection remote_user module_defaults collections diff
debugger timeout ignore_unreachable first_available_file
"""
TASK_WORDS = frozenset(_TASK_WORDS.split())
# Modules that need a program on the machine; those that need nothing but Python are not listed.
PROGRAMS = {
    "git": ("git",), "subversion": ("svn",), "hg": ("hg",), "cron": ("crontab",), "at": ("at",),
    "firewalld": ("firewall-cmd",),
    "ufw": ("ufw",), "docker_container": ("docker",), "docker_image": ("docker",), "npm": ("npm",), "gem": ("gem",),
    "make": ("make",), "synchronize": ("rsync",), "parted": ("parted",), "filesystem": ("blkid",), "lvg": ("vgs",),
    "lvol": ("lvs",),
    "modprobe": ("modprobe",), "iptables": ("iptables",), "selinux": (), "seport": (), "timezone": (),
    "snap": ("snap",),
    "apt_key": ("apt-key",), "dpkg_selections": ("dpkg",), "openssl_privatekey": (), "mount": ("mount",),
    "hostname": ("hostname",),
    "patch": ("patch",), "htpasswd": (), "pam_limits": (), "nmcli": ("nmcli",), "composer": ("composer",),
    "sysctl": ("sysctl",),
    "supervisorctl": ("supervisorctl",), "pacman": ("pacman",), "apk": ("apk",), "zypper": ("zypper",),
    "locale_gen": ("locale-gen",),
}  # fmt: skip
MODULES = {"selinux": "selinux", "seport": "selinux", "dnf": "dnf", "docker_container": "requests",
           "mysql_db": "pymysql",
           "postgresql_db": "psycopg2", "postgresql_user": "psycopg2", "firewalld": "firewall"}  # fmt: skip
SHELLS = {"shell", "command", "raw", "script"}
NO_PYTHON = {"raw", "script", "debug", "set_fact", "assert", "fail", "include_vars", "import_tasks", "include_tasks",
             "meta",
             "import_role", "include_role", "import_playbook", "add_host", "group_by", "pause", "include"}  # fmt: skip
TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")


def steps_of(source: Source, sources: Sources) -> Steps:
    """The steps of a playbook, or of a file of tasks."""
    try:
        root = read_yaml(source.text)
    except YamlError as error:
        return (Tell("SP011", "error", f"this is no YAML: {error}", Place(source.file, error.line, error.column)),)
    return tuple(_Playbook(source.file, sources).entries(root, {})) if root is not None else ()


@dataclass
class _Playbook:
    """Follows one file; `open_files`: those, so that none is included within itself."""

    file: str
    sources: Sources
    open_files: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)

    @property
    def frame(self) -> Frame:
        """What scripts in tasks are followed in; each is a shell of its own, and all share what may be followed."""
        return Frame(self.file, 0, self.sources, self.budget, {})

    def place(self, node: Node) -> Place:
        return Place(self.file, node.line, node.column)

    def entries(self, root: Node, known: dict[str, Node]) -> Iterator[Step]:
        for entry in items(root):
            if isinstance(entry, Table) and entry.get("hosts") is not None:
                yield from self.play(entry)
            elif isinstance(entry, Table):
                yield from self.task(entry, known)

    def play(self, play: Table) -> Iterator[Step]:
        hosts = play.text("hosts")
        if hosts in ("localhost", "127.0.0.1") or play.text("connection") == "local":
            yield Tell(
                "SP011", "note", "a play for localhost works on another machine: it was not checked", self.place(play)
            )
            return
        known = dict(_variables(play.get("vars")))
        if is_true(play.get("become")):
            yield self.use(
                Kind.COMMAND, play.text("become_method") or "sudo", play.get("become") or play, "become: true"
            )
        gathers = play.get("gather_facts")
        if gathers is None or is_true(gathers):
            yield self.use(Kind.COMMAND, "python3", play, f"hosts: {hosts}")
        for key in PLAY_KEYS:
            value = play.get(key)
            if key == "roles" and value is not None:
                for role in items(value):
                    yield Cloud("anything", "a role was not given to be checked", self.place(role))
            else:
                for entry in items(value):
                    yield from self.task(entry, known) if isinstance(entry, Table) else ()
        handlers = tuple(
            step for one in items(play.get("handlers")) if isinstance(one, Table) for step in self.task(one, known)
        )
        if handlers:
            yield Later((Choice(UNDECIDED, handlers),))

    def use(self, kind: Kind, name: str, node: Node, text: str, tolerated: str = "") -> Use:
        return Use(Need(kind, name, self.place(node), one_line(text)), tolerated)

    def task(self, task: Table, outer: dict[str, Node]) -> Iterator[Step]:
        """One task, with its conditions."""
        self.budget.statements -= 1
        if (
            self.budget.statements < 0
            or task.text("delegate_to") in ("localhost", "127.0.0.1")
            or task.get("local_action")
        ):
            return
        known = outer | dict(_variables(task.get("vars")))
        steps = tuple(self.body(task, known))
        ignored = is_true(task.get("ignore_errors")) or task.text("failed_when").lower() in ("false", "no")
        if ignored:
            steps = tuple(tolerating(step, "ignore_errors is set") for step in steps)
        test = All(tuple(condition(one.text) for one in scalars(task.get("when")))) if task.get("when") else Fixed(True)
        if task.get("become") and is_true(task.get("become")):
            yield self.use(
                Kind.COMMAND, task.text("become_method") or "sudo", task.get("become") or task, "become: true"
            )
        yield from steps if test == Fixed(True) else [Choice(test, steps)]

    def body(self, task: Table, known: dict[str, Node]) -> Iterator[Step]:
        if task.get("block") is not None:
            rescue = task.get("rescue")
            for entry in items(task.get("block")):
                for step in self.task(entry, known) if isinstance(entry, Table) else ():
                    yield tolerating(step, "rescue handles it") if rescue is not None else step
            for entry in items(rescue):
                yield Choice(UNDECIDED, tuple(self.task(entry, known)) if isinstance(entry, Table) else ())
            for entry in items(task.get("always")):
                yield from self.task(entry, known) if isinstance(entry, Table) else ()
            return
        rounds = self.rounds(task, known)
        for key, value in task.pairs:
            name = key.text.rsplit(".", 1)[-1]
            if key.text in TASK_WORDS or key.text.startswith("with_"):
                continue
            for item in rounds:
                yield from self.module(name, key, value, task, known | item)
            return

    def rounds(self, task: Table, known: dict[str, Node]) -> list[dict[str, Node]]:
        """The values of `item`, one after the other, when they are written in the task."""
        value = task.get("loop") or task.get("with_items") or task.get("with_list")
        if isinstance(value, Scalar):
            found = TEMPLATE.fullmatch(value.text.strip())
            value = known.get(found[1].strip()) if found else None
        if isinstance(value, Listing) and len(value.items) <= 64:
            return [{"item": item} for item in value.items]
        return [{}]

    def module(self, name: str, key: Scalar, value: Node, task: Table, known: dict[str, Node]) -> Iterator[Step]:
        """What one module needs and does."""
        free = value.text if isinstance(value, Scalar) else ""
        table = value if isinstance(value, Table) else _free_form(value) if isinstance(value, Scalar) else None
        text = one_line(f"{name}: {free}" if free else f"{name} {task.text('name')}")
        call = Call((name,), self.place(key), text)
        if name not in NO_PYTHON:
            yield self.use(Kind.COMMAND, "python3", key, name)
        for program in PROGRAMS.get(name, ()):
            yield self.use(Kind.COMMAND, program, key, text)
        if name in MODULES:
            yield self.use(Kind.MODULE, MODULES[name], key, text)
        if name in SHELLS:
            yield from self.shell(name, value, table, known)
        elif name in ("dnf", "dnf5", "yum", "package", "apt", "zypper", "apk", "pacman"):
            yield from self.packages(name, table, key, known)
        elif name in ("service", "systemd", "systemd_service", "sysvinit"):
            yield from self.service(table, key, known)
        elif name in ("user", "group"):
            yield from self.account(name, table, key, known)
        elif name == "pip":
            names = self.texts(table.get("name") if table else None, known)
            yield self.use(Kind.COMMAND, (table.text("executable") if table else "") or "pip3", key, text)
            yield from pip_packages(call, names)
        else:
            yield from self.others(name, key, value, table, call, known)

    def others(
        self, name: str, key: Scalar, value: Node, table: Table | None, call: Call, known: dict[str, Node]
    ) -> Iterator[Step]:
        """Modules that include tasks, add repositories, or change files."""
        if name in ("include_tasks", "import_tasks", "include", "include_role", "import_role", "import_playbook"):
            yield from self.included(name, value, table, key, known)
        elif name in ("yum_repository", "rpm_key", "apt_repository"):
            if name == "apt_repository":
                yield self.use(Kind.COMMAND, "apt-get", key, call.text)
            if name == "yum_repository":
                yield Cloud("repository", "yum_repository adds a repository", self.place(key))
        elif table is not None:
            yield from self.files(name, table, key, call, known)

    def texts(self, node: Node | None, known: dict[str, Node]) -> list[str]:
        """The texts of a value, with variables in place where they are known; else with UNKNOWN in them."""
        found: list[str] = []
        for one in scalars(node):
            whole = TEMPLATE.fullmatch(one.text.strip())
            value = known.get(whole[1].strip()) if whole else None
            if isinstance(value, Listing | Scalar) and value is not node:
                found += [inner.text for inner in scalars(value)]
            else:
                found.append(self.filled(one.text, known))
        return [UNKNOWN if "{{" in text or "{%" in text else text for text in found]

    def filled(self, text: str, known: dict[str, Node]) -> str:
        def value(found: re.Match[str]) -> str:
            node = known.get(found[1].strip())
            return node.text if isinstance(node, Scalar) and "{{" not in node.text else UNKNOWN

        return TEMPLATE.sub(value, text)

    def shell(self, name: str, value: Node, table: Table | None, known: dict[str, Node]) -> Iterator[Step]:
        command: Node | None = value
        if table is not None and isinstance(value, Table):
            command = table.get("cmd") or table.get("_raw_params") or table.get("argv")
        if name == "script":
            return
        if isinstance(command, Listing):
            text, node = shlex.join(self.texts(command, known)), command.items[0] if command.items else command
        elif isinstance(command, Scalar):
            text, node = self.filled(command.text, known), command
        else:
            return
        text = re.sub(r"\{%.*?%\}", "", text).replace(UNKNOWN, "${unknown}")
        line = node.first if isinstance(node, Scalar) else node.line
        if table is not None and isinstance(value, Scalar):  # `command: x creates=/y`
            text = re.sub(r"\s(creates|removes|chdir|executable|warn)=(\"[^\"]*\"|\S+)", "", text)
        steps = script_steps(text, self.file, line, frame=self.frame)
        made = Scope("process", tuple(without_terminal(step) for step in steps))
        creates = table.text("creates") if table is not None else ""
        yield Choice(HasFile(creates), (), (made,)) if creates else made

    def packages(self, module: str, table: Table | None, key: Scalar, known: dict[str, Node]) -> Iterator[Step]:
        names = self.texts(table.get("name") or table.get("pkg"), known) if table is not None else []
        manager = {"package": ANY_MANAGER, "yum": "dnf", "dnf5": "dnf"}.get(module, module)
        if table is not None and table.text("state") in ("absent", "removed"):
            yield Remove(tuple(names))
            return
        split = tuple(one.strip() for name in names for one in name.split(",") if one.strip())
        if module in ("apt", "zypper", "apk", "pacman"):
            program = {"apt": "apt-get"}.get(module, module)
            yield replace(self.use(Kind.COMMAND, program, key, f"{module}: {' '.join(split)}"), packages=split)
        node = (table.get("name") if table is not None else None) or key
        named = [TEMPLATE.fullmatch(one.text.strip()) for one in scalars(node)]
        names_of = [whole[1].strip() for whole in named if whole]
        values = [node, *(known[one] for one in names_of if one in known)]
        single = {one.text: self.place(one) for value in values for one in scalars(value)}
        for name in split:
            yield Install(manager, (name,), single.get(name, self.place(node)), one_line(f"{module}: {name}"))

    def service(self, table: Table | None, key: Scalar, known: dict[str, Node]) -> Iterator[Step]:
        names = self.texts(table.get("name") or table.get("service"), known) if table is not None else []
        for name in names:
            if table is not None and (table.text("state") or table.text("enabled")):
                yield self.use(Kind.SERVICE, name, table.get("name") or key, f"service {name}")

    def account(self, kind: str, table: Table | None, key: Scalar, known: dict[str, Node]) -> Iterator[Step]:
        if table is None or table.text("state") == "absent":
            return
        for name in self.texts(table.get("name"), known):
            groups = (
                [*self.texts(table.get("groups"), known), *self.texts(table.get("group"), known)]
                if kind == "user"
                else []
            )
            for group in (one.strip() for text in groups for one in text.split(",")):
                if group and UNKNOWN not in group:
                    yield self.use(Kind.GROUP, group, table.get("groups") or key, f"user {name} groups {group}")
            if UNKNOWN in name:
                yield Cloud("user", "an account is made whose name is a variable", self.place(key))
                continue
            yield Make(Kind(kind), name, self.place(key))
            yield Make(Kind.GROUP, name, self.place(key))

    def files(self, name: str, table: Table, key: Scalar, call: Call, known: dict[str, Node]) -> Iterator[Step]:
        """Modules that put files somewhere, or change them."""
        for kind, word in ((Kind.USER, "owner"), (Kind.GROUP, "group")):
            for one in self.texts(table.get(word), known):
                if one and UNKNOWN not in one and not one.isdecimal():
                    yield self.use(kind, one, table.get(word) or key, f"{name} {word}: {one}")
        target = next(iter(self.texts(table.get("dest") or table.get("path"), known)), "")
        if name in ("copy", "template", "get_url") and target:
            source = posixpath.basename((table.text("src") or table.text("url")).removesuffix(".j2"))
            if target.endswith("/"):
                target += source or UNKNOWN
            yield from made_file(target, call)
        elif name == "file" and table.text("state") in ("link", "touch", "hard") and target:
            yield from made_file(target, call)
        elif name == "unarchive":
            archive = table.text("src").split("?", 1)[0]
            program = "unzip" if archive.endswith(".zip") else "tar"
            yield self.use(Kind.COMMAND, program, key, call.text)
            if target.rstrip("/") in ("", "/usr", "/usr/local", "/usr/local/bin", "/usr/bin", "/usr/local/sbin"):
                yield Cloud("anything", f"an archive is unpacked into {target}", call.place)
        elif name in ("lineinfile", "replace") and _is_setting(target) and not is_true(table.get("create")):
            yield self.use(Kind.FILE, target, table.get("path") or key, f"{name} {target}")

    def included(
        self, name: str, value: Node, table: Table | None, key: Scalar, known: dict[str, Node]
    ) -> Iterator[Step]:
        path = value.text if isinstance(value, Scalar) else table.text("file") if table is not None else ""
        given = self.sources.find(path, self.file) if path and "role" not in name and "{{" not in path else None
        if given is None or given.file in (*self.open_files, self.file):
            yield Cloud("anything", f"{path or name} was not given to be checked", self.place(key))
            return
        inner = replace(self, file=given.file, open_files=(*self.open_files, self.file))
        try:
            root = read_yaml(given.text)
        except YamlError:
            return
        yield from inner.entries(root, known) if root is not None else ()


def _is_setting(path: str) -> bool:
    return path.startswith(("/etc/", "/usr/")) and UNKNOWN not in path


def _variables(node: Node | None) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Table):
        yield from ((key.text, value) for key, value in node.pairs)


def _free_form(value: Scalar) -> Table | None:
    """`name=nginx state=present` as a table."""
    try:
        words = shlex.split(TEMPLATE.sub(lambda found: "{{" + found[1].replace(" ", "") + "}}", value.text))
    except ValueError:
        return None
    pairs = [word.split("=", 1) for word in words if re.match(r"^\w+=", word)]
    made = [(replace(value, text=key), replace(value, text=text)) for key, text in pairs]
    return Table(tuple(made), value.line, value.column, {key.text: one for key, one in made}) if made else None
