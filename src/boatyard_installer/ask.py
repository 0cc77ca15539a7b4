"""The questions of an attended installation, apart from any terminal: lines go in, answers come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from boatyard_installer.answers import Answers, Disk, Encryption, LayoutChoice, System, User
from boatyard_installer.choice import candidates, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard_installer.probe import FoundDisk, Machine

BACK, QUIT = ("b", "back"), ("q", "quit")
LAYOUTS = ("lvm", "plain", "luks")
LAYOUT_TEXT = """\
How is the disk divided?
  1  LVM: volumes that can grow
  2  plain partitions
  3  LVM, encrypted (a passphrase at every start)"""
MIN_PASSWORD = 8
Values = dict[str, str]


class Back(Exception):
    """Somebody wants to go back before the first question."""


class Quit(Exception):
    """Somebody wants the menu."""


class Question(NamedTuple):
    """`text`: shown before it, `prompt`: on the line that is typed; `default`: what an empty line means, None if it
    means nothing. `check`: the value of a line; ValueError says what is wrong with it. `when`: whether it is asked.
    """

    key: str
    prompt: str
    check: Callable[[str, Values], str]
    text: str = ""
    default: str | None = None
    secret: bool = False
    when: Callable[[Values], bool] = lambda _: True


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What questions depend on. `needed`: bytes that the smallest disk must have; `is_zone`: of time zones;
    `hostname`: what is proposed.
    """

    machine: Machine
    needed: int
    is_zone: Callable[[str], bool]
    hostname: str


