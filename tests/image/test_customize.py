"""Answers and kernel arguments put into a finished ISO that is as real as it can be without a kernel."""

from __future__ import annotations

import re
from functools import partial

import pytest
from tests.image.tiny_iso import EFI, make_iso

from boatyard.base.digest import sha256_file
from boatyard.base.error import ConfigError, ImageError, TrustError
from boatyard.image.customize import Change, customize
from boatyard.image.inspect import check_sums, read_iso
from boatyard.ports.run import Command
from boatyard_boot.gpt import SECTOR

pytestmark = pytest.mark.tool
ANSWERS = {"boatyard/answers.toml": b'disk = { serial = "x" }\n', "boatyard/user-data": b"#cloud-config\n"}


@pytest.fixture
def make(tmp_path, key, run):
    """Makes an ISO like Boatyard's."""
    return partial(make_iso, tmp_path, key, run)


@pytest.fixture
def change(tmp_path, run):
    """Customizes an ISO; the new one."""

    def change(source, name="out.iso", **what):
        customize(source, tmp_path / name, Change(**what), run, log=tmp_path / "customize.log")
        return tmp_path / name

    return change


def boot_records(iso, run):
    """What firmware needs of an ISO, without the places where it lies."""
    argv = ("xorriso", "-indev", str(iso), "-report_el_torito", "plain", "-report_system_area", "plain")
    text = run(Command(argv=argv)).text
    wanted = [line for line in text.splitlines() if re.match(r"El Torito img (path|opts)|System area summary", line)]
    wanted += re.findall(r"El Torito boot img : .*\S(?= +\d+$)", text, re.MULTILINE)
    wanted += re.findall(r"GPT type GUID .*28732ac11ff8d211ba4b00a0c93ec93b", text)
    start = int(re.search(r"GPT start and size :   2  (\d+)", text)[1])
    efi = iso.read_bytes()[start * SECTOR : start * SECTOR + len(EFI)]
    return wanted, efi


def test_answers_install_at_once(make, change):
    source = make()
    before = sha256_file(source)
    content = read_iso(change(source, files=ANSWERS, kernel_arguments=("a=b", "quiet")))
    assert content.added == ("boatyard/answers.toml", "boatyard/user-data")
    assert {name: content.volume.read(name, 100) for name in content.added} == ANSWERS
    assert content.volume.read("boot/grub/custom.cfg", 200) == (
        b'# Written by `boatyard iso customize`.\nset default=install\nset timeout=0\nset kargs="a=b quiet"\n'
    )
    assert content.volume.label == "TINY"
    assert check_sums(content) == 3
    assert content.answers
    assert sha256_file(source) == before


def test_arguments_alone_change_no_default(make, change):
    content = read_iso(change(make(), kernel_arguments=("a=b",), timeout_s=9))
    assert content.volume.read("boot/grub/custom.cfg", 200).splitlines()[1:] == [b"set timeout=9", b'set kargs="a=b"']
    assert not content.answers


def test_it_boots_as_before(make, change, run):
    source = make()
    records, efi = boot_records(source, run)
    assert len(records) == 6
    assert efi == EFI
    assert boot_records(change(source, files=ANSWERS), run) == (records, efi)


def test_a_second_time_replaces_the_first(make, change):
    first = change(make(), "first.iso", files=ANSWERS, kernel_arguments=("a=b",))
    second = read_iso(change(first, files={"boatyard/answers.toml": b"other"}))
    assert second.added == ("boatyard/answers.toml",)
    assert second.volume.read("boatyard/answers.toml", 10) == b"other"
    assert second.custom.kernel_arguments == ()
    third = read_iso(change(first, "third.iso", timeout_s=1))
    assert third.added == ()


def test_the_same_bytes_again(make, change):
    source = make()
    one, two = (change(source, name, files=ANSWERS, kernel_arguments=("a",)) for name in ("one.iso", "two.iso"))
    other = change(source, "other.iso", files=ANSWERS, kernel_arguments=("b",))
    assert sha256_file(one) == sha256_file(two) != sha256_file(other)
    assert read_iso(one).volume.gpt_id != read_iso(other).volume.gpt_id


def test_secrets_are_for_the_owner_only(make, change, run):
    out = change(make(), files=ANSWERS)
    assert out.stat().st_mode & 0o777 == 0o600
    listed = run(Command(argv=("xorriso", "-indev", str(out), "-lsl", "/boatyard"))).text
    assert re.findall(r"^(\S+) +1 0 +0 ", listed, re.MULTILINE) == ["-rw-------", "-rw-------"]
    assert "serial" not in (out.parent / "customize.log").read_text()


def test_nothing_is_left_of_what_failed(make, change, tmp_path):
    with pytest.raises(ImageError, match="has no installer, so answers are of no use"):
        change(make(installer=False), files=ANSWERS)
    assert not (tmp_path / "out.iso").exists()
    assert not list(tmp_path.glob(".tmp*"))


def test_damaged_medium_is_refused(make, change):
    source = make()
    data = source.read_bytes()
    source.write_bytes(data.replace(b"rootroot", b"rootRoot", 1))
    with pytest.raises(TrustError, match=r"1 files of .*in\.iso are not what SHA256SUMS says") as told:
        change(source, files=ANSWERS)
    assert told.value.problems[0].detail == "live/root.squashfs: changed"


def test_foreign_and_future_media(make, change, tmp_path, run):
    (tmp_path / "file").write_text("x")
    foreign = tmp_path / "foreign.iso"
    run(Command(argv=("xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", str(foreign), str(tmp_path / "file"))))
    with pytest.raises(ImageError, match=r"foreign\.iso is not an ISO that Boatyard made"):
        change(foreign, timeout_s=1)
    with pytest.raises(ImageError, match="made by another version"):
        change(make(schema=2), timeout_s=1)


@pytest.mark.parametrize("argument", ["a b", "a;reboot", "$(x)", "${x}", '"', "'", "a\n", "\\", "ü", "", "{", "#x"])
def test_arguments_that_the_boot_loader_would_read(argument):
    with pytest.raises(ConfigError, match="is not one argument of the kernel command line"):
        Change(kernel_arguments=("quiet", argument))


def test_limits():
    with pytest.raises(ConfigError, match="longer than 1500 characters"):
        Change(kernel_arguments=("a" * 800, "b" * 800))
    for seconds in (-1, 601):
        with pytest.raises(ConfigError, match="between 0 and 600 seconds"):
            Change(timeout_s=seconds)
