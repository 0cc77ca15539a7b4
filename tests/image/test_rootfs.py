"""Root file systems: the plan as a value, and real transactions from a tiny signed channel."""

from __future__ import annotations

import msgspec
import pytest
from tests.image.tiny_channel import BUILD_TIME

from boatyard.artifact.repo_snapshot import RepoSnapshot
from boatyard.base.digest import sha256_bytes, sha256_file
from boatyard.base.error import ConfigError, ImageError, TrustError
from boatyard.config.model.native_image import NativeImage
from boatyard.image.rootfs import dnf_conf, plan_rootfs, run_rootfs
from boatyard_boot.arch import Arch

APP = ("tiny-app", "tiny-kernel")


def image(*packages: str, **more: object) -> NativeImage:
    return NativeImage(formats=("iso",), channels=("tiny",), packages=packages, **more)


def snapshot(tmp_path, revision="1700000000"):
    (tmp_path / "repodata").mkdir()
    repomd = f"<repomd><revision>{revision}</revision></repomd>".encode()
    (tmp_path / "repodata/repomd.xml").write_bytes(repomd)
    (tmp_path / "key").write_bytes(b"key")
    return RepoSnapshot(
        channel="tiny", dir=tmp_path, key_file=tmp_path / "key", revision=sha256_bytes(repomd), packages=1, size=1
    )


def test_plan_takes_its_date_from_the_repository(tmp_path):
    assert plan_rootfs(image("a"), Arch.X86_64, {"tiny": snapshot(tmp_path)}).epoch == 1_700_000_000


def test_key_depends_on_what_is_installed_only(tmp_path):
    repo = {"tiny": snapshot(tmp_path)}

    def key(native, arch=Arch.X86_64):
        return plan_rootfs(native, arch, repo).key

    same = key(image("a", "b"))
    assert key(image("b", "a", label="OTHER", hostname="other")) == same
    others = {
        key(image("a")), key(image("a", "b", exclude=("c",))), key(image("a", "b", docs=True)),
        key(image("a", "b"), Arch.AARCH64), key(image("a", "b", arch_packages={Arch.X86_64: ("c",)})),
    }  # fmt: skip
    assert len(others) == 5
    assert same not in others


def test_changed_metadata_is_refused(tmp_path):
    changed = msgspec.structs.replace(snapshot(tmp_path), revision="0" * 64)
    with pytest.raises(TrustError, match="metadata of channel 'tiny' was changed"):
        plan_rootfs(image("a"), Arch.X86_64, {"tiny": changed})


def test_unknown_channel(tmp_path):
    with pytest.raises(ConfigError, match="no channel 'tiny'"):
        plan_rootfs(image("a"), Arch.X86_64, {"tinny": snapshot(tmp_path)})


def test_dnf_checks_packages_and_metadata(tmp_path):
    text = dnf_conf(plan_rootfs(image("a", exclude=("b", "c")), Arch.X86_64, {"tiny": snapshot(tmp_path)}))
    main, repository = text.split("\n[tiny]\n")
    assert "excludepkgs=b,c\ntsflags=nodocs\n" in main
    assert "gpgcheck=True" in main
    assert "install_weak_deps=False" in main
    assert repository == (
        "name=tiny\nbaseurl=file:///repos/tiny\ngpgkey=file:///repos/tiny.key\n"
        "gpgcheck=True\nrepo_gpgcheck=True\nskip_if_unavailable=False\n"
    )


@pytest.mark.tool
def test_root_from_signed_packages(channel, tmp_path, run, as_root):
    plan = plan_rootfs(image(*APP), Arch.X86_64, {"tiny": channel})
    made = run_rootfs(plan, tmp_path, run)
    root = made.dir
    assert made.kernel == "6.1.10"
    assert [(row.name, row.arch, row.channel) for row in made.packages] == [
        ("tiny-app", "noarch", "tiny"), ("tiny-filesystem", "noarch", "tiny"), ("tiny-kernel", "noarch", "tiny"),
    ]  # fmt: skip
    assert made.packages[0].source == "tiny-filesystem-1-1.src.rpm"
    assert (root / "etc/posted").read_text() == "link\n", "scripts see /proc"
    assert (root / "etc/machine-id").read_bytes() == b""
    assert not (root / "usr/share/doc/tiny/README").exists(), "no documentation"
    assert list((root / "proc").iterdir()) == list((root / "run").iterdir()) == []
    assert not list((root / "var/cache/dnf").iterdir())
    assert not list((root / "var/log").glob("dnf*"))
    assert (root / "usr/lib/sysimage/rpm/rpmdb.sqlite").is_file()
    assert max(path.lstat().st_mtime for path in root.rglob("*")) <= BUILD_TIME
    # The second time it is there.
    before = (root / "etc/posted").stat().st_ctime_ns
    assert run_rootfs(plan, tmp_path, run) == made
    assert (root / "etc/posted").stat().st_ctime_ns == before


@pytest.mark.tool
def test_missing_package_is_named(channel, tmp_path, run, as_root):
    plan = plan_rootfs(image("htop", *APP), Arch.X86_64, {"tiny": channel})
    with pytest.raises(ImageError, match="No match for argument: htop"):
        run_rootfs(plan, tmp_path, run)
    assert not [path for path in tmp_path.glob("*/*") if path.is_dir()], "nothing half made stays"


@pytest.mark.tool
def test_other_key_is_refused(channel, tmp_path, run, as_root):
    from boatyard.rpm.key import find_or_make_key

    other = tmp_path / "key"
    other.write_bytes(find_or_make_key(tmp_path / "keys/other", "Other", "o@example.com", run).public)
    plan = plan_rootfs(image(*APP), Arch.X86_64, {"tiny": msgspec.structs.replace(channel, key_file=other)})
    with pytest.raises(ImageError, match=r"GPG|signature|repomd"):
        run_rootfs(plan, tmp_path / "roots", run)


@pytest.mark.tool
def test_empty_password_is_refused(channel, tmp_path, run, as_root):
    plan = plan_rootfs(image("tiny-open", *APP), Arch.X86_64, {"tiny": channel})
    with pytest.raises(ImageError, match="guest has an empty password"):
        run_rootfs(plan, tmp_path, run)


@pytest.mark.tool
def test_two_roots_are_the_same(channel, tmp_path, run, as_root):
    plan = plan_rootfs(image(*APP), Arch.X86_64, {"tiny": channel})
    one, two = (run_rootfs(plan, tmp_path / name, run).dir for name in ("one", "two"))
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*"))
    assert names == sorted(str(path.relative_to(two)) for path in two.rglob("*"))
    assert [name for name in names if _differs(one / name, two / name)] == []


def _differs(one, two):
    if one.lstat().st_mtime != two.lstat().st_mtime or one.lstat().st_mode != two.lstat().st_mode:
        return True
    return one.is_file() and not one.is_symlink() and sha256_file(one) != sha256_file(two)