class Dialogue:
    """Asks one question after the other. `question` is what is asked now, None when all is answered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._disks = candidates(Disk(wipe=True, removable=True), world.machine, world.needed)
        self._questions = _questions(world, self._disks)
        self._values: Values = {}
        self._asked: list[int] = []
        self._at = self._next(0)

    @property
    def question(self) -> Question | None:
        """What is asked now."""
        return self._questions[self._at] if self._at < len(self._questions) else None

    @property
    def prompt(self) -> str:
        """What is shown on the line to be typed, with the default in brackets."""
        assert self.question is not None
        default = self._default()
        return f"{self.question.prompt} [{default}]: " if default else f"{self.question.prompt}: "

    def take(self, line: str) -> str:
        """A line that was typed; what is wrong with it, empty when it was taken. Quit and Back as they say."""
        question = self.question
        assert question is not None
        word = line if question.secret else line.strip()
        if word.lower() in QUIT:
            raise Quit
        if word.lower() in BACK:
            self.back()
            return ""
        default = self._default()
        if not word and default is not None:
            word = default
        try:
            value = question.check(word, self._values)
        except ValueError as error:
            if question.key.endswith("-again"):
                self.back()
            return f"{error}."
        self._values[question.key] = value
        self._asked.append(self._at)
        self._at = self._next(self._at + 1)
        return ""

    def back(self) -> None:
        """To the question before."""
        if not self._asked:
            raise Back
        self._at = self._asked.pop()

    @property
    def disk(self) -> FoundDisk:
        """The disk that was chosen."""
        return self._disks[int(self._values["disk"]) - 1][0]

    @property
    def machine(self) -> Machine:
        """The machine with that disk alone, so that nothing else can be chosen."""
        return replace(self._world.machine, disks=(self.disk,))

    def answers(self, password_hash: Callable[[str], str]) -> Answers:
        """The answers, once all is answered."""
        values = self._values
        layout = LAYOUTS[int(values["layout"]) - 1]
        password, key = values["password"], values.get("ssh-key", "")
        user = User(
            name=values["user"],
            password_hash=password_hash(password) if password else "",
            ssh_keys=(key,) if key else (),
            sudo="password" if password else "nopasswd",
        )
        return Answers(
            disk=Disk(wipe=True, removable=self.disk.removable),
            layout=LayoutChoice(kind="lvm" if layout == "lvm" else "plain" if layout == "plain" else "luks"),
            encryption=_encryption(values["passphrase"]) if layout == "luks" else None,
            system=System(hostname=values["hostname"], timezone=values["timezone"]),
            users=(user,),
        )

    def _default(self) -> str | None:
        assert self.question is not None
        if self.question.secret:
            return None
        # What was said before is proposed to who comes back.
        return self._values.get(self.question.key) or self.question.default

    def _next(self, at: int) -> int:
        while at < len(self._questions) and not self._questions[at].when(self._values):
            at += 1
        return at


def confirmation(disk: FoundDisk) -> tuple[str, str]:
    """What has to be typed before anything is written, and the question for it."""
    if not disk.signatures:
        return "yes", "Install now? Type yes"
    if disk.serial:
        return disk.serial, f"To overwrite it type its serial number, {disk.serial}"
    return disk.device, f"To overwrite it type its name, {disk.device}"


def _questions(world: World, disks: list[tuple[FoundDisk, str]]) -> tuple[Question, ...]:
    usable = [str(number) for number, (_, reason) in enumerate(disks, 1) if not reason]
    encrypted = _is("layout", "3")
    return (
        Question(
            "disk",
            "Disk",
            lambda line, _: _disk(line, disks),
            text="\n".join(["Which disk shall be overwritten?", *_listed(disks)]),
            default=usable[0] if len(usable) == 1 else None,
        ),
        Question("layout", "Layout", lambda line, _: _one_of(line, "123"), text=LAYOUT_TEXT, default="1"),
        Question(
            "passphrase",
            "Passphrase",
            _passphrase,
            text="Passphrase of the encrypted disk; nothing to have one made up, which is shown at the end.",
            secret=True,
            when=encrypted,
        ),
        Question(
            "passphrase-again",
            "Once more",
            _same("passphrase"),
            secret=True,
            when=lambda values: encrypted(values) and bool(values["passphrase"]),
        ),
        Question("hostname", "Host name", _hostname, default=world.hostname),
        Question("user", "User name", _user),
        Question(
            "password",
            "Password",
            _password,
            text="Password of that user; nothing if only an SSH key shall open the account.",
            secret=True,
        ),
        Question(
            "password-again", "Once more", _same("password"), secret=True, when=lambda values: bool(values["password"])
        ),
        Question("ssh-key", "SSH key", _ssh_key, text="Public SSH key of that user, in one line.", default=""),
        Question("timezone", "Time zone", lambda line, _: _zone(line, world), default="UTC"),
    )


def _listed(disks: list[tuple[FoundDisk, str]]) -> list[str]:
    lines = []
    for number, (disk, reason) in enumerate(disks, 1):
        content = ", ".join(disk.signatures) or "empty"
        lines.append(f"  {'-' if reason else number}  {describe(disk)}")
        lines.append(f"       {f'not this one: {reason}' if reason else content}")
    return lines or ["  (the machine has no disk)"]


def _is(key: str, value: str) -> Callable[[Values], bool]:
    return lambda values: values.get(key) == value


def _same(key: str) -> Callable[[str, Values], str]:
    def check(line: str, values: Values) -> str:
        if line != values[key]:
            raise ValueError("These were two different ones")
        return line

    return check


def _one_of(line: str, choices: str) -> str:
    if len(line) != 1 or line not in choices:
        raise ValueError(f"One of {', '.join(choices)}")
    return line


def _disk(line: str, disks: list[tuple[FoundDisk, str]]) -> str:
    number = int(line) if line.isascii() and line.isdigit() and len(line) < 4 else 0
    if not 1 <= number <= len(disks):
        raise ValueError("Type the number of a disk")
    disk, reason = disks[number - 1]
    if reason:
        raise ValueError(f"{disk.device} cannot be taken: {reason}")
    return str(number)


def _passphrase(line: str, _: Values) -> str:
    return Encryption(passphrase=line).passphrase if line else ""


def _encryption(passphrase: str) -> Encryption:
    return Encryption(passphrase=passphrase) if passphrase else Encryption(source="random")


def _hostname(line: str, _: Values) -> str:
    return System(hostname=line).hostname or _empty()


def _user(line: str, _: Values) -> str:
    return User(name=line).name


def _password(line: str, _: Values) -> str:
    if line and len(line) < MIN_PASSWORD:
        raise ValueError(f"A password has at least {MIN_PASSWORD} characters")
    if not line.isprintable():
        raise ValueError("A password has no control characters")
    return line


def _ssh_key(line: str, values: Values) -> str:
    if not line and not values["password"]:
        raise ValueError("Without a password and without a key nobody could log in")
    return User(name=values["user"], ssh_keys=(line,) if line else ()).ssh_keys[0] if line else ""


def _zone(line: str, world: World) -> str:
    zone = System(timezone=line).timezone
    if not zone or not world.is_zone(zone):
        raise ValueError("There is no such time zone; it is written as in Europe/Berlin")
    return zone


def _empty() -> str:
    raise ValueError("It must not be empty")
