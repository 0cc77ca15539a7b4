"""The initrd's parts: cpio archives, ELF needs, kernel modules, and the whole from a made-up root."""

from __future__ import annotations

import gzip
import lzma
import shutil
from pathlib import Path

import pytest
import zstandard
from tests.boot.made_up_root import kernel_folder, with_busybox

from boatyard.image.initrd import initrd_key, unpack_zstd, write_initrd
from boatyard.ports.run import Command
from boatyard_boot import elf
from boatyard_boot.cpio import archive, character_device, link, regular
from boatyard_boot.error import BootError
from boatyard_boot.initrd import APPLETS, CRYPT_NEEDED, NEEDED, make_initrd
from boatyard_boot.module import ModuleIndex, module_bytes, newest_kernel, read_index, subset_index
from boatyard_boot.tree import find_file, resolve

KERNEL = "6.1.10"


def test_archive_is_read_by_cpio_and_always_the_same(tmp_path, run):
    entries = [
        regular("usr/bin/tool", b"#!", 0o755), link("bin", "usr/bin"), character_device("dev/console", 5, 1, 0o600),
    ]  # fmt: skip
    data = archive(entries, epoch=1_700_000_000)
    assert data == archive(reversed(entries), epoch=1_700_000_000)
    listed = run(Command(argv=("cpio", "-itv", "--quiet"), input=data)).text.splitlines()
    assert [(line.split()[0], " ".join(line.split()[8:])) for line in listed] == [
        ("lrwxrwxrwx", "bin -> usr/bin"),
        ("drwxr-xr-x", "dev"),
        ("crw-------", "2023 dev/console"),
        ("drwxr-xr-x", "usr"),
        ("drwxr-xr-x", "usr/bin"),
        ("-rwxr-xr-x", "usr/bin/tool"),
    ]


def test_links_stay_inside_the_root(tmp_path):
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("inside")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "climbing").symlink_to("../../../../etc/passwd")
    (root / "circle").symlink_to("circle")
    for name in ("absolute", "climbing", "/etc/../etc/passwd", "../etc/passwd"):
        assert resolve(root, name) == root / "etc/passwd"
    with pytest.raises(BootError, match="too many links"):
        resolve(root, "circle")
    assert find_file(root, "none", "absolute") == root / "etc/passwd"


def test_needs_of_a_real_program():
    found = elf.needs(Path("/usr/bin/env").read_bytes())
    assert "ld-linux" in found.interpreter
    assert "libc.so.6" in found.libraries


def test_cut_programs_are_refused():
    whole = Path("/usr/bin/env").read_bytes()
    for length in range(0, 4096, 64):
        with pytest.raises(ValueError, match=r"ELF|subsection|substring"):
            elf.needs(whole[:length])


def test_missing_library_is_named(tmp_path):
    (tmp_path / "usr/bin").mkdir(parents=True)
    shutil.copy("/usr/bin/env", tmp_path / "usr/bin/env")
    with pytest.raises(BootError, match=r"lib.*needs|needs lib|no /usr/lib"):
        elf.closure(tmp_path, ["usr/bin/env"])


@pytest.mark.parametrize(
    ("releases", "newest"),
    [
        (["6.12.9", "6.12.107"], "6.12.107"),
        (["6.1.10", "6.1.9"], "6.1.10"),
        (["6.12.107+deb13-cloud-amd64", "6.12.117+deb13-cloud-amd64"], "6.12.117+deb13-cloud-amd64"),
    ],
)
def test_newest_kernel(tmp_path, releases, newest):
    for release in releases:
        kernel_folder(tmp_path, release)
    assert newest_kernel(tmp_path) == newest


def test_no_kernel(tmp_path):
    with pytest.raises(BootError, match="no kernel"):
        newest_kernel(tmp_path)


@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress), (".zst", zstandard.compress)]
)
def test_modules_are_unpacked(tmp_path, suffix, pack):
    file = tmp_path / f"a.ko{suffix}"
    file.write_bytes(pack(b"\x7fELF module"))
    assert module_bytes(file, unpack_zstd) == b"\x7fELF module"


