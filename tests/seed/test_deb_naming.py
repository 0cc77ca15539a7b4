"""Names, versions and dependencies of Debian in RPM's words."""

from __future__ import annotations

import pytest

from boatyard.base.nevra import Evr
from boatyard.config.model.seed import Seed
from boatyard.sources.deb.naming import Alternative, parse_relations, requirements, rpm_evr, rpm_name

SEED = Seed(
    suites=("trixie",),
    drop_suffixes=("t64",),
    names={"libc6": "glibc", "linux-image-cloud-*": "kernel", "linux-image-*": "kernel-core"},
)


@pytest.mark.parametrize(
    ("deb", "name"),
    [
        ("bash", "bash"), ("libc6", "glibc"), ("libfoo1t64", "libfoo1"), ("linux-image-cloud-amd64", "kernel"),
        ("linux-image-6.12.1-cloud-amd64", "kernel-core"),
    ],
)  # fmt: skip
def test_names(deb: str, name: str) -> None:
    assert rpm_name(deb, SEED) == name


@pytest.mark.parametrize(
    ("version", "evr"),
    [
        ("5.2.37-2+b5", Evr("5.2.37", "2+b5")), ("1:10.0p1-7+deb13u4", Evr("10.0p1", "7+deb13u4", 1)),
        ("2025b", Evr("2025b", "0")), ("1.2-3-4", Evr("1.2_3", "4")), ("2:1.02.205~rc1-2", Evr("1.02.205~rc1", "2", 2)),
    ],
)  # fmt: skip
def test_versions(version: str, evr: Evr) -> None:
    assert rpm_evr(version) == evr


def test_relations_are_parsed() -> None:
    field = "libc6 (>= 2.38), python3:any, a (= 1:2-3) | b [amd64], default-logind |\n logind"
    assert parse_relations(field) == (
        (Alternative("libc6"),),
        (Alternative("python3"),),
        (Alternative("a", "1:2-3"), Alternative("b")),
        (Alternative("default-logind"), Alternative("logind")),
    )


@pytest.mark.parametrize("field", ["a b", "A", "a (>= )", "a (= 1) %post", "$(reboot)", "a;b", "a (> 1)"])
def test_what_is_no_relation_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="no dependency"):
        parse_relations(field)


def test_requirements() -> None:
    siblings = {"libtool1": Evr("2.0", "3", 1)}
    field = "libtool1 (= 1:2.0-3), libc6 (>= 2.38), debconf | debconf-2.0, perl:any, a | b, initramfs-tools-core"
    assert list(requirements(field, ("debconf", "perl", "initramfs-*"), siblings)) == [
        "deb(libtool1) = 1:2.0-3",
        "deb(libc6)",
        "(deb(a) or deb(b))",
    ]


def test_a_sibling_of_another_version_is_not_asked_for_by_version() -> None:
    assert list(requirements("libtool1 (= 9)", (), {"libtool1": Evr("2.0", "3", 1)})) == ["deb(libtool1)"]
