"""Words of file names in scriptlets."""

from __future__ import annotations

import pytest

from boatyard.base.error import ConfigError, SourceError
from boatyard.config.model.seed import PackageRules
from boatyard.sources.deb.archive import Entry
from boatyard.sources.deb.capture import captures, fill_in
from boatyard.sources.deb.rules import PackagedFile

KERNEL = {"kernel": "/usr/lib/modules/([^/]+)/vmlinuz"}


def captured(pattern: dict[str, str], *paths: str) -> dict[str, str]:
    files = [PackagedFile(entry=Entry(path=path)) for path in paths]
    return captures(PackageRules(captures=pattern), files, "subpackage kernel-core")


def test_release_of_a_kernel() -> None:
    words = captured(KERNEL, "/usr/lib/modules/6.12.9+deb13-cloud-amd64/vmlinuz", "/usr/lib/modules/6/other")
    assert words == {"kernel": "6.12.9+deb13-cloud-amd64"}
    assert fill_in("add @kernel@ @other@ a@b\n", words) == "add 6.12.9+deb13-cloud-amd64 @other@ a@b\n"


@pytest.mark.parametrize(
    ("pattern", "paths", "message"),
    [
        ("/x/(.+)", (), "captures.kernel matches nothing"),
        ("/x/a", ("/x/a",), "captures.kernel matches nothing"),
        ("/x/(.+)", ("/x/a", "/x/b"), "more than one word: a, b"),
        ("/x/(", ("/x/a",), "captures.kernel is no regular expression"),
    ],
)
def test_vain_captures(pattern: str, paths: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        captured({"kernel": pattern}, *paths)


@pytest.mark.parametrize("word", ["a;reboot", "$(id)", "a b", "-rf", "a\nb", "`x`"])
def test_hostile_file_names(word: str) -> None:
    with pytest.raises(SourceError, match="is no word for a script"):
        captured({"kernel": r"/x/([^/]+)"}, f"/x/{word}")
