"""Answers: what is read, and everything that is wrong told at once with its place."""

from __future__ import annotations

import pytest

from boatyard_boot.layout import Role
from boatyard_installer.answers import Answers, AnswersError, load_answers

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0 ada"
HASH = "$6$saltsalt$" + "a" * 86


def problems(text: str) -> list[str]:
    with pytest.raises(AnswersError) as caught:
        load_answers(text, "a.toml")
    return [f"{problem.line} {problem.key}: {problem.what}" for problem in caught.value.problems]


def test_nothing_said_is_lvm_on_the_only_disk() -> None:
    answers = load_answers("", "a.toml")
    assert answers == Answers()
    assert answers.layout.kind == "lvm"
    assert not answers.disk.wipe


def test_everything() -> None:
    answers = load_answers(
        f"""
schema = 1
[disk]
serial = "S1"
by-id = "virtio-*"
min-size = "10 GiB"
bus = "virtio"
wipe = true
[layout]
kind = "custom"
partitions = [{{ name = "esp", role = "esp", size = "100 MiB" }}, {{ name = "boot", role = "boot", size = "1 GiB" }},
              {{ name = "vg", role = "lvm", encrypt = true }}]
volumes = [{{ name = "root", size = "80%" }}]
filesystems = [{{ on = "esp", type = "vfat", mount = "/boot/efi" }}, {{ on = "boot", type = "xfs", mount = "/boot" }},
               {{ on = "vg/root", type = "xfs", mount = "/" }}]
[encryption]
passphrase = "correct horse"
[system]
hostname = "web01.example.org"
user-data = "user-data"
[[network]]
match = "en*"
addresses = ["192.0.2.1/24"]
[[users]]
name = "ada"
password-hash = "{HASH}"
ssh-keys = ["{KEY}"]
[[scripts]]
content = "true"
timeout-s = 5
[finish]
on-failure = "poweroff"
""",
        "a.toml",
    )
    assert answers.layout.partitions[2].role is Role.LVM
    assert answers.layout.partitions[2].encrypt
    assert answers.user_data == "user-data"
    assert answers.users[0].ssh_keys == (KEY,)
    assert answers.scripts[0].timeout_s == 5
    assert "correct horse" not in repr(answers)
    assert HASH not in repr(answers)


def test_all_that_is_wrong_is_told() -> None:
    assert problems('[disk]\nseriall = "x"\nwipe = "yes"\n\n[[users]]\nname = "Ada"\n[[users]]\ncomment = "x"\n') == [
        "2 disk.seriall: unknown key",
        "3 disk.wipe: expected true or false",
        "5 users[0]: 'Ada' is not a user's name",
        "7 users[1]: the key 'name' is missing",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ", "not valid TOML"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("schema = " + "9" * 5000, "not valid TOML"),
        ("schema = 2", "schema 2"),
        ('[layout]\nkind = "luks"', "go together"),
        ('[encryption]\nsource = "random"', "go together"),
        ('[layout]\nkind = "luks"\n[encryption]\npassphrase = "short"', "fewer than 8"),
        ('[layout]\nkind = "luks"\n[encryption]\npassphrase = "pässwörter"', "printable ASCII"),
        ('[[users]]\nname = "root"', "[root]"),
        ('[[users]]\nname = "a"\npassword-hash = "secret"', "not a hash"),
        ('[[users]]\nname = "a"\nssh-keys = ["ssh-ed25519 AAAA\\nroot"]', "public SSH key"),
        ('[[users]]\nname = "a"\n[[users]]\nname = "a"', "twice"),
        ('[system]\nhostname = "-a"', "host name"),
        ('[system]\ntimezone = "../etc"', "time zone"),
        ('[system]\nuser-data = "../../etc/shadow"', "relative path"),
        ('[[network]]\nmatch = "en*"\naddresses = ["10.0.0.1"]', "prefix length"),
        ('[[network]]\nmatch = "en*\\n[Match]"', "interfaces"),
        ('[layout]\nkind = "custom"', "goes with"),
        ('[kernel]\narguments = ["a b"]', "one argument"),
        ('[packages]\ninstall = ["--nogpgcheck"]', "name of a package"),
        ('[disk]\nmin-size = "big"', "not a size"),
    ],
)
def test_refused(text: str, told: str) -> None:
    (one,) = problems(text)
    assert told in one


def test_a_secret_is_not_in_the_error() -> None:
    assert "hunter2" not in str(problems('[root]\npassword-hash = "hunter2"'))
