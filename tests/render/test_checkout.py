"""Upstream components from dist-git checkouts on the disk, at the commit the project wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.render.conftest import Site

pytestmark = pytest.mark.tool
SPEC = "Name: up\nRelease: 1%{?dist}\nSource0: f\n"
NOTE_LINES = 3


def an_upstream(site: Site, *, name: str = "a", more: str = "") -> None:
    site.write({
        "azldev.toml": f'[components.{name}]\nspec = {{ type = "upstream"{more} }}\n',
        "git/up/up.spec": SPEC,
        "git/up/f": "1",
        "git/up/gating.yaml": "",
        "git/up/sources": "SHA512 (x.tgz) = ab\n",
    })  # fmt: skip
    site.git("init", "-q", at="git/up")


def test_the_spec_is_renamed_and_the_rest_filtered(site: Site) -> None:
    an_upstream(site, more=', upstream-name = "up"')
    site.commit("one", at="git/up")
    [result] = site.render(checkouts=site.dir / "git", changes=1)
    assert result.error is None
    assert set(site.files()) == {"a/a/a.spec", "a/a/f", "a/a/sources"}
    assert site.files()["a/a/a.spec"].decode().splitlines()[NOTE_LINES:] == [
        "Name: up",
        "Release: 2%{?dist}",
        "Source0: f",
    ]


def test_a_plain_folder_will_do(site: Site) -> None:
    site.write({
        "azldev.toml": '[components.up]\nspec = { type = "upstream", upstream-commit = "0123456789" }\n',
        "git/up/up.spec": SPEC,
    })  # fmt: skip
    assert site.render(checkouts=site.dir / "git")[0].error is None


def test_without_checkouts_the_error_says_what_to_do(site: Site) -> None:
    an_upstream(site, name="up")
    assert "--sources-dir" in str(site.render()[0].error)
    assert "no checkout of up" in str(site.render(checkouts=site.dir / "nowhere")[0].error)


def test_what_was_rendered_stays_when_its_sources_are_not_there(site: Site) -> None:
    an_upstream(site, name="up")
    site.commit("one", at="git/up")
    site.render(checkouts=site.dir / "git")
    before = site.files()
    [result] = site.render()
    assert (result.unavailable, result.changed) == (True, False)
    assert site.files() == before


def test_the_pin_must_be_checked_out(site: Site) -> None:
    an_upstream(site, name="up")
    first = site.commit("one", at="git/up")
    site.write({"git/up/f": "2"})
    second = site.commit("two", at="git/up")
    site.write({"azldev.toml": f'[components.up]\nspec = {{ type = "upstream", upstream-commit = "{first[:12]}" }}\n'})
    error = str(site.render(checkouts=site.dir / "git")[0].error)
    assert f"is at {second[:12]}, and the project wants {first[:12]}" in error
    assert "checkout" in error
    site.git("checkout", "-q", first, at="git/up")
    assert site.render(checkouts=site.dir / "git")[0].error is None
    assert site.files()["u/up/f"] == b"1"


def test_the_lock_decides_and_must_agree_with_the_pin(site: Site) -> None:
    an_upstream(site, name="up")
    first = site.commit("one", at="git/up")
    site.write({"locks/up.lock": f"version = 1\nupstream-commit = '{first}'\n"})
    assert site.render(checkouts=site.dir / "git")[0].error is None
    site.write({"azldev.toml": f'[components.up]\nspec = {{ type = "upstream", upstream-commit = "{"0" * 40}" }}\n'})
    error = str(site.render(checkouts=site.dir / "git")[0].error)
    assert f"lock is stale for up: config pins {'0' * 40} but lock has {first}" in error


def test_the_snapshot_must_be_checked_out(site: Site) -> None:
    an_upstream(site, name="up")
    first = site.commit("one", at="git/up", date="2026-01-01T00:00:00Z")
    site.write({"git/up/f": "2"})
    site.commit("two", at="git/up", date="2026-03-01T00:00:00Z")
    config = (
        '[project]\ndefault-distro = { name = "d", version = "1" }\n[components.up]\n[distros.d.versions.1]\n'
        'release-ver = "1"\n[distros.d.versions.1.default-component-config]\nspec = { type = "upstream", '
        'upstream-distro = { name = "d", version = "1", snapshot = "%s" } }\n'
    )
    site.write({"azldev.toml": config % "2026-02-24T00:00:00-08:00"})
    assert f"checkout {first}" in str(site.render(checkouts=site.dir / "git")[0].error)
    site.git("checkout", "-q", first, at="git/up")
    assert site.render(checkouts=site.dir / "git")[0].error is None
    site.write({"azldev.toml": config % "2025-01-01T00:00:00Z"})
    assert "no commit before" in str(site.render(checkouts=site.dir / "git")[0].error)


def test_a_checkout_without_the_spec_or_without_a_commit(site: Site) -> None:
    an_upstream(site)
    (site.dir / "git/a").mkdir()
    assert "hold no a.spec" in str(site.render(checkouts=site.dir / "git", changes=0)[0].error)
    site.git("init", "-q", at="git/a")
    assert "has no commit" in str(site.render(checkouts=site.dir / "git", changes=0)[0].error)
