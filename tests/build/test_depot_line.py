"""A shared store that is slow, busy, cut off, killed or refuses: told to people, gone on from, never half an object."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.build.azurite import ACCOUNT, CONTAINER, KEY, Azurite, free_port, running_azurite
from tests.build.bad_line import BadLine, bad_line

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import BoatyardError, ConfigError, SourceError, ToolError
from boatyard.build.depot import Depot, object_name, record_name
from boatyard.build.depot_sweep import verify
from boatyard.ports.objects import CloudObjects, Endurance, open_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.tool
RECORD = "ab" * 32
IMPATIENT = Endurance(silence_s=5, request_s=30, attempts=3, retry_s=10, pause_s=0.05)
BIG = random.Random(1).randbytes(20 << 20)  # three parts


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with running_azurite(tmp_path_factory.mktemp("azurite")) as server:
        server.make_container()
        yield server


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("AZURE_", "AWS_")):
            monkeypatch.delenv(name)


def use(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        if name.startswith(("AZURE_", "AWS_")):
            monkeypatch.setenv(name, value)


@pytest.fixture
def line(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[BadLine]:
    """The way to the server, which every client of the test takes."""
    with bad_line(azurite.port) as line:
        use(azurite.environment(line.port), monkeypatch)
        yield line


@pytest.fixture
def store(line: BadLine, tmp_path: Path) -> CloudObjects:
    return CloudObjects("az", CONTAINER, tmp_path.name, IMPATIENT)


def test_busy_server_is_asked_again(store: CloudObjects, line: BadLine, tmp_path: Path) -> None:
    line.refuse = 2
    assert store.create("ac/x", b"data")
    assert line.refuse == 0
    assert line.seen >= 3
    assert store.read("ac/x", limit=9) == b"data"


def test_server_that_stays_busy_is_told(store: CloudObjects, line: BadLine) -> None:
    line.refuse = 1000
    with pytest.raises(SourceError, match="cannot be reached") as told:
        store.create("ac/x", b"data")
    assert told.value.temporary
    assert "503" in str(told.value)
    assert line.seen == IMPATIENT.attempts


def test_broken_download_goes_on(store: CloudObjects, line: BadLine, tmp_path: Path) -> None:
    """Three connections break in the middle of a part."""
    with Depot(tmp_path / "one", store) as one:
        digest = one.put_bytes(BIG)
    with Depot(tmp_path / "two", CloudObjects("az", CONTAINER, tmp_path.name, IMPATIENT)) as two:
        line.cuts, line.cut_after = 3, 3 << 20
        assert two.fetch(digest).read_bytes() == BIG
        assert line.cuts == 0


def test_silent_server_is_given_up(store: CloudObjects, line: BadLine, tmp_path: Path) -> None:
    store.write("cas/x", b"data")
    line.pause_s = 1000
    impatient = Endurance(silence_s=1, request_s=30, attempts=2, retry_s=5, pause_s=0.05)
    with pytest.raises(SourceError, match="cannot be reached"):
        CloudObjects("az", CONTAINER, tmp_path.name, impatient).read("cas/x", limit=9)


def test_dripping_server_is_given_up(store: CloudObjects, line: BadLine, tmp_path: Path) -> None:
    """Each wait is short, and the whole would take ten minutes."""
    (tmp_path / "big").write_bytes(BIG)
    store.upload("cas/big", tmp_path / "big")
    line.pause_s = 0.5
    impatient = Endurance(silence_s=5, request_s=3, attempts=2, retry_s=5, pause_s=0.05)
    with pytest.raises(SourceError, match="cannot be reached"):
        CloudObjects("az", CONTAINER, tmp_path.name, impatient).download("cas/big", tmp_path / "to")


def test_work_goes_on_with_what_is_here_while_the_server_is_gone(
    store: CloudObjects, line: BadLine, tmp_path: Path
) -> None:
    with Depot(tmp_path / "one", store) as one:
        digest = one.put_bytes(b"content")
        one.put_record(RECORD, b"data", [digest])
    line.refuse = 1000
    with Depot(tmp_path / "one", CloudObjects("az", CONTAINER, tmp_path.name, IMPATIENT)) as one:
        assert one.record(RECORD) == b"data"
        seen = line.seen
        assert one.record(RECORD) == b"data"
        assert line.seen == seen, "it is asked once, not for every record"
        assert one.fetch(digest).read_bytes() == b"content"
        with pytest.raises(SourceError):
            one.record("cd" * 32)


def test_server_killed_in_an_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in an upload, started again, asked again: the object is whole or not there, and there in the end."""
    chance = random.Random(4)
    with running_azurite(tmp_path) as server:
        server.make_container()
        server.stop()  # what it knows of containers is on its disk after that only
        server.start()
        use(server.environment(), monkeypatch)
        for number in range(2):
            content = BIG + bytes([number])
            digest = sha256_bytes(content)
            store = CloudObjects("az", CONTAINER, "depot", IMPATIENT)
            timer = threading.Timer(chance.random() * 0.4, server.stop, [signal.SIGKILL])
            with Depot(tmp_path / "one", store) as one:
                timer.start()
                with contextlib.suppress(SourceError):
                    one.put_bytes(content)
                timer.join()
                server.start()
                found = open_objects(f"az://{CONTAINER}/depot").find(object_name(digest))
                assert found is None or found.size == len(content)
                one.put_bytes(content)
            with Depot.open(tmp_path / f"two{number}", f"az://{CONTAINER}/depot") as two:
                assert two.fetch(digest).read_bytes() == content


