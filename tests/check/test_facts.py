"""Facts: from manifests and repodata, from users' files, kept between runs; what is looked up in them."""

from __future__ import annotations

from pathlib import Path

import createrepo_c as cr
import pytest

from boatyard.artifact.codec import save
from boatyard.artifact.image import Manifest, PackageRow
from boatyard.base.error import ConfigError, NotFoundError, ToolError
from boatyard.check.baseline import read_baseline
from boatyard.check.facts import Facts, FactsFile, Package, canonical, module_of
from boatyard.check.facts_file import facts_of, read_facts, read_repodata


def a_package(name: str, files: list[str], requires: tuple[str, ...] = (), release: str = "1") -> cr.Package:
    package = cr.Package()
    package.name, package.arch, package.epoch, package.version, package.release = name, "x86_64", "0", "1", release
    package.pkgId, package.checksum_type, package.location_href = name * 8, "sha256", f"{name}.rpm"
    package.files = [(None, f"{path.rpartition('/')[0]}/", path.rpartition("/")[2]) for path in files]
    package.provides = [(name, "EQ", "0", "1", release, False)]
    package.requires = [(need, None, None, None, None, False) for need in requires]
    return package


def write_repository(folder: Path, packages: list[cr.Package]) -> Path:
    (folder / "repodata").mkdir(parents=True)
    repomd = cr.Repomd()
    for kind, make in (("primary", cr.PrimaryXmlFile), ("filelists", cr.FilelistsXmlFile), ("other", cr.OtherXmlFile)):
        path = folder / f"repodata/{kind}.xml.gz"
        writer = make(str(path), cr.GZ_COMPRESSION)
        writer.set_num_of_pkgs(len(packages))
        for package in packages:
            writer.add_pkg(package)
        writer.close()
        record = cr.RepomdRecord(kind, str(path))
        record.fill(cr.SHA256)
        repomd.set_record(record)
    (folder / "repodata/repomd.xml").write_text(repomd.xml_dump())
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    packages = [
        a_package("bash", ["/usr/bin/bash", "/usr/share/doc/bash/README"]),
        a_package("dnf", ["/usr/bin/dnf"]),
        a_package("git", ["/usr/bin/git"], ("less", "/usr/bin/bash")),
        a_package("less", ["/bin/less"]),
    ]
    return write_repository(tmp_path / "channel", packages)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    rows = tuple(PackageRow(name=name, evr="1-1", arch="x86_64", size=1) for name in ("bash", "dnf", "foreign"))
    value = Manifest(
        image="disk", format="raw", arch="x86_64", file="disk.raw", file_size=1, sha256="0" * 64, installed_size=1,
        packages=rows, repositories={},
    )  # fmt: skip
    save(value, tmp_path / "disk.raw.manifest.json")
    return tmp_path / "disk.raw.manifest.json"


def test_facts_of_a_manifest_and_repodata(manifest: Path, repository: Path, tmp_path: Path) -> None:
    facts = facts_of(manifest, [repository], tmp_path / "cache")
    assert facts.installed == {"bash", "dnf", "foreign"}
    assert (facts.manager, facts.complete) == ("dnf", False)  # nobody knows the files of `foreign`
    assert facts.commands["less"] == ("less",)
    assert "/usr/share/doc/bash/README" not in facts.owners
    assert facts.closure(["git"]) == ({"git", "less"}, frozenset())


