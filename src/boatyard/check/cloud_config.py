"""cloud-config: what cloud-init does with it, in the order in which it does it (cloud-init's documentation, "Modules").

bootcmd → write_files → users and groups → … → packages → deferred write_files → runcmd
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.base.yaml_text import (
    Listing,
    Scalar,
    Table,
    YamlError,
    is_true,
    items,
    read_yaml,
    scalars,
    words_on_lines,
)
from boatyard.check.advice import near
from boatyard.check.kind import ARCHIVE
from boatyard.check.shell.call import Call
from boatyard.check.shell.effect import made_file
from boatyard.check.shell.walk import Budget, Frame, script_steps
from boatyard.check.step import (
    ANY_MANAGER,
    SKIPPED,
    UNDECIDED,
    Choice,
    Cloud,
    Install,
    Kind,
    Later,
    Make,
    Need,
    Place,
    Scope,
    Tell,
    Use,
    one_line,
    without_terminal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.base.yaml_text import Node
    from boatyard.check.step import Source, Sources, Step, Steps

# Top-level keys of cloud-init 25 (its schema-cloud-config-v1.json).
_KEYS = """
allow_public_ssh_keys ansible apk_repos apt apt_pipelining apt_reboot_if_required apt_update apt_upgrade
authkey_hash autoinstall bootcmd byobu_by_default ca-certs ca_certs chef chpasswd cloud_config_modules
cloud_final_modules cloud_init_modules create_hostname_file datasource datasource_list debug def_log_file
device_aliases disable_ec2_metadata disable_root disable_root_opts disk_setup drivers fan final_message fqdn
fs_setup groups growpart grub-dpkg grub_dpkg hostname http_proxy https_proxy install_hotplug keyboard landscape
launch-index local-hostname locale locale_configfile log_cfgs lxd manage_etc_hosts manage_resolv_conf
mcollective merge_how merge_type migrate mount_default_fields mounts network no_ssh_fingerprints no_proxy ntp
output package_reboot_if_required package_update package_upgrade packages password phone_home power_state
prefer_fqdn_over_hostname preserve_hostname puppet random_seed reporting resize_rootfs resolv_conf
rh_subscription rpi rsyslog rsyslog_dir run rpm runcmd salt_minion snap spacewalk ssh ssh_authorized_keys
ssh_deletekeys ssh_fp_console_blacklist ssh_genkeytypes ssh_import_id ssh_key_console_blacklist ssh_keys
ssh_publish_hostkeys ssh_pwauth ssh_quiet_keygen swap syslog_fix_perms system_info timezone ubuntu_advantage
ubuntu_pro unverified_modules updates user users vendor_data vendor_data2 version wireguard write_files
yum_repo_dir yum_repos zypper apt_preserve_sources_list ssh_redirect_user emit_keys_to_console snappy
"""
KEYS = frozenset(_KEYS.split())
# What modules need and do not install themselves.
PROGRAMS = {"rh_subscription": "subscription-manager"}
PARTITIONERS = {"gpt": "sgdisk", "mbr": "sfdisk"}
LISTS = ("bootcmd", "runcmd", "packages", "write_files", "users", "mounts", "fs_setup", "ssh_authorized_keys")
APT_ONLY = ("apt", "apt_update", "apt_upgrade", "apt_pipelining", "grub_dpkg", "grub-dpkg", "landscape", "ubuntu_pro",
            "ubuntu_advantage", "byobu_by_default", "snap")  # fmt: skip
USES_NETWORK = {"curl", "wget", "git", "dnf", "yum", "apt-get", "apt", "pip", "pip3", "npm", "az", "aws", "gcloud",
                "ssh",
                "scp", "rsync", "docker", "podman", "snap", "nc", "ping"}  # fmt: skip
JINJA = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}")
HEADER = re.compile(r"^#cloud-config\s*(#.*)?$")
LARGEST_USER_DATA = 65_535


def steps_of(source: Source, sources: Sources) -> Steps:
    """The steps of a file of cloud-config."""
    return tuple(_steps(source, sources))


def _steps(source: Source, sources: Sources) -> Iterator[Step]:
    text, start = source.text, Place(source.file, 1)
    text = text if not source.part else text.replace("## template: jinja", "#", 1)
    lines = text.split("\n")
    jinja = lines[0].startswith("## template: jinja")
    header = lines[1] if jinja and len(lines) > 1 else lines[0]
    if not source.part and not HEADER.match(header.rstrip("\r")):
        yield Tell("SP010", "error", "cloud-init ignores a file that does not begin with #cloud-config", start,
                   "make `#cloud-config` the first line", "#cloud-config", one_line(header))  # fmt: skip
    if len(text.encode("utf-8", "replace")) > LARGEST_USER_DATA:
        yield Tell("SP010", "warning", f"clouds take {LARGEST_USER_DATA} bytes of user data at most", start)
    try:
        root = read_yaml(JINJA.sub(_filler, text) if jinja else text)
    except YamlError as error:
        yield Tell("SP010", "error", f"this is no YAML: {error}", Place(source.file, error.line, error.column))
        return
    if root is None:
        return
    archive = source.part and lines[0].startswith(ARCHIVE)
    if archive or not isinstance(root, Table):
        told = "an archive must be a list of parts" if archive else "cloud-config must be a table of keys"
        yield Tell("SP010", "error", told, Place(source.file, root.line))
        return
    steps = _Config(source.file, root, sources).steps()
    yield from [Choice(UNDECIDED, tuple(steps))] if jinja and "{%" in text else steps


def _filler(found: re.Match[str]) -> str:
    """What stands for a piece of a template: a value, or nothing for a statement; as many lines as it has."""
    return "…" if found[0].startswith("{{") else "\n" * found[0].count("\n")


class _Config:
    """One document of cloud-config."""

    def __init__(self, file: str, root: Table, sources: Sources) -> None:
        self.file = file
        self.root = root
        self.frame = Frame(file, 0, sources, Budget(), {})

    def place(self, node: Node) -> Place:
        return Place(self.file, node.line, node.column)

    def steps(self) -> Iterator[Step]:
        """All keys, in the order in which cloud-init comes to them."""
        yield from self.schema()
        yield from self.commands("bootcmd")
        yield from self.files(deferred=False)
        yield from self.accounts()
        for key, value in self.root.pairs:
            if key.text in PROGRAMS and value.__class__ is not Scalar:
                yield self.use(Kind.COMMAND, PROGRAMS[key.text], key)
            if key.text == "disk_setup" and isinstance(value, Table):
                for _, disk in value.pairs:
                    kind = disk.text("table_type") or "mbr" if isinstance(disk, Table) else ""
                    yield from [self.use(Kind.COMMAND, PARTITIONERS[kind], disk)] if kind in PARTITIONERS else []
            if key.text == "fs_setup":
                yield from self.file_systems(value)
            if key.text == "yum_repos":
                yield Cloud("repository", "yum_repos adds repositories", self.place(key))
        yield from self.packages()
        yield from self.files(deferred=True)
        yield from self.commands("runcmd")
        state = self.root.get("power_state")
        if isinstance(state, Table) and isinstance(state.get("condition"), Scalar):
            yield Later((Scope("process", self.script(state.get("condition"), state.text("condition"))),))

    def use(self, kind: Kind, name: str, node: Node, text: str = "") -> Use:
        return Use(Need(kind, name, self.place(node), one_line(text or name)))

    def schema(self) -> Iterator[Step]:
        """Keys that do not exist, and values of another type: cloud-init warns of the ones and fails on the others."""
        for key, value in self.root.pairs:
            if key.text not in KEYS:
                yield Tell("SP010", "warning", f"cloud-init knows no key {key.text!r}", self.place(key),
                           near(key.text, KEYS), key.text, key.text)  # fmt: skip
            empty = isinstance(value, Scalar) and value.tag == "null"
            if key.text in LISTS and not isinstance(value, Listing) and not empty and key.text != "users":
                yield Tell("SP010", "error", f"{key.text} must be a list", self.place(key),
                           "write `- ` before each entry",
                           key.text, key.text)  # fmt: skip
            if key.text in APT_ONLY and key.text != "snap":
                yield Use(Need(Kind.COMMAND, "apt-get", self.place(key), key.text), SKIPPED)
        for entry in items(self.root.get("write_files")):
            if isinstance(entry, Table) and not entry.text("path"):
                yield Tell("SP010", "error", "an entry of write_files has no path", self.place(entry), name="path",
                           text="write_files")  # fmt: skip
            elif isinstance(entry, Table):
                mode = entry.get("permissions")
                if isinstance(mode, Scalar) and mode.tag == "int" and not mode.text.startswith("0"):
                    yield Tell("SP010", "warning", f"permissions {mode.text} are read as a decimal number",
                               self.place(mode), f"write '0{mode.text}', in quotes", "permissions",
                               "write_files")  # fmt: skip
        for entry in items(self.root.get("users")):
            if isinstance(entry, Table) and not (entry.text("name") or entry.text("snapuser")):
                yield Tell(
                    "SP010", "error", "an entry of users has no name", self.place(entry), name="name", text="users"
                )

    def commands(self, key: str) -> Iterator[Step]:
        """bootcmd and runcmd: one script of all entries; a list is one command with its arguments."""
        entries = self.root.get(key)
        for entry in items(entries) if isinstance(entries, Listing) else ():
            text = self.command_text(entry)
            if text is None:
                yield Tell("SP010", "error", f"an entry of {key} must be a text or a list of texts", self.place(entry),
                           "put quotes around an entry that has `: ` in it", key, key)  # fmt: skip
                continue
            steps = self.script(entry, text)
            if key == "bootcmd":
                yield from self.early(steps, entry)
            yield from steps

    def command_text(self, entry: Node) -> str | None:
        if isinstance(entry, Scalar):
            return entry.text
        if isinstance(entry, Listing) and all(isinstance(item, Scalar) for item in entry.items):
            return words_on_lines([item for item in entry.items if isinstance(item, Scalar)])
        return None

    def script(self, node: Node | None, text: str) -> Steps:
        line = node.first if isinstance(node, Scalar) else node.line if node is not None else 1
        steps = script_steps(text, self.file, line, frame=self.frame)
        return tuple(without_terminal(step) for step in steps)

    def early(self, steps: Steps, entry: Node) -> Iterator[Step]:
        """bootcmd runs on every boot, before the network is said to be up."""
        for step in steps:
            if isinstance(step, Use) and step.need.kind is Kind.COMMAND and step.need.name in USES_NETWORK:
                yield Tell("SP007", "warning", f"{step.need.name} in bootcmd needs the network, on every boot",
                           step.need.place, "move it to runcmd", step.need.name, step.need.text)  # fmt: skip
            elif isinstance(step, Scope):
                yield from self.early(step.body, entry)

    def files(self, *, deferred: bool) -> Iterator[Step]:
        for entry in items(self.root.get("write_files")):
            if not isinstance(entry, Table) or is_true(entry.get("defer")) is not deferred or not entry.text("path"):
                continue
            path, owner = entry.text("path"), entry.text("owner")
            node = entry.get("path") or entry
            user, _, group = owner.partition(":")
            owner_node = entry.get("owner") or node
            for kind, name in ((Kind.USER, user), (Kind.GROUP, group)):
                if name and name not in ("root", "…"):
                    yield self.use(kind, name, owner_node, f"owner: {owner}")
            yield from made_file(path, Call((), self.place(node), f"write_files {path}"))
            content = entry.get("content")
            if isinstance(content, Scalar) and not entry.text("encoding"):
                self.frame.written[path] = (content.text, content.first)

    def accounts(self) -> Iterator[Step]:
        groups = self.root.get("groups")
        for entry in items(groups):
            names = [key for key, _ in entry.pairs] if isinstance(entry, Table) else list(scalars(entry))
            for name in names:
                for one in name.text.split(","):
                    yield Make(Kind.GROUP, one.strip(), self.place(name))
        for entry in items(self.root.get("users")):
            if isinstance(entry, Table) and entry.text("name"):
                yield Make(Kind.USER, entry.text("name"), self.place(entry))
                yield Make(Kind.GROUP, entry.text("name"), self.place(entry))
                yield from self.account(entry)

    def account(self, entry: Table) -> Iterator[Step]:
        for key in ("groups", "primary_group"):
            value = entry.get(key)
            for scalar in scalars(value):
                for name in scalar.text.split(","):
                    if name.strip() and "…" not in name:  # cloud-init makes groups that do not exist
                        yield Make(Kind.GROUP, name.strip(), self.place(scalar))
        shell = entry.get("shell")
        if isinstance(shell, Scalar) and shell.text.startswith("/") and not shell.text.endswith(("/nologin", "/false")):
            yield self.use(Kind.COMMAND, shell.text, shell, f"shell: {shell.text}")
        if entry.text("sudo") and entry.text("sudo").lower() not in ("false", "null"):
            yield self.use(Kind.COMMAND, "sudo", entry.get("sudo") or entry, "sudo")

    def file_systems(self, value: Node) -> Iterator[Step]:
        for entry in items(value):
            if isinstance(entry, Table) and entry.text("filesystem"):
                yield self.use(Kind.COMMAND, f"mkfs.{entry.text('filesystem')}", entry.get("filesystem") or entry)

    def packages(self) -> Iterator[Step]:
        value = self.root.get("packages")
        for entry in items(value) if isinstance(value, Listing) else ():
            if isinstance(entry, Table):
                for key, names in entry.pairs:
                    if key.text not in ("apt", "snap"):
                        yield from (self.package(name) for name in scalars(names))
            elif isinstance(entry, Listing):
                first = next(scalars(entry), None)
                yield from [self.package(first)] if first is not None else []
            else:
                yield self.package(entry)

    def package(self, name: Scalar) -> Install:
        return Install(ANY_MANAGER, (name.text.replace("…", "\0"),), self.place(name), f"packages: {name.text}")