def test_index_of_some_modules(tmp_path):
    folder = tmp_path / "usr/lib/modules/6"
    folder.mkdir(parents=True)
    (folder / "modules.dep").write_text(
        "kernel/a-b.ko.xz: kernel/c.ko.xz\nkernel/c.ko.xz:\nkernel/d.ko:\nkernel/soft.ko.zst:\n"
    )
    (folder / "modules.softdep").write_text("# comment\nsoftdep a_b pre: soft unknown\n")
    (folder / "modules.alias").write_text("# comment\nalias pci:v1* a_b\nalias pci:v2* d\n")
    (folder / "modules.builtin").write_text("kernel/ext4.ko\n")
    index = read_index(tmp_path, "6")
    assert isinstance(index, ModuleIndex)
    assert index.closure(["a-b", "ext4", "nothing"]) == ("a_b", "c", "soft")
    assert index.has("ext4")
    assert not index.has("nothing")
    files = subset_index(index, ["a_b", "c"])
    assert files["modules.dep"] == b"kernel/a-b.ko: kernel/c.ko\nkernel/c.ko:\n"
    assert files["modules.alias"] == b"alias pci:v1* a_b\n"


@pytest.fixture
def root(tmp_path):
    """A root with a kernel and a static busybox."""
    kernel_folder(tmp_path, KERNEL, NEEDED)
    return with_busybox(tmp_path)


@pytest.mark.tool
def test_whole_initrd(root, run):
    target = root / "initrd.img"
    write_initrd(root, KERNEL, target, epoch=1_700_000_000)
    data = zstandard.ZstdDecompressor().decompressobj().decompress(target.read_bytes())
    names = run(Command(argv=("cpio", "-it", "--quiet"), input=data)).text.splitlines()
    assert {"init", "bin", "usr/bin/busybox", "usr/bin/switch_root", "dev/console"} <= set(names)
    assert f"usr/lib/modules/{KERNEL}/kernel/squashfs.ko" in names
    first = target.read_bytes()
    write_initrd(root, KERNEL, target, epoch=1_700_000_000)
    assert target.read_bytes() == first
    assert target.stat().st_mtime == 1_700_000_000


@pytest.mark.tool
def test_initrd_needs_its_modules(root):
    with pytest.raises(BootError, match=r"has no nothere, which the initrd needs"):
        write_initrd(root, KERNEL, root / "initrd.img", epoch=0, modules=("nothere",))
    (root / "usr/bin/busybox").unlink()
    with pytest.raises(BootError, match="busybox"):
        write_initrd(root, KERNEL, root / "initrd.img", epoch=0)


@pytest.mark.tool
def test_busybox_has_what_the_script_calls(root, run):
    known = run(Command(argv=(str(root / "usr/bin/busybox"), "--list"))).text.split()
    assert set(APPLETS) - set(known) == set()
    script = Path(str(elf.__file__)).parent / "data/init"
    run(Command(argv=(str(root / "usr/bin/busybox"), "sh", "-n", str(script))))


def test_key_depends_on_root_and_modules():
    keys = {initrd_key("a", ()), initrd_key("b", ()), initrd_key("a", ("nvme_tcp",))}
    assert len(keys) == 3
    assert initrd_key("a", ("x", "y")) == initrd_key("a", ("y", "x"))


@pytest.mark.tool
def test_initrd_that_opens_containers(root, run):
    def names(**more):
        data = make_initrd(root, KERNEL, epoch=0, unpack=unpack_zstd, **more)
        return set(run(Command(argv=("cpio", "-it", "--quiet"), input=data)).text.splitlines())

    with pytest.raises(BootError, match=r"no usr/sbin/cryptsetup"):
        names(crypt=True)
    shutil.rmtree(root / "usr/lib/modules")
    kernel_folder(root, KERNEL, (*NEEDED, *CRYPT_NEEDED, "essiv"))
    (root / "usr/sbin").mkdir()
    (root / "usr/lib64").mkdir()
    for name in ("usr/sbin/cryptsetup", "usr/lib64/libgcc_s.so.1"):
        shutil.copy(root / "usr/bin/busybox", root / name)
    added = names(crypt=True) - names()
    folder = f"usr/lib/modules/{KERNEL}/kernel"
    assert added == {
        "usr/sbin/cryptsetup", "usr/lib64/libgcc_s.so.1", f"{folder}/dm_crypt.ko", f"{folder}/xts.ko",
        f"{folder}/essiv.ko",
    }  # fmt: skip
