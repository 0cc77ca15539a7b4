"""The mirror that the host's apt names, out of configurations as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BoatyardError, ConfigError, SourceError
from boatyard.sources.deb.mirror import find_mirror

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.sources.deb.mirror import Mirror

MAIN = "http://mirror.invalid/debian"
SECURITY = "http://mirror.invalid/debian-security"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror_of(apt: Path, files: dict[str, str], **options: str) -> Mirror:
    for name, text in files.items():
        (apt / name).parent.mkdir(parents=True, exist_ok=True)
        (apt / name).write_text(text, encoding="utf-8")
    return find_mirror(environ={}, apt=apt, **options)


def test_deb822(tmp_path: Path) -> None:
    text = f"""\
Types: deb
# http://snapshot.invalid/archive/debian/20250520T000000Z
URIs: {MAIN}
Suites: bookworm bookworm-updates
Components: main
Signed-By: {KEYRING}

Types: deb
URIs: {SECURITY}
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}
"""
    mirror = mirror_of(tmp_path, {"sources.list.d/debian.sources": text})
    assert (mirror.main, mirror.security) == ((MAIN,), (SECURITY,))
    assert mirror.bases("trixie-updates") == (MAIN,)
    assert mirror.bases("trixie-security") == (SECURITY,)
    assert "debian.sources" in mirror.origin


def test_deb822_with_continued_lines_and_several_addresses(tmp_path: Path) -> None:
    text = f"""
types: deb deb-src
uris: {MAIN}/
 http://second.invalid/debian
suites:
 trixie
# a comment inside
 trixie-updates
components: main contrib
"""
    mirror = mirror_of(tmp_path, {"sources.list.d/a.sources": text})
    assert mirror.main == (MAIN, "http://second.invalid/debian")
    assert mirror.security == (SECURITY, "http://second.invalid/debian-security")


def test_one_line_entries(tmp_path: Path) -> None:
    text = f"""\