def test_two_upload_the_same_at_once(azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure drops the parts that one has sent when the other's object is complete."""
    use(azurite.environment(), monkeypatch)
    (tmp_path / "big").write_bytes(BIG)
    both = threading.Barrier(4)

    def upload(number: int) -> None:
        store = CloudObjects("az", CONTAINER, tmp_path.name, IMPATIENT)
        for turn in range(5):
            both.wait(timeout=120)
            store.upload(f"cas/{turn}", tmp_path / "big")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upload, range(4)))
    store = CloudObjects("az", CONTAINER, tmp_path.name, IMPATIENT)
    for turn in range(5):
        assert store.download(f"cas/{turn}", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == BIG


def test_interrupt_ends_the_wait_for_a_silent_server(azurite: Azurite, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = azurite.environment(silent.getsockname()[1]) | {"BOATYARD_CACHE": str(tmp_path)}
        words = ["store", "verify", "--at", f"az://{CONTAINER}"]
        argv = [sys.executable, "-m", "boatyard", *words]
        child = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            child.send_signal(signal.SIGINT)
            _, told = child.communicate(timeout=20)  # it would go on trying for two minutes
    assert child.returncode == 130
    assert "interrupted" in told


def test_killed_client_leaves_no_record_without_objects(
    azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    use(azurite.environment(), monkeypatch)
    address = f"az://{CONTAINER}/{tmp_path.name}"
    for number in range(4):
        words = [str(tmp_path / "one"), str(number), "1000", address]
        child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("depot_child.py")), *words],
            cwd=Path(__file__).parents[2],
            stderr=subprocess.DEVNULL,
        )
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1.5 + chance.random())
        child.kill()
        child.wait(timeout=60)
    verified = verify(open_objects(address))
    assert verified.damage == ()
    assert verified.records > 0


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"ACCOUNT_KEY": "AAAA" + KEY[4:]}, ToolError, ("refuses", "wrong, have expired", "AZURE_STORAGE_ACCOUNT_KEY")),
        ({"ACCOUNT_KEY": "no base64!"}, ToolError, ("no credentials", "AZURE_STORAGE_ACCOUNT_KEY")),
        ({"ACCOUNT_NAME": ""}, ToolError, ("no credentials", "AZURE_STORAGE_ACCOUNT_NAME")),
        ({"ACCOUNT_KEY": "", "SAS_TOKEN": "sv=2021&sig=geheim"}, ToolError, ("refuses", "AZURE_STORAGE_SAS_TOKEN")),
    ],
    ids=["wrong key", "bad key", "no account", "bad token"],
)
def test_credentials_that_do_not_do(
    azurite: Azurite,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    kind: type[BoatyardError],
    words: tuple[str, ...],
) -> None:
    use(azurite.environment(**change), monkeypatch)
    for call in (
        lambda store: store.create("ac/x", b"x"),
        lambda store: store.read("ac/x", limit=9),
        lambda store: store.find("ac/x"),
        lambda store: list(store.list("ac")),
    ):
        with pytest.raises(kind) as told:
            call(CloudObjects("az", CONTAINER, "", IMPATIENT))
        for word in words:
            assert word in str(told.value)
        for secret in (KEY, KEY[4:], "geheim", "no base64!"):
            assert secret not in str(told.value)


