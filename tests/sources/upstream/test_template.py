"""Addresses from templates."""

import pytest

from boatyard.base.error import ConfigError
from boatyard.sources.upstream.template import fill_template


def test_values_are_segments_of_a_path() -> None:
    template = "https://x.example/repo/$pkg/$filename/$hashtype/$hash/$filename"
    made = fill_template(template, pkg="gtk+", filename="a b#1.tgz", hashtype="SHA512", hash="AB")
    assert made == "https://x.example/repo/gtk+/a%20b%231.tgz/sha512/AB/a%20b%231.tgz"


def test_a_value_cannot_lead_to_another_folder() -> None:
    assert fill_template("https://x.example/$pkg.git", pkg="../../y?z") == "https://x.example/..%2F..%2Fy%3Fz.git"


@pytest.mark.parametrize(
    "template",
    ["$pkg", "/srv/$pkg", "https:///$pkg", "https://[::1/$pkg", "--upload-pack=x", "https://x.example/ $pkg\n", ""],
)
def test_what_makes_no_address_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="makes no address"):
        fill_template(template, pkg="a")


def test_a_value_with_a_placeholder_is_refused() -> None:
    with pytest.raises(ConfigError, match="placeholder"):
        fill_template("https://x.example/$pkg/$hash", pkg="$hash", hash="1")


def test_files_have_no_host() -> None:
    assert fill_template("file:///srv/git/$pkg.git", pkg="a") == "file:///srv/git/a.git"
