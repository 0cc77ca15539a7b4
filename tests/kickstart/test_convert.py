"""Kickstarts into answers: golden files, nothing lost without a word, secrets, hostile files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kickstart.golden_files import FOLDER, KICKSTARTS

from boatyard.base.error import ConfigError, NotFoundError
from boatyard.flow.install import convert_kickstart
from boatyard.kickstart import parse
from boatyard.kickstart.convert import RULES
from boatyard_installer.answers import load_answers

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import Answers


def converted(tmp_path: Path, text: str) -> tuple[Answers, list[str]]:
    path = tmp_path / "ks.cfg"
    path.write_text(text)
    toml, notes = convert_kickstart(path)
    return load_answers(toml, "answers.toml"), [f"{note.where.line} {note.what}" for note in notes if note.lost]


@pytest.mark.parametrize("path", KICKSTARTS, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    """`python -m tests.kickstart.golden_files` writes them anew; look at the difference."""
    text, _ = convert_kickstart(path)
    assert text == path.with_suffix(".toml").read_text("utf-8")
    load_answers(text, path.stem)


def test_there_are_enough() -> None:
    assert len(KICKSTARTS) >= 12


def test_passwords_in_plain_text_go_nowhere() -> None:
    text, notes = convert_kickstart(FOLDER / "plaintext.ks")
    assert "Tr0ub4dor" not in text
    assert "Tr0ub4dor" not in repr(notes) + "".join(map(str, notes))
    assert {note.where.line for note in notes if note.lost} >= {1, 2, 3, 4, 5, 6, 7}


def test_statements_do_not_show_their_values() -> None:
    assert "Tr0ub4dor" not in repr(parse.parse(FOLDER / "plaintext.ks"))


def test_every_command_of_pykickstart_is_converted_or_listed(tmp_path: Path) -> None:
    from pykickstart.version import makeVersion

    for command in makeVersion().commands:
        if command not in RULES:
            _, lost = converted(tmp_path, f"{command}\n")
            assert [line.split()[0] for line in lost] == ["1"], command


@pytest.mark.parametrize("command", sorted(RULES))
def test_an_option_that_is_not_known_is_listed(command: str, tmp_path: Path) -> None:
    _, lost = converted(tmp_path, f"#version=DEVEL\n\n{command} --surely-not-known=1\n")
    assert lost, command
    assert all(line.startswith("3 ") for line in lost)


def test_wipe_needs_clearpart_all(tmp_path: Path) -> None:
    assert converted(tmp_path, "clearpart --all\n")[0].disk.wipe
    for line in ("clearpart --linux", "clearpart --none --initlabel", "zerombr", "clearpart --list=sda1", "autopart"):
        assert not converted(tmp_path, f"{line}\n")[0].disk.wipe, line


def test_a_name_like_sda_chooses_no_disk(tmp_path: Path) -> None:
    answers, lost = converted(tmp_path, "ignoredisk --only-use=sda\nautopart\n")
    assert answers.disk.by_id == answers.disk.serial == ""
    assert len(lost) == 1
    assert "'sda'" in lost[0]


def test_two_disks_are_not_one(tmp_path: Path) -> None:
    both = "ignoredisk --only-use=/dev/disk/by-id/a,/dev/disk/by-id/b\n"
    answers, lost = converted(tmp_path, both)
    assert answers.disk.by_id == "a"
    assert len(lost) == 1


@pytest.mark.parametrize("line", ["part / --size=1 --encrypted", "part btrfs.1 --size=9 --encrypted"])
def test_who_asks_for_encryption_gets_it(line: str, tmp_path: Path) -> None:
    answers, lost = converted(tmp_path, f"{line}\n")
    assert answers.layout.kind == "luks"
    assert answers.encryption is not None
    assert lost


def test_passphrase_is_not_in_its_repr(tmp_path: Path) -> None:
    answers, lost = converted(tmp_path, "autopart --encrypted --passphrase=abcdefgh1\n")
    assert not lost
    assert answers.encryption is not None
    assert answers.encryption.passphrase == "abcdefgh1"
    assert "abcdefgh1" not in repr(answers)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('lang en_US\npart "/ --size=1\n', 2),
        ("%post\necho\n", 2),
        ("%nothing\n%end\n", 1),
        ("lang en_US\n%include\n", 2),
        ("text\n" * (parse.MAX_COMMANDS + 1), parse.MAX_COMMANDS + 1),
    ],
)
def test_no_proper_structure(text: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "ks.cfg"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        convert_kickstart(path)
    where = caught.value.problems[0].where
    assert where is not None
    assert abs(where.line - line) <= 1
    assert where.file == path


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#" * (parse.MAX_BYTES + 1)], ids=["no text", "large"])
def test_hostile_bytes(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ks.cfg"
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        convert_kickstart(path)
    with pytest.raises(NotFoundError):
        convert_kickstart(tmp_path / "none.cfg")


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "ks.cfg"
    path.write_text("%include ks.cfg\n%include ks.cfg\n")
    with pytest.raises(ConfigError, match="too many files"):
        convert_kickstart(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.ks", "link.ks", "folder"])
def test_include_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "ks"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.ks").write_text("timezone UTC\n")
    (folder / "link.ks").symlink_to("../outside.ks")
    answers, lost = converted(folder, f"%include {name}\n")
    assert len(lost) == 1
    assert "is no file in the folder" in lost[0]
    assert answers.system.timezone == ""


@pytest.mark.parametrize(
    "line",
    [
        "lang 'a\x1b[31m\x07b'", "keyboard ''", "timezone ''", "timezone 'a b'", "user --name=''", "user --name='\x00'",
        "part '' --size=1", "part / --size=-1", "part / --size=999999999999999999999", "volgroup x", "volgroup '' ''",
        "logvol / --vgname=x --name='' --size=1", "network --ip=x --bootproto=static", "network --device='[x]'",
        "services --enabled=,,", "bootloader --append='a\"b ;c'", "sshkey --username=root ''", "repo --name=''",
        "rootpw --iscrypted ''", "clearpart --drives=,", "autopart --type=none", "network --ipv6=zz --bootproto=dhcp",
        "network --bootproto=static --ip=1.2.3.4 --netmask=x", "user --name=a --uid=99999999999 --groups=,(5),",
    ],
)  # fmt: skip
def test_hostile_lines_never_end_in_a_traceback(line: str, tmp_path: Path) -> None:
    answers, _ = converted(tmp_path, f"{line}\n")
    assert "\x1b" not in str(convert_kickstart(tmp_path / "ks.cfg"))
    assert answers.schema == 1


def test_many_packages_take_no_time(tmp_path: Path) -> None:
    lines = "".join(f"package{number}\n" for number in range(50_000))
    answers, lost = converted(tmp_path, f"%packages\n{lines}%end\n")
    assert len(answers.packages.install) == 50_000
    assert not lost
