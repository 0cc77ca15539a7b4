"""What an ISO is beyond an image that boots: its repository, what it says of its root, and its signed digests."""

from __future__ import annotations

import json

import pytest
from tests.image.tiny_channel import BUILD_TIME

from boatyard.artifact.image import PackageRow, Rootfs
from boatyard.base.digest import sha256_bytes
from boatyard.base.error import BuildError
from boatyard.config.model.native_image import NativeImage, resolve
from boatyard.image.medium import describe_root, measure, write_sums
from boatyard.image.recipe import Recipe
from boatyard.image.toolbox import Toolbox
from boatyard.ports.run import Command
from boatyard.repo.medium import find_additions, write_medium
from boatyard.rpm.signature import sign_file
from boatyard_boot.arch import Arch


def row(name):
    return PackageRow(name=name, evr="1-1", arch="noarch", size=0)


INSTALLED = tuple(row(name) for name in ("tiny-filesystem", "tiny-boot", "tiny-kernel"))


@pytest.mark.tool
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["tiny-extra"], ["tiny-app.rpm", "tiny-extra.rpm"]),  # with what it needs that is not there
        (["tiny-boot"], []),  # which is there
        (["tiny-installer", "tiny-extra"], ["tiny-app.rpm", "tiny-extra.rpm", "tiny-installer.rpm"]),
        ([], []),
    ],
)
def test_additions(channel, wanted, found):
    files = find_additions([channel.dir], Arch.X86_64, INSTALLED, wanted)
    assert [file.name for file in files] == found
    assert all(file.is_file() for file in files)


@pytest.mark.tool
def test_additions_that_cannot_be(channel):
    with pytest.raises(BuildError, match="names 'tiny-ap', which is in no channel") as told:
        find_additions([channel.dir], Arch.X86_64, INSTALLED, ["tiny-ap"])
    assert told.value.hint == "did you mean 'tiny-app'?"
    with pytest.raises(BuildError, match=r"cannot be installed on the image's system: .*nothing provides nowhere"):
        find_additions([channel.dir], Arch.X86_64, INSTALLED, ["tiny-lost"])
    with pytest.raises(BuildError, match="do not hold other, which the image has"):
        find_additions([channel.dir], Arch.X86_64, (*INSTALLED, row("other")), ["tiny-app"])


@pytest.mark.tool
def test_repository_is_signed_and_the_same_again(channel, key, tmp_path, run):
    files = find_additions([channel.dir], Arch.X86_64, INSTALLED, ["tiny-extra"])
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_medium(tmp_path / name, files, key, run, epoch=BUILD_TIME)
    one, two = (
        {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two
    assert {"Packages/t/tiny-app.rpm", "Packages/t/tiny-extra.rpm", "repodata/repomd.xml.asc"} <= set(one)
    verify(tmp_path / "one/repodata/repomd.xml", "xml.asc", key, tmp_path, run)


def verify(file, suffix, key, tmp_path, run):
    """As the installer does it, with the key that is in the root."""
    run(Command(argv=("gpg", "--homedir", str(tmp_path), "--batch", "--yes", "-o", str(tmp_path / "key.gpg"),
                      "--dearmor", str(key.home / "public.asc"))))  # fmt: skip
    signature = file.with_name(f"{file.stem}.{suffix}")
    run(Command(argv=("gpgv", "--keyring", str(tmp_path / "key.gpg"), str(signature), str(file))))


@pytest.mark.tool
def test_signature_tells_the_time_it_is_given(key, tmp_path, run):
    (tmp_path / "file").write_text("text")
    early, again, late = (sign_file(tmp_path / "file", key, run, epoch=epoch) for epoch in (1, 2, 4_000_000_000))
    assert early == again, "no signature is older than its key"
    assert late != early


@pytest.fixture
def content(tmp_path):
    for name, data in {"live/root.squashfs": "root", "boot/vmlinuz": "kernel", "boot/loader": "loader"}.items():
        (tmp_path / "iso" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "iso" / name).write_text(data)
    return tmp_path / "iso"


@pytest.mark.tool
def test_sums(content, key, tmp_path, run):
    write_sums(Toolbox(run, tmp_path / "log", BUILD_TIME), content, key, leave_out=["boot/loader"])
    assert (content / "SHA256SUMS").read_text() == (
        f"{sha256_bytes(b'kernel')}  boot/vmlinuz\n{sha256_bytes(b'root')}  live/root.squashfs\n"
    )
    run(Command(argv=("sha256sum", "--check", "--strict", "SHA256SUMS"), cwd=content))
    verify(content / "SHA256SUMS", "asc", key, tmp_path, run)


def test_measures_as_a_file_system_will(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/empty").touch()
    (tmp_path / "etc/two-blocks").write_bytes(bytes(4097))
    (tmp_path / "etc/same").hardlink_to(tmp_path / "etc/two-blocks")
    (tmp_path / "etc/link").symlink_to("empty")
    # Two folders, the link, two files.
    assert measure(tmp_path) == (4097, 2 * 4096 + 2 * 4096, 5)


def test_root_is_described(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(
        'NAME="Tiny Linux"\nID=tiny\nVERSION_ID="1.0"\nPRETTY_NAME="Tiny 1.0"\nHOME_URL=x\n'
    )
    native = resolve("tiny", {"tiny": NativeImage(formats=("iso",), channels=("c",), packages=("p",), label="TINY")})
    rootfs = Rootfs(dir=tmp_path, key="", arch="x86_64", kernel="6.1", installed_size=0, packages=())
    recipe = Recipe(
        name="tiny", arch=Arch.X86_64, native=native, rootfs=rootfs, initrd=tmp_path, key="", layer=None, medium=None
    )
    told = json.loads(describe_root(recipe, tmp_path))
    size = (tmp_path / "etc/os-release").stat().st_size
    assert told == {
        "schema": 1, "image": "tiny", "label": "TINY", "id": "tiny", "name": "Tiny Linux", "version": "1.0",
        "title": "Tiny 1.0", "arch": "x86_64", "kernel": "6.1", "size": size, "occupied": 3 * 4096, "inodes": 3,
    }  # fmt: skip
    (tmp_path / "etc/os-release").write_text("NAME=$(reboot)\n")
    assert json.loads(describe_root(recipe, tmp_path))["name"] == ""
