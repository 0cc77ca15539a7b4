"""Archives of components: from mirrors and origins, by digests weak and strong, named by hostile `sources`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.yard_site import sha512

if TYPE_CHECKING:
    from tests.sources.upstream.yard_site import YardSite
    from tests.web_server import Web

pytestmark = pytest.mark.tool
NEW = b"our own archive"


def source_file(name: str, data: bytes, uri: str, more: str = "") -> str:
    return (
        f'{{ filename = "{name}", hash = "{sha512(data)}", hash-type = "SHA512",'
        f' origin = {{ type = "download", uri = "{uri}" }}{more} }}'
    )


def test_files_of_the_project_are_added_and_replace_those_of_upstream(yard: YardSite) -> None:
    commit = yard.package("a")
    yard.web.files |= {"/one": NEW, "/two": b"replaced"}
    replaced = source_file(
        "a.tar.gz", b"replaced", f"{yard.web.url}/two", ', replace-upstream = true, replace-reason = "r"'
    )
    yard.components["a"] = (
        f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
        f"source-files = [{source_file('one.tgz', NEW, f'{yard.web.url}/one')}, {replaced}]\n"
    )
    yard.write()
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 0, err
    made = yard.tree("tree")
    assert (made["one.tgz"], made["a.tar.gz"]) == (NEW, b"replaced")
    assert made["sources"].decode() == (
        f"SHA512 (a.tar.gz) = {sha512(b'replaced')}\nSHA512 (one.tgz) = {sha512(NEW)}\n"
    )
    assert {path for path in yard.web.requests if "/pkgs/" not in path} == {"/one", "/two"}


def test_origins_may_be_disabled(yard: YardSite) -> None:
    commit = yard.package("a")
    yard.web.files["/one"] = NEW
    yard.components["a"] = (
        f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
        f"source-files = [{source_file('one.tgz', NEW, f'{yard.web.url}/one')}]\n"
    )
    yard.write()
    text = (yard.dir / "azldev.toml").read_text().replace("[distros.up]\n", "[distros.up]\ndisable-origins = true\n")
    (yard.dir / "azldev.toml").write_text(text)
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 3
    assert "no such file" in err
    assert "/one" not in yard.web.requests


def test_a_file_known_by_md5_only_is_locked_by_sha512(yard: YardSite) -> None:
    md5 = hashlib.md5(NEW, usedforsecurity=False).hexdigest()
    yard.web.files[f"/pkgs/a/old.tgz/md5/{md5}/old.tgz"] = NEW
    commit = yard.package("a", files={"sources": f"{md5}  old.tgz\n"})
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
    yard.write()
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 6
    assert "only the MD5 of old.tgz is known" in err
    yard.run("component", "update", "a")
    assert (yard.dir / "locks/a.digests").read_text().splitlines()[2:] == [f"{md5} {sha512(NEW)}  old.tgz"]
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"), "--offline")
    assert code == 0, err
    assert yard.tree("tree")["old.tgz"] == NEW


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("SHA512 (../x) = " + "0" * 128, 3, "no plain file name"),
        ("SHA512 (.git) = " + "0" * 128, 3, "no plain file name"),
        ("SHA1 (x) = " + "0" * 40, 3, "cannot be checked"),
        ("SHA512 (x) = ab", 3, "cannot be checked"),
        ("SHA512 (a.spec) = " + "0" * 128, 6, "beside the spec"),
        ("what is this", 5, "invalid format"),
    ],
)
def test_hostile_sources_files(yard: YardSite, line: str, code: int, said: str) -> None:
    commit = yard.package("a", files={"sources": line + "\n"})
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
    yard.write()
    got, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert (got, said in err) == (code, True), err
    assert not (yard.dir / "tree").exists()
    assert sorted(path.name for path in yard.dir.iterdir()) == ["azldev.toml", "build"]


def test_a_mirror_of_the_lookaside_is_asked_first(yard: YardSite, serve: object) -> None:
    other: Web = serve()  # type: ignore[operator]
    yard.package("a")
    other.files["/m/a.tar.gz"] = b"archive of a"
    yard.components["a"] = ""
    yard.write()
    yard.run("component", "update", "a")
    [mirrored] = yard.run_json("source", "mirror", "a", "--lookaside", f"{other.url}/m/$filename")
    assert mirrored["files"] == 1
    assert yard.web.requests == []
    assert other.requests == ["/m/a.tar.gz"]


def test_one_failure_does_not_stop_the_mirroring_of_others(yard: YardSite) -> None:
    yard.package("a")
    yard.package("b")
    yard.web.files = {path: data for path, data in yard.web.files.items() if "/a/" not in path}
    yard.components |= {"a": "", "b": ""}
    yard.write()
    yard.run("component", "update", "-a")
    code, out, err = yard.run("source", "mirror", "-a", "-o", "json")
    assert code == 3
    assert '"files": 1' in out
    assert "no such file" in err