def test_facts_are_kept_and_made_again_when_damaged(manifest: Path, repository: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = facts_of(manifest, [repository], cache)
    (kept,) = cache.iterdir()
    good = kept.read_bytes()
    (repository / "repodata/primary.xml.gz").rename(tmp_path / "away")  # the second run does not read it
    assert facts_of(manifest, [repository], cache).told == first.told
    (tmp_path / "away").rename(repository / "repodata/primary.xml.gz")
    for damaged in (good[:-1], good[:64] + b"x" + good[65:], b""):
        kept.write_bytes(damaged)
        assert facts_of(manifest, [repository], cache).told == first.told
        assert kept.read_bytes() == good


def test_other_repodata_makes_other_facts(manifest: Path, repository: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert "jq" not in facts_of(manifest, [repository], cache).commands
    more = write_repository(tmp_path / "more", [a_package("jq", ["/usr/bin/jq"])])
    assert "jq" in facts_of(manifest, [repository, more], cache).commands
    assert len(list(cache.iterdir())) == 2


def test_damaged_repodata(repository: Path) -> None:
    (repository / "repodata/primary.xml.gz").write_bytes(b"no gzip")
    with pytest.raises(ToolError, match="cannot be read"):
        list(read_repodata(repository))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"packages": 1}', '{"packages": [], "unknown": 1}', '{"packages": [{}]}', "\udcff", "[" * 100_000],
)
def test_files_that_hold_no_facts(tmp_path: Path, text: str) -> None:
    (tmp_path / "facts.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match="is not a file of facts"):
        read_facts(tmp_path / "facts.json")


@pytest.mark.parametrize("name", [".", "/dev/zero"])
def test_folders_and_devices_are_no_files(name: str) -> None:
    for read in (read_facts, read_baseline):
        with pytest.raises(ConfigError, match="is not a plain file"):
            read(Path(name))


def test_no_file_of_facts(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_facts(tmp_path / "facts.json")


def facts() -> Facts:
    packages = (
        Package("python3", files=("/usr/bin/python3", "/usr/lib/python3.13/json/__init__.py"), installed=True),
        Package("vim-enhanced", "9.1-2", files=("/usr/bin/vim",), provides=("vim", "editor")),
        Package("app", files=(), requires=("one-of", "(rich if python3)"), recommends=("extra",)),
        Package("a", files=(), provides=("one-of",)),
        Package("b", files=(), provides=("one-of",)),
        Package("rich", files=()),
        Package("extra", files=(), requires=("a",)),
    )
    return Facts(FactsFile(packages, files=("/opt/x/bin/tool",), users=("root",), manager="dnf"))


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ("vim-enhanced", ("vim-enhanced",)),
        ("vim-enhanced.x86_64", ("vim-enhanced",)),
        ("vim-enhanced-9.1-2", ("vim-enhanced",)),
        ("vim-enhanced-9.1", ("vim-enhanced",)),
        ("editor", ("vim-enhanced",)),
        ("/usr/bin/vim", ("vim-enhanced",)),
        ("/bin/vim", ("vim-enhanced",)),
        ("vim-*", ("vim-enhanced",)),
        ("vim-minimal", ()),
        ("vim-enhanced-extra", ()),
        ("-", ()),
        ("", ()),
    ],
)
def test_what_dnf_understands(spec: str, names: tuple[str, ...]) -> None:
    assert facts().resolve(spec) == names


def test_what_comes_with_a_package() -> None:
    """One of two providers, a rich dependency and a weak one may come: nothing is sure about them."""
    assert facts().closure(["app"]) == ({"app"}, {"a", "b", "rich", "extra"})


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/usr/lib/python3.13/json/__init__.py", "json"),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml"),
        ("/usr/lib64/python3.12/site-packages/_yaml.cpython-312-x86_64-linux-gnu.so", "_yaml"),
        ("/usr/lib/python3.13/lib-dynload/_ssl.cpython-313.so", "_ssl"),
        ("/usr/lib/python3.13/site-packages/requests", "requests"),
        ("/usr/lib/python3.13/site-packages/requests-2.3.dist-info/METADATA", ""),
        ("/usr/lib/python3.13/__pycache__/x.pyc", ""),
        ("/usr/lib/python2.7/os.py", ""),
        ("/usr/bin/python3", ""),
    ],
)
def test_modules_of_files(path: str, module: str) -> None:
    assert module_of(path) == module


def test_canonical_paths() -> None:
    assert [canonical(path) for path in ("/bin/ls", "/sbin/x", "/lib/a", "/usr/bin/../bin/ls", "/bind")] == [
        "/usr/bin/ls", "/usr/sbin/x", "/usr/lib/a", "/usr/bin/ls", "/bind",
    ]  # fmt: skip
