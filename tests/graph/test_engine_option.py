"""Options of engines, and what the commands of a cluster refuse before they listen anywhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from boatyard.base.error import ConfigError, ToolError
from boatyard.base.where import Where
from boatyard.cli.engine import add_engine_options, opened_executor
from boatyard.cli.main import main
from boatyard.graph.engine.carry import find_function
from boatyard.graph.engine.dask import Tls, load_distributed, security
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.engine.message import Reply, Request, decode_reply, decode_request, encode, reply_of
from boatyard.graph.engine.serve import refuse_strangers


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_engine_options(parser)
    return parser.parse_args(words)


def test_without_options_tasks_run_here(tmp_path: Path) -> None:
    with opened_executor(parsed("--jobs", "3"), tmp_path, {}) as executor:
        assert isinstance(executor, LocalExecutor)
        assert [worker.slots for worker in executor.workers()] == [3]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--engine", "dask"), "--engine dask needs --scheduler"),
        (("--engine", "local", "--scheduler", "tcp://127.0.0.1:1"), "--scheduler is for --engine dask"),
        (("--scheduler", "tcp://127.0.0.1:1", "-j", "2"), "--jobs is for this machine"),
        (("--scheduler", "tcp://127.0.0.1:1", "--tls-ca", "x"), "need all of --tls-ca, --tls-cert and --tls-key"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        opened_executor(parsed(*words), tmp_path, {})


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "", "٣", "9" * 30])
def test_counts_are_whole_numbers(text: str) -> None:
    with pytest.raises(argparse.ArgumentError):
        parsed("--jobs", text)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "127.example.org", "build.example.org", ""])
def test_other_machines_are_kept_out_without_tls(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could run code here"):
        refuse_strangers(host, None, insecure=False)
    refuse_strangers(host, None, insecure=True)
    refuse_strangers(host, Tls(tmp_path, tmp_path, tmp_path), insecure=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_may_listen_to_itself(host: str) -> None:
    refuse_strangers(host, None, insecure=False)


def test_the_commands_say_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scheduler", "--listen", "0.0.0.0"]) == 2
    assert "whoever reaches 0.0.0.0 could run code here" in capsys.readouterr().err
    assert main(["worker", "--scheduler", "tcp://127.0.0.1:1", "--memory", "much"]) == 2
    assert "--memory: 'much' is not a size" in capsys.readouterr().err
    assert main(["worker", "--scheduler", "tcp://127.0.0.1:1", "--tls-key", "x"]) == 2
    assert "need all of" in capsys.readouterr().err


def test_without_dask_the_message_tells_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(ToolError, match="need Dask, which is not installed") as caught:
        load_distributed()
    assert "pip install 'boatyard[dask]'" in caught.value.hint


def test_tls_needs_its_files(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"ca\.pem is no file"):
        security(Tls(tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem"))


def test_functions_are_found_or_told() -> None:
    assert find_function("tests.graph.toy:do_nothing").__name__ == "do_nothing"
    for name in ("nothing.at.all:x", "boatyard:nothing", "boatyard", ":", ""):
        with pytest.raises(ToolError, match="there is no function"):
            find_function(name)


def test_messages_come_back_as_they_were() -> None:
    request = Request("c", "1", "m:f", "less", "build", 2, 512, b"\0\xff")
    assert decode_request(encode(request)) == request
    error = ConfigError("wrong", where=Where(Path("a.toml"), 3, "x.y"), detail="d", hint="h")
    told = decode_reply(encode(reply_of(error, 1.5, "w"))).error()
    assert type(told) is ConfigError
    assert str(told) == str(error)
    assert decode_reply(encode(Reply(answer=b"\0"))).error() is None


@pytest.mark.parametrize("kind", ["Problem", "SystemExit", "__builtins__", "Sequence", "nothing"])
def test_a_class_that_is_no_error_of_ours_is_never_made(kind: str) -> None:
    error = Reply(kind=kind).error()
    assert type(error).__name__ == "BoatyardError"


@pytest.mark.parametrize("data", [b"", b"{}", b"\x80\x04", b"[1]"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode_request(data)