# deb http://old.invalid/debian buster main
deb-src {MAIN} trixie main
deb [ arch=amd64,arm64 signed-by={KEYRING} ] {MAIN}/ trixie main contrib # the archive
deb [arch=amd64] {SECURITY} trixie-security main
deb {MAIN} trixie-updates main
"""
    mirror = mirror_of(tmp_path, {"sources.list": text})
    assert (mirror.main, mirror.security) == ((MAIN,), (SECURITY,))


def test_a_mirror_list_in_a_file(tmp_path: Path) -> None:
    addresses = (
        f"# ours\nhttp://far.invalid/debian\tpriority:2\n{MAIN}/\tpriority:1 arch:amd64\nhttp://any.invalid/debian\n"
    )
    (tmp_path / "mirrors.list").write_text(addresses)
    text = f"deb mirror+file:{tmp_path}/mirrors.list trixie main\n"
    mirror = mirror_of(tmp_path, {"sources.list": text})
    assert mirror.main == (MAIN, "http://far.invalid/debian", "http://any.invalid/debian")


def test_a_mirror_list_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.list cannot be read"):
        mirror_of(tmp_path, {"sources.list": f"deb mirror+file:{tmp_path}/gone.list trixie main\n"})


@pytest.mark.parametrize(
    "entry",
    [
        "deb http://vendor.invalid/apt cloud-sdk-bookworm main",
        "deb http://vendor.invalid/debian bookworm-pgdg main",
        "deb http://vendor.invalid/debian bookworm vendor",
        "deb [signed-by=/usr/share/keyrings/vendor.gpg] http://vendor.invalid/debian bookworm main",
        "deb http://archive.invalid/ubuntu noble main",
        "deb http://vendor.invalid/flat ./",
        "deb-src http://mirror.invalid/debian trixie main",
        "deb cdrom:[Debian]/ trixie main",
        "deb file:/srv/debian trixie main",
        "deb",
        "",
    ],
)
def test_what_is_not_debians_archive_is_left_out(entry: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no Debian mirror is known") as error:
        mirror_of(tmp_path, {"sources.list": entry + "\n"})
    assert "BOATYARD_MIRROR" in error.value.hint


def test_debians_keyring_decides_between_entries(tmp_path: Path) -> None:
    text = f"deb http://vendor.invalid/repo stable main\ndeb [signed-by={KEYRING}] {MAIN} trixie main\n"
    assert mirror_of(tmp_path, {"sources.list": text}).main == (MAIN,)


def test_files_that_apt_does_not_read(tmp_path: Path) -> None:
    entry = "deb http://off.invalid/debian trixie main\n"
    files = {f"sources.list.d/{name}": entry for name in ("a.list.disabled", "b.save", "c d.list", "e.sources")}
    disabled = f"Enabled: no\nTypes: deb\nURIs: {MAIN}\nSuites: trixie\nComponents: main\n"
    with pytest.raises(SourceError):
        mirror_of(tmp_path, files | {"sources.list.d/off.sources": disabled})


def test_no_apt_at_all(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no Debian mirror"):
        find_mirror(environ={}, apt=tmp_path / "nothing")


def test_the_option_wins_over_the_environment_and_apt(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://apt.invalid/debian trixie main\n")
    environ = {"BOATYARD_MIRROR": "http://env.invalid/debian/"}
    assert find_mirror(environ=environ, apt=tmp_path).main == ("http://env.invalid/debian",)
    mirror = find_mirror(main=MAIN, environ=environ, apt=tmp_path)
    assert (mirror.main, mirror.security) == ((MAIN,), (SECURITY,))


def test_the_security_archive_of_a_mirror_with_another_layout(tmp_path: Path) -> None:
    mirror = find_mirror(main="https://host.invalid/deb-remote", environ={}, apt=tmp_path)
    with pytest.raises(SourceError, match="suite trixie-security") as error:
        mirror.bases("trixie-security")
    assert "--security-mirror" in error.value.hint
    environ = {"BOATYARD_SECURITY_MIRROR": "https://host.invalid/security"}
    mirror = find_mirror(main="https://host.invalid/deb-remote", environ=environ, apt=tmp_path)
    assert mirror.bases("trixie-security") == ("https://host.invalid/security",)


@pytest.mark.parametrize(
    "address", ["mirror.invalid/debian", "file:///srv/debian", "http://", "http://h/d?x=1", "http://["]
)
def test_an_option_that_is_no_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not the address of a mirror"):
        find_mirror(main=address, environ={}, apt=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "\x00\xff",
        "deb [ http://h/d trixie main",
        "URIs\n x\n:::\n",
        " leading\nTypes: deb\n",
        "deb http://[ trixie main\n",
    ],
)
def test_damaged_files_give_no_traceback(text: str, tmp_path: Path) -> None:
    with pytest.raises(BoatyardError):
        mirror_of(tmp_path, {"sources.list": text, "sources.list.d/x.sources": text})


@pytest.mark.parametrize(
    ("conf", "allow"),
    [
        ("", False),
        ('Acquire::Check-Valid-Until "false";', True),
        ("Acquire::Check-Valid-Until no;", True),
        ('Acquire {\n  Check-Valid-Until "0";\n};', True),
        ('Acquire::Check-Valid-Until "true";', False),
        ('// Acquire::Check-Valid-Until "false";', False),
        ('#Acquire::Check-Valid-Until "false";', False),
    ],
)
def test_apt_may_be_told_not_to_check_the_age_of_lists(conf: str, allow: bool, tmp_path: Path) -> None:
    files = {"sources.list": f"deb {MAIN} trixie main\n", "apt.conf.d/99local": conf}
    assert mirror_of(tmp_path, files).allow_expired is allow
    assert not mirror_of(tmp_path, files, main=MAIN).allow_expired, "an address given by hand is checked"


def test_the_age_of_one_sources_lists(tmp_path: Path) -> None:
    assert mirror_of(tmp_path, {"sources.list": f"deb [check-valid-until=no] {MAIN} trixie main\n"}).allow_expired
    text = f"Types: deb\nURIs: {MAIN}\nSuites: trixie\nComponents: main\nCheck-Valid-Until: no\n"
    assert mirror_of(tmp_path, {"sources.list": "", "sources.list.d/a.sources": text}).allow_expired
