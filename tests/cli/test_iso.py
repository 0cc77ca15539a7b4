"""`boatyard iso`: the words around what tests/image/test_customize.py tries."""

from __future__ import annotations

import json

import pytest
from tests.image.tiny_iso import make_iso

from boatyard.cli.main import main
from boatyard.ports.run import HostRunner
from boatyard.rpm.key import find_or_make_key

pytestmark = pytest.mark.tool


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return find_or_make_key(tmp_path_factory.mktemp("keys") / "tiny", "Tiny", "tiny@example.com", HostRunner())


@pytest.fixture(autouse=True)
def iso(tmp_path, monkeypatch, key, run):
    """The working folder has in.iso."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "public.asc").write_bytes(key.public)
    return make_iso(tmp_path, key, run)


def test_inspect_for_people(capsys):
    assert (
        main(["iso", "customize", "in.iso", "--kargs", "a=b c", "--kargs", "d", "--timeout", "3", "-o", "out.iso"]) == 0
    )
    assert capsys.readouterr().out == "out.iso\n"
    assert main(["iso", "inspect", "out.iso", "--key", "public.asc"]) == 0
    assert capsys.readouterr().out == (
        "label:             TINY\n"
        "distribution:      Tiny 1.0 (tiny 1.0, x86_64)\n"
        "kernel:            6.1\n"
        "menu:              install: Install Tiny 1.0 (default)\n"
        "                   live: Try Tiny 1.0 without installing\n"
        "timeout:           3 s\n"
        "kernel arguments:  a=b c d\n"
        "answers:           none\n"
        "verified:          3 files\n"
        "signature:         by the key given\n"
    )


def test_inspect_for_machines(capsys):
    assert main(["iso", "inspect", "in.iso", "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "label": "TINY", "title": "Tiny 1.0", "id": "tiny", "version": "1.0", "arch": "x86_64",
        "kernel": "6.1", "size": 5, "inodes": 2,
        "entries": {"install": "Install Tiny 1.0", "live": "Try Tiny 1.0 without installing"}, "default": "install",
        "verifiedFiles": 3,
    }  # fmt: skip


def test_another_key(capsys, tmp_path, run):
    other = find_or_make_key(tmp_path / "keys/other", "Other", "other@example.com", run)
    (tmp_path / "other.asc").write_bytes(other.public)
    assert main(["iso", "inspect", "in.iso", "--key", "other.asc"]) == 6
    assert "the digests of in.iso are not signed by the key in other.asc" in capsys.readouterr().err
    (tmp_path / "other.asc").write_text("no key at all")
    assert main(["iso", "inspect", "in.iso", "--key", "other.asc"]) == 6


def test_damage(capsys, iso):
    iso.write_bytes(iso.read_bytes().replace(b"rootroot", b"rootRoot", 1))
    assert main(["iso", "inspect", "in.iso"]) == 6
    assert "live/root.squashfs: changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["in.iso", "-o", "out.iso"], 2, "there is nothing to change"),
        (["in.iso", "--timeout", "1", "-o", "in.iso"], 2, "is the image that is read"),
        (["in.iso", "--timeout", "1", "-o", "link.iso"], 2, "is the image that is read"),
        (["in.iso", "--timeout", "1", "-o", "."], 2, "is a folder"),
        (["in.iso", "--timeout", "1", "-o", "public.asc"], 2, "use --force to replace it"),
        (["in.iso", "--timeout", "-1", "-o", "out.iso"], 2, "between 0 and 600 seconds"),
        (["in.iso", "--kargs", "a;reboot", "-o", "out.iso"], 2, "'a;reboot' is not one argument"),
        (["none.iso", "--timeout", "1", "-o", "out.iso"], 9, "there is no ISO image none.iso"),
        (["public.asc", "--timeout", "1", "-o", "out.iso"], 7, "public.asc is not an ISO image"),
    ],
)
def test_refused(words, code, told, tmp_path, iso, capsys):
    (tmp_path / "link.iso").symlink_to("in.iso")
    before = iso.read_bytes()
    assert main(["iso", "customize", *words]) == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out.iso").exists()
    assert iso.read_bytes() == before


def test_force_replaces(tmp_path):
    (tmp_path / "out.iso").write_text("old")
    assert main(["iso", "customize", "in.iso", "--timeout", "1", "--force", "-o", "out.iso"]) == 0
    assert (tmp_path / "out.iso").stat().st_size > 1_000_000


def test_answers_are_checked_first(tmp_path, capsys):
    (tmp_path / "answers.toml").write_text("no TOML")
    assert main(["iso", "customize", "in.iso", "--answers", "answers.toml", "-o", "out.iso"]) == 2
    assert "not valid TOML" in (told := capsys.readouterr().err)
    assert "--> answers.toml:1" in told
    (tmp_path / "answers.toml").write_bytes(b"\xff")
    assert main(["iso", "customize", "in.iso", "--answers", "answers.toml", "-o", "out.iso"]) == 2
    assert main(["iso", "customize", "in.iso", "--answers", "none.toml", "-o", "out.iso"]) == 9
    assert not (tmp_path / "out.iso").exists()
