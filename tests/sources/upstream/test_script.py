"""Archives that scripts of the project make: the same each time, in a sandbox, with no network but a declared one."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.compression import decompressed

if TYPE_CHECKING:
    from tests.sources.upstream.yard_site import YardSite

pytestmark = pytest.mark.tool

SCRIPT = """\
#!/bin/bash -e
test ! -e {secret}
if (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; then exit 9; fi
mkdir /azldev-gen/output/top
sort input.txt >/azldev-gen/output/top/made
{more}
"""


def a_script(
    yard: YardSite, more: str = "", digest: str = "0" * 64, packages: str = "", name: str = "made.tar"
) -> tuple[int, str, str]:
    commit = yard.package("a", files={"input.txt": "b\na\n"})
    (yard.dir / "secret").write_text("secret")
    port = yard.web.url.rpartition(":")[2]
    (yard.dir / "make.sh").write_text(SCRIPT.format(secret=yard.dir / "secret", port=port, more=more))
    origin = f'{{ type = "custom", script = "make.sh", inputs = ["input.txt"]{packages} }}'
    yard.components["a"] = (
        f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
        f'source-files = [{{ filename = "{name}", hash = "{digest}", hash-type = "SHA256", origin = {origin} }}]\n'
    )
    yard.write()
    return yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))


@pytest.mark.parametrize("name", ["made.tar", "made.tar.gz", "made.tar.xz", "made.tar.zst"])
def test_a_script_makes_the_same_archive_each_time(yard: YardSite, name: str) -> None:
    code, _, err = a_script(yard, name=name)
    assert code == 6
    made = err.partition("made:")[2].split()[0]
    code, _, err = a_script(yard, digest=made, name=name)
    assert code == 0, err
    with (
        decompressed(yard.dir / "tree" / name) as stream,
        tarfile.open(fileobj=io.BytesIO(stream.read(1 << 20))) as archive,
    ):
        assert archive.getnames() == ["top", "top/made"]
        made_file = archive.extractfile("top/made")
        assert made_file is not None
        assert made_file.read() == b"a\nb\n"
    assert yard.run_json("source", "mirror", "a")[0]["files"] == 1
    assert yard.run("component", "render", "a", "--offline")[0] == 0


@pytest.mark.parametrize(
    ("more", "packages", "code", "said"),
    [
        ("exit 3", "", 5, "make.sh failed"),
        ("mkfifo /azldev-gen/output/pipe", "", 3, "no regular file"),
        ("", ', mock-packages = ["git"]', 5, "nothing provides git"),
    ],
)
def test_scripts_that_cannot_be_used(yard: YardSite, more: str, packages: str, code: int, said: str) -> None:
    got, _, err = a_script(yard, more, packages=packages)
    assert (got, said in err) == (code, True), err
    assert not (yard.dir / "tree").exists()


# Asks a server by the proxy it is told of, as curl and others do; the answer is what is packed.
ASK = """
exec 3<>/dev/tcp/127.0.0.1/${{https_proxy##*:}}
printf 'CONNECT {place} HTTP/1.1\\r\\n\\r\\n' >&3
read -r _ status _ <&3
test "$status" = 200
while read -r line <&3; do test "$line" = $'\\r' && break; done
printf 'GET /x HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' >&3
while read -r line <&3; do test "$line" = $'\\r' && break; done
head -c 7 <&3 >/azldev-gen/output/top/made
"""


def with_network(yard: YardSite, ask: str, listed: str, digest: str = "0" * 64) -> tuple[int, str, str]:
    """Runs a script that asks one server and lists another, or the same."""
    yard.web.files["/x"] = b"content"
    network = f', network = ["{listed}"]' if listed else ""
    return a_script(yard, ASK.format(place=ask), digest, network)


def place_of(yard: YardSite) -> str:
    return yard.web.url.removeprefix("http://")


def test_a_listed_server_is_reached_and_told(yard: YardSite) -> None:
    place = place_of(yard)
    code, _, err = with_network(yard, place, place)
    assert code == 6, err
    made = err.partition("made:")[2].split()[0]
    code, _, err = with_network(yard, place, place, made)
    assert code == 0, err
    assert (yard.dir / "tree/made.tar").read_bytes().find(b"content") > 0
    log = (yard.dir / "build/logs/run.jsonl").read_text()
    assert f"the script make.sh was in touch with {place}" in log


def test_another_server_is_refused_and_named(yard: YardSite) -> None:
    code, _, err = with_network(yard, "evil.example:443", place_of(yard))
    assert code == 5
    assert "it asked for evil.example:443, which its `network` does not list" in err
    assert "/x" not in yard.web.requests


def test_without_a_declaration_there_is_no_proxy(yard: YardSite) -> None:
    code, _, err = with_network(yard, place_of(yard), "")
    assert code == 5
    assert "without network" in err
    assert "/x" not in yard.web.requests


def test_another_result_than_stated_is_refused(yard: YardSite) -> None:
    place = place_of(yard)
    code, _, err = with_network(yard, place, place, "1" * 64)
    assert (code, "another archive than stated" in err) == (6, True)
    assert not (yard.dir / "tree").exists()


def test_a_network_needs_a_hash(yard: YardSite) -> None:
    origin = '{ type = "custom", script = "make.sh", network = ["a.example", "https://b.example", "*"] }'
    yard.components["a"] = f'source-files = [{{ filename = "made.tar", origin = {origin} }}]\n'
    yard.write()
    code, _, err = yard.run("config", "check")
    assert code == 2
    assert "network needs a hash" in err
    assert "'https://b.example' is no server" in err
    assert "'*' is no server" in err


def test_offline_such_a_script_is_not_run(yard: YardSite) -> None:
    place = place_of(yard)
    with_network(yard, place, place)
    asked = len(yard.web.requests)
    words = ("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"), "--offline")
    code, _, err = yard.run(*words)
    assert (code, f"by a script that asks {place}" in err) == (3, True), err
    assert len(yard.web.requests) == asked


def test_what_is_listed_is_part_of_the_fingerprint(yard: YardSite) -> None:
    with_network(yard, "a.example", "a.example")
    yard.run("component", "update", "a")
    before = yard.lock("a")
    yard.components["a"] = yard.components["a"].replace("a.example", "b.example")
    yard.write()
    assert yard.run("component", "update", "a")[1] == "a: its configuration or its files changed\n"
    assert yard.lock("a") != before
