"""Settings in a small root: contents, modes, owners, and that no link leads out of it."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

import pytest

from boatyard_installer.answers import Answers, Link, Repository, Root, Services, Ssh, System, User, load_answers
from boatyard_installer.error import StepError
from boatyard_installer.run import HostRun
from boatyard_installer.settings import check, write_settings
from boatyard_installer.settings.accounts import sudoers, write_accounts
from boatyard_installer.settings.cloud import KEEP_DOMAIN, SEED, meta_data, write_cloud
from boatyard_installer.settings.files import put_file, put_folder
from boatyard_installer.settings.identity import renew_identity, write_identity
from boatyard_installer.settings.network import network_file
from boatyard_installer.settings.packages import write_repositories
from boatyard_installer.settings.services import has_unit, switch_services
from boatyard_installer.settings.ssh import sshd_config

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set by root")
HASH = "$6$saltsalt$" + "a" * 86
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0 ada"
PGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF==\n-----END PGP PUBLIC KEY BLOCK-----\n"
ADA = User(name="ada", groups=("wheel", "users"), password_hash=HASH, ssh_keys=(KEY,), sudo="nopasswd")
BOB = User(name="bob", uid=1001, comment="Bob", sudo="password")


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o7777


@as_root
def test_identity(root: Path) -> None:
    write_identity(root, System(hostname="web01", locale="de_DE.UTF-8", keymap="de", timezone="Europe/Berlin"))
    assert (root / "etc/hostname").read_text() == "web01\n"
    assert (root / "etc/locale.conf").read_text() == "LANG=de_DE.UTF-8\n"
    assert (root / "etc/vconsole.conf").read_text() == "KEYMAP=de\n"
    assert str((root / "etc/localtime").readlink()) == "../usr/share/zoneinfo/Europe/Berlin"
    assert mode(root / "etc/hostname") == 0o644


@as_root
def test_the_kernels_keymap_needs_no_file(root: Path) -> None:
    write_identity(root, System(keymap="us"))
    assert (root / "etc/vconsole.conf").read_text() == "KEYMAP=@kernel\n"
    assert not (root / "etc/hostname").exists()


@as_root
def test_nothing_is_shared_with_another_machine(root: Path) -> None:
    ids = set()
    for _ in range(2):
        renew_identity(root)
        ids.add((root / "etc/machine-id").read_text())
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{12}4[0-9a-f]{19}\n", one) for one in ids), "not as machine-id(5) has it"
    assert mode(root / "etc/machine-id") == 0o444
    assert not (root / "etc/ssh/ssh_host_rsa_key").exists()
    assert not (root / "var/lib/systemd/random-seed").exists()


@as_root
def test_accounts(root: Path) -> None:
    write_accounts(root, Root(), (ADA, BOB))
    passwd, shadow, group, gshadow = (
        (root / "etc" / name).read_text().splitlines() for name in ("passwd", "shadow", "group", "gshadow")
    )
    # 1000 is a group's, 1001 is bob's by request: ada, who comes first, has the next.
    assert passwd[2:] == ["ada:x:1002:1002::/home/ada:/bin/bash", "bob:x:1001:1001:Bob:/home/bob:/bin/bash"]
    assert shadow == [
        "root:*:20454:0:99999:7:::",
        "daemon:*:20454:0:99999:7:::",
        f"ada:{HASH}::0:99999:7:::",
        "bob:*::0:99999:7:::",
    ]
    assert group == [
        "root:x:0:",
        "wheel:x:10:ada",
        "users:x:100:bob,ada",
        "taken:x:1000:",
        "ada:x:1002:",
        "bob:x:1001:",
    ]
    assert gshadow[1:3] == ["wheel:*::ada", "users:*::bob,ada"]
    assert mode(root / "etc/shadow") == 0o640


@as_root
def test_homes(root: Path) -> None:
    write_accounts(root, Root(ssh_keys=(KEY,)), (ADA, BOB))
    modes = {"": 0o700, ".ssh": 0o700, ".ssh/authorized_keys": 0o600, ".profile": 0o644}
    for name, wanted in modes.items():
        path = root / "home/ada" / name
        assert (mode(path), path.stat().st_uid, path.stat().st_gid) == (wanted, 1002, 1002), name
    assert (root / "home/ada/.ssh/authorized_keys").read_text() == f"{KEY}\n"
    assert not (root / "home/bob/.ssh").exists()
    assert (root / "root/.ssh/authorized_keys").stat().st_uid == 0


@as_root
def test_sudo_and_roots_password(root: Path) -> None:
    write_accounts(root, Root(password_hash=HASH), (ADA,))
    rule = root / "etc/sudoers.d/90-boatyard-ada"
    assert (rule.read_text(), mode(rule)) == ("ada ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
    assert sudoers(BOB) == "bob ALL=(ALL:ALL) ALL\n"
    assert (root / "etc/shadow").read_text().startswith(f"root:{HASH}:20454:")


@as_root
@pytest.mark.parametrize(
    ("user", "words"),
    [
        (User(name="daemon"), "already"),
        (User(name="taken"), "already"),
        (User(name="ada", groups=("docker",)), "no group 'docker'"),
        (User(name="ada", uid=1000), "is taken"),
    ],
)
def test_accounts_that_cannot_be(root: Path, user: User, words: str) -> None:
    before = (root / "etc/passwd").read_text()
    with pytest.raises(StepError, match=words):
        write_accounts(root, Root(), (user,))
    assert (root / "etc/passwd").read_text() == before
    assert any(user.name in line or "uid" in line for line in check(root, Answers(users=(user,))))


@as_root
def test_links_do_not_lead_out(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "etc/systemd").symlink_to(outside)
    put_file(root, "etc/systemd/network/a", "x")
    assert list(outside.iterdir()) == []
    (outside / "file").write_text("kept")
    (root / "etc/hostname").symlink_to(outside / "file")
    put_file(root, "etc/hostname", "web01\n")
    assert (outside / "file").read_text() == "kept"
    assert not (root / "etc/hostname").is_symlink()
    (root / "root/.ssh").symlink_to(outside)
    with pytest.raises(StepError, match="is a link"):
        put_folder(root, "root/.ssh", 0o700, (0, 0))


def test_network_files() -> None:
    assert network_file(Link(match="en*")) == "[Match]\nName=en*\n\n[Network]\nDHCP=yes\n"
    fixed = Link(
        mac="52:54:00:12:34:56",
        dhcp=False,
        addresses=("192.0.2.10/24", "2001:db8::10/64"),
        gateway="192.0.2.1",
        dns=("192.0.2.53",),
        domains=("example.org", "example.net"),
    )
    assert network_file(fixed) == (
        "[Match]\nMACAddress=52:54:00:12:34:56\n\n[Network]\nDHCP=no\nAddress=192.0.2.10/24\nAddress=2001:db8::10/64\n"
        "Gateway=192.0.2.1\nDNS=192.0.2.53\nDomains=example.org example.net\n"
    )


def test_sshd() -> None:
    closed = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
    assert sshd_config(Ssh()) == closed
    assert sshd_config(Ssh(password_login=True)) == closed.replace(
        "PasswordAuthentication no", "PasswordAuthentication yes"
    )


@as_root
def test_cloud(root: Path) -> None:
    write_cloud(root, b"", "web01")
    assert not (root / "var/lib/cloud").exists()
    write_cloud(root, b"#cloud-config\n", "web01")
    assert (root / SEED / "user-data").read_bytes() == b"#cloud-config\n"
    assert {mode(path) for path in (root / SEED).iterdir()} == {0o600}
    assert not (root / KEEP_DOMAIN[0]).exists()
    write_cloud(root, b"#cloud-config\n", "web01.example")
    assert (root / KEEP_DOMAIN[0]).read_text() == KEEP_DOMAIN[1]
    assert meta_data(uuid.UUID(int=1), "a.b") == (
        'instance-id: "00000000-0000-0000-0000-000000000001"\nlocal-hostname: "a.b"\n'
    )


@as_root
def test_repositories(root: Path) -> None:
    write_repositories(root, (Repository(id="extra", url="https://example.org/r", key=PGP),))
    assert (root / "etc/yum.repos.d/extra.repo").read_text() == (
        "[extra]\nname=extra\nbaseurl=https://example.org/r\nenabled=1\ngpgcheck=1\n"
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-extra\n"
    )
    assert (root / "etc/pki/rpm-gpg/RPM-GPG-KEY-extra").read_text() == PGP
    for name in ("extra", "main"):
        with pytest.raises(StepError, match="already"):
            write_repositories(root, (Repository(id=name, url="https://example.org/r", key=PGP),))


def test_units(root: Path) -> None:
    assert has_unit(root, "sshd")
    assert has_unit(root, "sshd.service")
    assert has_unit(root, "getty@tty2.service")
    assert not has_unit(root, "sshd.socket")
    assert not has_unit(root, "nginx")


def test_services() -> None:
    started: list[tuple[str, ...]] = []

    def run(*argv: str, **_: object) -> str:
        started.append(argv)
        return ""

    switch_services(Path("/r"), Services(enable=("a", "b"), disable=("c",)), run)
    assert started == [
        ("systemctl", "--root=/r", "enable", "--", "a", "b"),
        ("systemctl", "--root=/r", "disable", "--", "c"),
    ]


WANTING = """
[system]
timezone = "Europe/Atlantis"
locale = "xx_XX.UTF-8"
keymap = "klingon"
[[users]]
name = "ada"
groups = ["docker"]
shell = "/bin/zsh"
[services]
enable = ["nginx"]
[[scripts]]
name = "setup"
content = "true"
interpreter = "/usr/bin/perl"
"""


def test_all_that_is_missing_is_told_at_once(root: Path) -> None:
    told = check(root, load_answers(WANTING, "a.toml"))
    for word in ("Atlantis", "xx_XX", "klingon", "docker", "/bin/zsh", "nginx", "/usr/bin/perl"):
        assert sum(word in line for line in told) == 1, word
    assert len(told) == 7


def test_packages_may_bring_what_is_missing(root: Path) -> None:
    told = check(root, load_answers(WANTING + '[packages]\ninstall = ["nginx"]\n', "a.toml"))
    assert len(told) == 1
    assert "Atlantis" in told[0]


def test_nothing_is_missing(root: Path) -> None:
    system = System(timezone="Europe/Berlin", locale="de_DE.utf-8", keymap="de", user_data="#cloud-config")
    assert check(root, Answers(system=system, users=(ADA,), services=Services(enable=("sshd",)))) == []
    assert check(root, Answers(system=System(locale="C.UTF-8", keymap="us"))) == []
    assert len(check(root, Answers(system=System(timezone="leapseconds")))) == 1


@as_root
def test_a_second_user_of_a_home_is_told(root: Path) -> None:
    (root / "home/ada").mkdir()
    assert len(check(root, Answers(users=(ADA,)))) == 1
    with pytest.raises(StepError, match="/home/ada"):
        write_accounts(root, Root(), (ADA,))


@as_root
def test_hashes_and_user_data_reach_neither_log_nor_programs(root: Path) -> None:
    log: list[str] = []
    write_settings(root, Answers(users=(ADA,)), b"#cloud-config\npassword: hidden\n", HostRun(log.append))
    assert log == []
    assert (root / SEED / "user-data").is_file()
