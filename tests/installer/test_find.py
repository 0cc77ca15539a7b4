"""Where answers come from, in which order, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard_installer.answers import AnswersError, load_answers
from boatyard_installer.error import FetchError
from boatyard_installer.find import MAX_USER_DATA, Found, Places, find, read_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = '[system]\nhostname = "one"\n'
WITH_DATA = '[system]\nhostname = "one"\nuser-data = "ud/file"\n'
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
DATA_SHA256 = hashlib.sha256(WITH_DATA.encode()).hexdigest()
OTHER = "0" * 64


class Programs:
    """blkid, mount and umount on made-up volumes: label to devices, device to (type, files)."""

    def __init__(self, labels: dict[str, str], volumes: dict[str, tuple[str, dict[str, str]]]) -> None:
        self.labels, self.volumes = labels, volumes
        self.mounted: list[str] = []
        self.options = ""

    def __call__(
        self,
        *argv: str,
        secret: bytes = b"",
        ok: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        keep: tuple[int, ...] = (),
    ) -> str:
        if argv[0] == "blkid":
            return self.volumes[argv[-1]][0] if "TYPE" in argv else self.labels.get(argv[4], "")
        if argv[0] == "mount":
            self.options = argv[4]
            self.mounted.append(argv[-1])
            fill(Path(argv[-1]), self.volumes[argv[5]][1])
        else:
            self.mounted.remove(argv[-1])
        return ""


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def no_network(url: str, limit: int, sha256: str = "") -> bytes:
    raise AssertionError(f"{url} must not be fetched")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "media").mkdir()
    return Places(medium=tmp_path / "media", volume=tmp_path / "volume")


NONE = Programs({}, {})


def host(found: Found | None) -> str:
    assert found is not None
    return found.answers.system.hostname


def test_nothing_anywhere(places: Places) -> None:
    assert find("quiet boatyard.install", NONE, no_network, places) is None


def test_baked_in_with_its_user_data_under_the_name_customize_gives_it(places: Places) -> None:
    fill(places.medium, {"boatyard/answers.toml": WITH_DATA, "boatyard/user-data": "#cloud-config\n"})
    found = find("quiet", NONE, no_network, places)
    assert found is not None
    assert found.user_data == b"#cloud-config\n"


def test_a_volume_comes_before_the_medium(places: Places) -> None:
    fill(places.medium, {"boatyard/answers.toml": TEXT})
    run = Programs(
        {"LABEL=ANSWERS": "/dev/vdb\n"},
        {"/dev/vdb": ("ext4", {"answers.toml": TEXT.replace("one", "two"), "x": "not read"})},
    )
    assert host(find("", run, no_network, places)) == "two"
    assert run.options == "ro,nosuid,nodev,noexec,noload"
    assert not run.mounted


def test_the_command_line_comes_first_and_its_last_word_counts(places: Places) -> None:
    fill(places.medium, {"boatyard/answers.toml": TEXT, "a/b.toml": TEXT.replace("one", "three")})
    run = Programs({"LABEL=ANSWERS": "/dev/vdb\n"}, {"/dev/vdb": ("vfat", {"answers.toml": TEXT})})
    assert host(find("boatyard.answers=x boatyard.answers=a/b.toml", run, no_network, places)) == "three"


def test_another_volume_with_user_data_beside_the_answers(places: Places) -> None:
    run = Programs(
        {"LABEL=conf": "/dev/sdb1\n"}, {"/dev/sdb1": ("iso9660", {"d/a.toml": WITH_DATA, "d/ud/file": "#cloud\n"})}
    )
    found = find("boatyard.answers=LABEL=conf:d/a.toml", run, no_network, places)
    assert found is not None
    assert found.user_data == b"#cloud\n"
    assert "/dev/sdb1" in found.source


def test_by_https_without_a_pin(places: Places) -> None:
    served = {"https://h/d/a.toml": WITH_DATA.encode(), "https://h/d/ud/file": b"#x"}
    found = find("boatyard.answers=https://h/d/a.toml", NONE, lambda url, limit, sha256="": served[url], places)
    assert found == Found(answers=load_answers(WITH_DATA, "x"), source="https://h/d/a.toml", user_data=b"#x")


def test_by_http_with_a_pin(places: Places) -> None:
    line = f"boatyard.answers=http://h/a boatyard.answers.sha256={SHA256.upper()}"
    assert host(find(line, NONE, lambda url, limit, sha256="": TEXT.encode(), places)) == "one"


def test_user_data_in_the_answers(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('[system]\nuser-data = """#cloud-config\nx: 1\n"""\n')
    assert read_answers(tmp_path / "a").user_data == b"#cloud-config\nx: 1\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("boatyard.answers=http://h/a", "URL needs pin"),
        ("boatyard.answers=a.toml boatyard.answers.sha256=12", "not a SHA-256"),
        (f"boatyard.answers=a.toml boatyard.answers.sha256={OTHER}", "not the SHA-256"),
        (f"boatyard.answers=http://h/d boatyard.answers.sha256={DATA_SHA256}", "does not cover user-data"),
        ("boatyard.answers=none.toml", "No such file"),
        ("boatyard.answers=../secret", "not a path inside"),
        ("boatyard.answers=link", "leads out"),
        ("boatyard.answers=circle", "cannot be read"),
        ("boatyard.answers=folder", "not a file"),
        ("boatyard.answers=big", "more than 1 MiB"),
        ("boatyard.answers=LABEL=none:a", "no volume labelled none"),
        ("boatyard.answers=LABEL=a,b:a", "not the label"),
        ("boatyard.answers=LABEL=twice:a", "2 volumes"),
        ("boatyard.answers=LABEL=btrfs:a", "file system btrfs"),
        ("boatyard.answers=LABEL=good:../../media/a.toml", "not a path inside"),
    ],
)
def test_refused(places: Places, line: str, told: str) -> None:
    fill(places.medium, {"a.toml": TEXT, "big": "#" * (2 << 20), "folder/x": ""})
    fill(places.medium.parent, {"secret": TEXT})
    (places.medium / "link").symlink_to("../secret")
    (places.medium / "circle").symlink_to("circle")
    run = Programs(
        {"LABEL=twice": "/dev/a\n/dev/b\n", "LABEL=btrfs": "/dev/c\n", "LABEL=good": "/dev/d\n"},
        {"/dev/c": ("btrfs", {}), "/dev/d": ("vfat", {})},
    )
    with pytest.raises(FetchError, match=told) as caught:
        find(line, run, lambda url, limit, sha256="": WITH_DATA.encode(), places)
    assert caught.value.exit_code == 3
    assert not run.mounted


def test_user_data_does_not_lead_out(tmp_path: Path) -> None:
    fill(tmp_path, {"d/a.toml": WITH_DATA, "secret": "x"})
    (tmp_path / "d/ud").mkdir()
    (tmp_path / "d/ud/file").symlink_to("../../secret")
    with pytest.raises(FetchError, match="leads out"):
        read_answers(tmp_path / "d/a.toml")


def test_user_data_has_a_limit(tmp_path: Path) -> None:
    fill(tmp_path, {"a.toml": WITH_DATA, "ud/file": ""})
    with (tmp_path / "ud/file").open("wb") as file:
        file.truncate(MAX_USER_DATA + 1)
    with pytest.raises(FetchError, match="more than 16 MiB"):
        read_answers(tmp_path / "a.toml")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x = ", b'[disk]\nwipe = "yes"'])
def test_wrong_answers(places: Places, data: bytes) -> None:
    fill(places.medium, {"boatyard/x": ""})
    (places.medium / "boatyard/answers.toml").write_bytes(data)
    with pytest.raises(AnswersError) as caught:
        find("", NONE, no_network, places)
    assert caught.value.exit_code == 2
