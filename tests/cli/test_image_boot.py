"""`image boot`: what machine the options make, and a console with and without a terminal."""

from __future__ import annotations

import argparse
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from tests.boot_sector import boot_sector

from boatyard.artifact.machine import Drive
from boatyard.base.error import BoatyardError, ConfigError, NotFoundError
from boatyard.cli.image_boot import add_boot, image_file, machine_of
from boatyard_boot.arch import Arch

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ test"
BOOT = """
import argparse, sys
from boatyard.cli.image_boot import add_boot
parser = argparse.ArgumentParser()
add_boot(parser.add_subparsers())
args = parser.parse_args(["boot", "--firmware", "bios", "--memory", "64", *sys.argv[1:]])
sys.exit(args.run(args))
"""


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_boot(parser.add_subparsers())
    return parser.parse_args(["boot", *words])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A disk that shows a login prompt, echoes nothing and heeds the power button."""
    path = tmp_path / "skiff.raw"
    path.write_bytes(boot_sector(b"box login: ", "heed the button"))
    return path


def test_the_machine_of_the_options(image: Path, tmp_path: Path) -> None:
    key = tmp_path / "id.pub"
    key.write_text(KEY + "\n")
    options = ("--memory", "512", "--cpus", "1", "--keep", "--ssh-key", str(key), "--arch", "x86_64")
    machine = machine_of(parse(str(image), *options))
    assert (machine.memory_mib, machine.cpus, machine.arch, machine.firmware) == (512, 1, Arch.X86_64, "uefi")
    assert machine.drives == (Drive(path=image, keep_writes=True),)
    assert machine.credentials == {"ssh.authorized_keys.root": KEY.encode() + b"\n"}


def test_content_decides_and_options_overrule(tmp_path: Path) -> None:
    iso = tmp_path / "no-suffix"
    iso.write_bytes(bytes(16 * 2048) + b"\x01CD001\x01" + bytes(2048))
    assert machine_of(parse(str(iso))).drives[0].kind == "cdrom"
    assert machine_of(parse(str(iso), "--disk")).drives[0].kind == "disk"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--memory", "1"), "at least 64 MiB"),
        (("--cpus", "0"), "one processor"),
        (("--cdrom", "--keep"), "nothing can be written to a CD"),
        (("--arch", "aarch64", "--firmware", "bios"), "no BIOS"),
        (("--ssh-key", "/nonexistent"), "cannot be read"),
        (("--ssh-key", "/proc/self/exe"), "too long"),
    ],
)
def test_options_that_make_no_machine(image: Path, options: tuple[str, ...], word: str) -> None:
    with pytest.raises(ConfigError) as error:
        machine_of(parse(str(image), *options))
    assert word in str(error.value)


@pytest.mark.parametrize("text", ["-----BEGIN OPENSSH PRIVATE KEY-----\nssh-", "hello", "", "ssh-ed25519 \xff"])
def test_only_public_keys_are_taken(image: Path, tmp_path: Path, text: str) -> None:
    key = tmp_path / "key"
    key.write_text(text)
    with pytest.raises(ConfigError):
        machine_of(parse(str(image), "--ssh-key", str(key)))


def test_a_missing_image_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(BoatyardError) as error:
        machine_of(parse(str(tmp_path / "no.iso")))
    assert error.value.exit_code == 9


@pytest.mark.vm
def test_without_a_terminal_it_boots_to_the_prompt_and_powers_off(image: Path, tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    done = subprocess.run(
        [sys.executable, "-c", BOOT, str(image), "--log", str(log)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        env=os.environ | {"BOATYARD_CACHE": str(tmp_path / "cache")},
    )
    assert b"box login: " in done.stdout
    assert b"box login: " in log.read_bytes()
    assert str(log) in done.stderr.decode()


@pytest.mark.vm
def test_on_a_terminal_keys_go_to_the_guest_until_the_leave_key(tmp_path: Path) -> None:
    image = tmp_path / "echo.raw"
    image.write_bytes(boot_sector(b"box login: ", "echo"))
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", BOOT, str(image)],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env=os.environ | {"BOATYARD_CACHE": str(tmp_path / "cache")},
        )
        seen = b""
        while not seen.endswith(b"box login: "):
            seen += os.read(ours, 1000)
        os.write(ours, b"root\x03")  # Ctrl-C is the guest's as well
        while not seen.endswith(b"box login: root\x03"):
            seen += os.read(ours, 1000)
        os.write(ours, b"\x1d")
        _, words = child.communicate()
        assert child.returncode == 0
        assert b"Ctrl-] leaves the console" in words
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


def test_an_image_of_the_project_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "out/images"
    folder.mkdir(parents=True)
    words = ("skiff-disk", "--work", str(tmp_path), "--arch", "x86_64")
    with pytest.raises(NotFoundError, match="is not built") as caught:
        image_file(parse(*words))
    assert "boatyard image build skiff-disk" in caught.value.hint
    for kind in ("raw", "qcow2"):
        (folder / f"skiff-disk-x86_64.{kind}").touch()
        assert image_file(parse(*words)) == folder / f"skiff-disk-x86_64.{kind}"
    with pytest.raises(NotFoundError, match="image not found"):
        image_file(parse("skif-disk", "--work", str(tmp_path)))
    assert image_file(parse("no/such.iso")) == Path("no/such.iso")