@pytest.mark.parametrize("call", ["find", "read", "download", "upload", "create", "list", "delete", "renew"])
def test_missing_container_is_told(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: str
) -> None:
    use(azurite.environment(), monkeypatch)
    store = CloudObjects("az", "nowhere", "depot", IMPATIENT)
    (tmp_path / "file").touch()
    calls = {
        "find": lambda: store.find("x"),
        "read": lambda: store.read("x", limit=9),
        "download": lambda: store.download("x", tmp_path / "file"),
        "upload": lambda: store.upload("x", tmp_path / "file"),
        "create": lambda: store.create("x", b""),
        "list": lambda: list(store.list("x")),
        "delete": lambda: store.delete("x"),
        "renew": lambda: store.renew("x"),
    }
    with pytest.raises(ConfigError, match="there is no container behind az://nowhere/depot") as told:
        calls[call]()
    assert "make it" in told.value.hint


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use(Azurite(tmp_path, free_port()).environment(), monkeypatch)
    with pytest.raises(SourceError, match=f"az://{CONTAINER} cannot be reached"):
        CloudObjects("az", CONTAINER, "", IMPATIENT).find("x")


@pytest.mark.parametrize(
    ("scheme", "name"), [("az", "AZURE_STORAGE_ENDPOINT"), ("s3", "AWS_ENDPOINT_URL"), ("s3", "AWS_ENDPOINT_URL_S3")]
)
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://192.0.2.1/x",
        "http://169.254.169.254",
        "http://example.org",
        "ftp://127.0.0.1",
        "https://u:p@127.0.0.1",
        "http://127.0.0.1.example.org",
        "https://127.0.0.1?sig=1",
        "http://[::2]",
        "http://[",
        "127.0.0.1:9",
    ],
)
def test_plain_http_is_for_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, scheme: str, name: str, endpoint: str
) -> None:
    use({name: endpoint, "AWS_ALLOW_HTTP": "true", "AZURE_ALLOW_HTTP": "true"}, monkeypatch)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
    with pytest.raises(ConfigError, match=r"plain http|no usable server") as told:
        open_objects(f"{scheme}://boatyard")
    assert "u:p" not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        "boatyard",
        "/srv/store",
        "http://127.0.0.1/x",
        "gs://bucket",
        "memory:///",
        "s3://",
        "s3://B_b",
        "az://x",
        "s3://bucket/../x",
        "s3://[",
        "s3://bucket/a//b",
        "s3://key:geheim@bucket",
        "az://depot?sig=geheim",
        "az://depot#geheim",
        "file://host/x",
        "file:",
        "file:///",
        "s3://bucket:1",
        "az://depot/%2e%2e",
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ConfigError) as told:
        open_objects(address)
    assert "geheim" not in str(told.value)
    assert told.value.hint


def test_folder_that_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder") as told:
        open_objects(f"file://{tmp_path}/share")
    assert "mount it" in told.value.hint
    assert not (tmp_path / "share").exists()


def test_record_that_grew_endless_is_not_read(store: CloudObjects, tmp_path: Path) -> None:
    store.write(record_name(RECORD), b"x" * 2000)
    assert store.read(record_name(RECORD), limit=1000) is None
