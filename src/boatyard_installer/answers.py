"""The answers: what to install where, in TOML (docs/reference/answers.md).

[disk]
serial = "WD-1234"
wipe = true

[system]
hostname = "web01"

[[users]]
name = "ada"
ssh-keys = ["ssh-ed25519 AAAA..."]
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from boatyard_boot.layout import Filesystem, Layout, Partition, Volume
from boatyard_boot.size import parse_size
from boatyard_installer.decode import Told, decode
from boatyard_installer.error import InstallError
from boatyard_installer.locate import Key, line_of

SCHEMA = 1
MAX_BYTES = 1 << 20
# RFC 1123; a whole name of at most 64 bytes (sethostname(2)).
HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}))*")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")  # useradd(8)
# crypt(5): yescrypt, bcrypt, SHA-512, SHA-256. Older ones are guessed in hours.
HASH = re.compile(r"\$(y|gy|2b|6|5)\$[A-Za-z0-9./$=,]{20,200}")
SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
    r" [A-Za-z0-9+/]{40,}={0,3}( [^\x00-\x1f\x7f]*)?"
)
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+:/-]*")
LOCALE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
PACKAGE = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_.+:@~^-]*")
UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]*")
ARGUMENT = re.compile(r"[A-Za-z0-9_.,:=/%+@-]+")
INTERFACE = re.compile(r"[A-Za-z0-9*?_.-]{1,15}")
MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
URL = re.compile(r"(https?|file)://[A-Za-z0-9\[\]_.~:/?#@!$&'()*+,;=%-]+")
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*(/[A-Za-z0-9][A-Za-z0-9_.+-]*)*")
Bus = Literal["virtio", "nvme", "scsi", "sata", "usb", "mmc", "hyperv", "xen"]


def _match(pattern: re.Pattern[str], text: str, what: str) -> None:
    if text and not pattern.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Which disk: all that is given must match, and exactly one disk may. `by_id`: a name in /dev/disk/by-id, may
    have `*` and `?`. Nothing given: the only disk that is not removable and not the medium.

    `wipe`: a disk that holds partitions or signatures of anything may be overwritten.
    """

    serial: str = ""
    by_id: str = ""
    min_size: str = ""
    max_size: str = ""
    bus: Bus | None = None
    removable: bool = False
    wipe: bool = False

    def __post_init__(self) -> None:
        for text in filter(None, (self.min_size, self.max_size)):
            parse_size(text)
        _match(re.compile(r"[!-~]+( [!-~]+)*"), self.serial, "a serial number: printable ASCII")
        _match(re.compile(r"[A-Za-z0-9_.:+#*?@-]+"), self.by_id, "a name in /dev/disk/by-id; leave the folder out")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutChoice:
    """`kind`: lvm, plain or luks (LVM in a LUKS2 container), with `filesystem` for the root and `swap` (a size, empty
    for none); or custom, with `partitions`, `volumes` and `filesystems` as images have them."""

    kind: Literal["lvm", "plain", "luks", "custom"] = "lvm"
    filesystem: Literal["ext4", "xfs"] = "ext4"
    swap: str = ""
    partitions: tuple[Partition, ...] = ()
    volumes: tuple[Volume, ...] = ()
    filesystems: tuple[Filesystem, ...] = ()

    def __post_init__(self) -> None:
        own = self.partitions or self.volumes or self.filesystems
        if (self.kind == "custom") != bool(own):
            raise ValueError('`kind = "custom"` goes with partitions and filesystems, and only that')
        if self.swap:
            if self.kind == "custom":
                raise ValueError("a custom layout has its swap among its filesystems")
            parse_size(self.swap)
        if own:
            Layout(partitions=self.partitions, volumes=self.volumes, filesystems=self.filesystems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """Of the partitions with `encrypt`: `passphrase` in the answers, `prompt`: asked at the console,
    `random`: made up, and shown once at the end as the recovery key."""

    passphrase: str = field(default="", repr=False)
    source: Literal["answers", "prompt", "random"] = "answers"

    def __post_init__(self) -> None:
        if (self.source == "answers") != bool(self.passphrase):
            raise ValueError('give either `passphrase` or `source = "prompt"` or `source = "random"`')
        if self.passphrase and len(self.passphrase) < 8:
            raise ValueError("the passphrase has fewer than 8 characters")
        # What nobody can type at the prompt of the initrd would lock its owner out.
        if not all(" " <= char <= "~" for char in self.passphrase):
            raise ValueError("the passphrase has characters besides printable ASCII, which not every console can type")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Names and places. `user_data`: cloud-init's, a file beside the answers or text that begins with #."""

    hostname: str = ""
    locale: str = ""
    keymap: str = ""
    timezone: str = ""
    user_data: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _match(HOSTNAME, self.hostname, "a host name (RFC 1123)")
        if len(self.hostname) > 64:
            raise ValueError("the host name has more than 64 characters")
        _match(LOCALE, self.locale, "a locale, as in C.UTF-8")
        _match(LOCALE, self.keymap, "a keymap, as in us or de-nodeadkeys")
        _match(ZONE, self.timezone, "a time zone, as in Europe/Berlin")
        if not self.user_data.startswith("#"):
            _match(PATH, self.user_data, "user-data: a relative path, or text that begins with #cloud-config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One systemd-networkd file. `match`: a name of interfaces, may have * and ?, or `mac`."""

    match: str = ""
    mac: str = ""
    dhcp: bool = True
    addresses: tuple[str, ...] = ()
    gateway: str = ""
    dns: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        import ipaddress

        if bool(self.match) == bool(self.mac):
            raise ValueError("give either `match` or `mac`")
        _match(INTERFACE, self.match, "a name of interfaces, as in en*")
        _match(MAC, self.mac, "a MAC address in lower case, as in 52:54:00:12:34:56")
        for address in self.addresses:
            if "/" not in address:
                raise ValueError(f"{address!r} has no prefix length, as in 192.0.2.10/24")
            ipaddress.ip_interface(address)
        for server in filter(None, (self.gateway, *self.dns)):
            ipaddress.ip_address(server)
        for domain in self.domains:
            _match(HOSTNAME, domain, "a domain")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `password_hash`: of crypt(5); without one no password opens it.

    `sudo`: not at all, with the user's password, or without one.
    """

    name: str
    comment: str = ""
    groups: tuple[str, ...] = ()
    shell: str = "/bin/bash"
    uid: int = 0
    password_hash: str = field(default="", repr=False)
    ssh_keys: tuple[str, ...] = ()
    sudo: Literal["none", "password", "nopasswd"] = "none"

    def __post_init__(self) -> None:
        if not USER.fullmatch(self.name):
            raise ValueError(f"{self.name[:80]!r} is not a user's name")
        if self.name == "root":
            raise ValueError("root has a table of its own, [root]")
        if self.uid and not 1000 <= self.uid <= 60000:
            raise ValueError("uid is between 1000 and 60000")
        for group in self.groups:
            _match(USER, group, "a group's name")
        _match(re.compile(r"[^:\x00-\x1f\x7f]*"), self.comment, "a comment: no colon, no control characters")
        _match(re.compile(r"(/[A-Za-z0-9_.+-]+)+"), self.shell, "a shell's path")
        check_login(self.password_hash, self.ssh_keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The account root, which is locked unless `password_hash` says otherwise."""

    password_hash: str = field(default="", repr=False)
    ssh_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_login(self.password_hash, self.ssh_keys)


def check_login(password_hash: str, ssh_keys: tuple[str, ...]) -> None:
    """ValueError, without the secret, for what is no hash or no key."""
    if password_hash and not HASH.fullmatch(password_hash):
        raise ValueError("password-hash is not a hash of crypt(5); `mkpasswd` or `openssl passwd -6` makes one")
    for key in ssh_keys:
        _match(SSH_KEY, key, "a public SSH key in one line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One more dnf repository of the installed system. `key`: its armoured public key; packages are always checked.

    `use`: packages may come from it during the installation, which needs network.
    """

    id: str
    url: str
    key: str
    name: str = ""
    use: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", self.id):
            raise ValueError(f"{self.id[:80]!r} is not a repository's id")
        if not URL.fullmatch(self.url):
            raise ValueError(f"{self.url[:80]!r} is not an address of http, https or file")
        if not self.key.lstrip().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----"):
            raise ValueError("`key` is not an armoured public key")
        _match(re.compile(r"[^\x00-\x1f\x7f]*"), self.name, "a name in one line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Packages besides those of the image, from the medium's repository (and repositories with `use`)."""

    install: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for package in self.install:
            if not PACKAGE.fullmatch(package):
                raise ValueError(f"{package[:80]!r} is not the name of a package")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Runs at the end inside the new system, without network, devices of the machine or its other disks."""

    content: str = field(repr=False)
    name: str = "script"
    interpreter: str = "/bin/sh"
    timeout_s: int = 600

    def __post_init__(self) -> None:
        _match(re.compile(r"[A-Za-z0-9_. -]{1,60}"), self.name, "a name")
        _match(re.compile(r"(/[A-Za-z0-9_.+-]+)+"), self.interpreter, "an interpreter's path")
        if not 1 <= self.timeout_s <= 86400:
            raise ValueError("timeout-s is between 1 and 86400")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """systemd units to be enabled or disabled."""

    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for unit in (*self.enable, *self.disable):
            if not UNIT.fullmatch(unit):
                raise ValueError(f"{unit[:80]!r} is not a unit's name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """More arguments of the kernel command line."""

    arguments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for argument in self.arguments:
            if not ARGUMENT.fullmatch(argument):
                raise ValueError(f"{argument[:80]!r} is not one argument of the kernel command line")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """sshd of the installed system."""

    password_login: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What happens then. `eject`: the medium, if it is a CD."""

    action: Literal["reboot", "poweroff", "halt"] = "reboot"
    on_failure: Literal["halt", "poweroff", "reboot"] = "halt"
    eject: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All answers; what is left out has its default."""

    schema: int = SCHEMA
    disk: Disk = Disk()
    layout: LayoutChoice = LayoutChoice()
    encryption: Encryption | None = None
    system: System = System()
    network: tuple[Link, ...] = ()
    root: Root = Root()
    users: tuple[User, ...] = ()
    ssh: Ssh = Ssh()
    packages: Packages = Packages()
    repositories: tuple[Repository, ...] = ()
    services: Services = Services()
    scripts: tuple[Script, ...] = ()
    kernel: Kernel = Kernel()
    finish: Finish = Finish()

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(f"schema {self.schema} is not known to this installer; it reads {SCHEMA}")
        for names, what in (
            ([user.name for user in self.users], "user"),
            ([r.id for r in self.repositories], "repository"),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"the {what} {twice[0]!r} is there twice")
        encrypted = self.layout.kind == "luks" or any(partition.encrypt for partition in self.layout.partitions)
        if encrypted != (self.encryption is not None):
            raise ValueError("an encrypted layout and the table [encryption] go together")

    @property
    def user_data(self) -> str:
        """The path of the user-data file beside the answers; empty when there is none or it is in the answers."""
        text = self.system.user_data
        return "" if text.startswith("#") else text


class AnswersProblem(NamedTuple):
    """One thing that is wrong: in which file, line (0: unknown) and key, and how to mend it."""

    file: str
    line: int
    key: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.what}\n  --> {place} {self.key}".rstrip() + (f"\n  hint: {self.hint}" if self.hint else "")


class AnswersError(InstallError):
    """The answers are wrong; `problems` has everything that is."""

    exit_code = 2

    def __init__(self, problems: tuple[AnswersProblem, ...]) -> None:
        super().__init__(problems[0].what, detail="\n".join(map(str, problems)))
        self.problems = problems


def load_answers(text: str, name: str) -> Answers:
    """The answers in TOML text; `name`: the file's, for errors. AnswersError has everything that is wrong."""
    if len(text) > MAX_BYTES:
        raise AnswersError((AnswersProblem(name, 0, "", f"answers have at most {MAX_BYTES >> 20} MiB"),))
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise AnswersError((AnswersProblem(name, 0, "", "nested too deeply"),)) from None
    except ValueError as error:  # also for a number of thousands of digits
        found = re.search(r"line (\d+)", str(error))
        problem = AnswersProblem(name, int(found[1]) if found else 0, "", f"not valid TOML: {error}")
        raise AnswersError((problem,)) from None
    told: list[Told] = []
    answers = decode(Answers, table, (), told)
    if told:
        raise AnswersError(tuple(_problem(text, name, *one) for one in told))
    assert isinstance(answers, Answers)
    return answers


def _problem(text: str, name: str, key: Key, what: str, hint: str) -> AnswersProblem:
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")
    return AnswersProblem(name, line_of(text, key), dotted, what, hint)
