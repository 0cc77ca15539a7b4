"""Stores of objects: a folder, S3 or Azure Blob behind one interface; the one door to obstore.

An address is `file:///folder`, `s3://bucket/prefix` or `az://container/prefix`. Credentials are never part of it:
obstore takes them from the environment (`AWS_…`, `AZURE_STORAGE_…`) or from the machine's own identity. Plain http is
used to this machine only. An object appears whole or not at all, in each kind of store.
"""

from __future__ import annotations

import ipaddress
import os
import re
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import unquote, urlsplit

from boatyard.base.error import BoatyardError, ConfigError, SourceError, ToolError
from boatyard.ports.object_folder import FolderObjects, Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeVar
    from urllib.parse import SplitResult

    from obstore.store import AzureConfig, AzureStore, ClientConfig, RetryConfig, S3Config, S3Store

    Given = TypeVar("Given")

EXAMPLES = "file:///srv/boatyard, s3://bucket/prefix or az://container/prefix"
PART = 8 << 20  # bytes asked for, or sent, in one request
PARTS_AT_ONCE = 4
SAME_AT_ONCE = 5
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,62}")
_PREFIX = re.compile(r"(?!\.{1,2}(/|$))[A-Za-z0-9._-]+(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_NO_CONTAINER = {"ContainerNotFound", "NoSuchBucket", "ContainerBeingDeleted", "ContainerDisabled"}
_NO_RIGHT = {
    "AccessDenied", "AuthenticationFailed", "AuthorizationFailure", "AuthorizationPermissionMismatch", "ExpiredToken",
    "InvalidAccessKeyId", "InvalidAuthenticationInfo", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired",
}  # fmt: skip
# What obstore reads, the first that is set; given to it again, so that what was looked at is what is used.
_ENDPOINTS = {
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
}
_VARIABLES = {
    "az": "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN or a managed identity",
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or the machine's role",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endurance:
    """How long to put up with a server: `silence_s` without a byte, `request_s` for one request of at most `PART`
    bytes, and `attempts` of each within `retry_s`."""

    silence_s: float = 30
    request_s: float = 300
    attempts: int = 5
    retry_s: float = 120
    pause_s: float = 0.2


class Objects(Protocol):
    """A store. Names are relative, with `/`; whoever calls has checked them.

    Every call may raise SourceError (no answer: `temporary`), ToolError (refused) or ConfigError (no such container).
    """

    address: str

    def find(self, name: str) -> Found | None:
        """Size and date of an object; None when there is none."""

    def read(self, name: str, *, limit: int) -> bytes | None:
        """The content of a small object; None when there is none or it has more than `limit` bytes."""

    def download(self, name: str, to: Path) -> bool:
        """Writes the content over the file `to`; False when there is no such object."""

    def upload(self, name: str, source: Path) -> None:
        """Makes an object of a file's content, in the place of another of that name."""

    def write(self, name: str, data: bytes) -> None:
        """The same with the content of a small one."""

    def create(self, name: str, data: bytes) -> bool:
        """Makes a small object unless there is one of that name: of all who try at once, one is told True."""

    def renew(self, name: str) -> None:
        """Makes the date of a small object that of today. Nothing happens when there is none, or it just changed."""

    def list(self, prefix: str) -> Iterator[tuple[str, Found]]:
        """Name, size and date of all objects below `prefix`, in any order."""

    def delete(self, name: str) -> None:
        """Removes an object, if there is one."""


def open_objects(address: str, endurance: Endurance | None = None) -> Objects:
    """The store at an address. ConfigError when it is none; whether anybody answers there shows at the first use."""
    parts = _parts(address)
    place = parts.path.strip("/")
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/") or place == "":
            raise ConfigError(f"{address} names no folder of this machine", hint="write file:///srv/boatyard")
        folder = Path(unquote(parts.path))
        if not folder.is_dir():  # never made: it may be a share that is not mounted
            raise ConfigError(f"there is no folder {folder}", hint="make it, or mount it")
        return FolderObjects(folder, address=address)
    if parts.scheme not in _VARIABLES:
        raise ConfigError(f"{address!r} is no store that Boatyard knows", hint=f"write {EXAMPLES}")
    if not _BUCKET.fullmatch(parts.netloc) or (place and not _PREFIX.fullmatch(place)):
        raise ConfigError(f"{address!r} is no address of a store", hint=f"write {EXAMPLES}")
    return CloudObjects(parts.scheme, parts.netloc, place, endurance or Endurance())


class CloudObjects:
    """A bucket of S3 (or of a server that speaks like it), or a container of Azure Blob. Threads may share it."""

    def __init__(self, scheme: str, bucket: str, prefix: str, endurance: Endurance) -> None:
        self.address = f"{scheme}://{bucket}" + (f"/{prefix}" if prefix else "")
        self._scheme, self._checked = scheme, False
        try:
            self._store = _connect(scheme, bucket, prefix, endurance, _endpoint(self.address, scheme, os.environ))
        except BoatyardError:
            raise
        except Exception as error:
            self._fail(error)

    def find(self, name: str) -> Found | None:
        import obstore

        meta = self._ask(lambda: obstore.head(self._store, name))
        return None if meta is None else Found(meta["size"], meta["last_modified"].timestamp())

    def read(self, name: str, *, limit: int) -> bytes | None:
        import obstore

        result = self._ask(lambda: obstore.get(self._store, name))
        if result is None or result.meta["size"] > limit:
            return None
        return self._ask(lambda: bytes(result.bytes()))

    def download(self, name: str, to: Path) -> bool:
        """Part by part, so that a connection that breaks costs one part."""
        import obstore

        found = self.find(name)
        if found is None:
            return False
        with to.open("wb") as stream:
            for start in range(0, found.size, PART):
                length = min(PART, found.size - start)
                part = self._ask(partial(obstore.get_range, self._store, name, start=start, length=length))
                if part is None:
                    return False
                stream.write(part)
        return True

    def upload(self, name: str, source: Path) -> None:
        import obstore

        put = partial(obstore.put, self._store, name, source, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)
        for _ in range(SAME_AT_ONCE):
            try:
                _wait(put)
                return
            except Exception as error:
                if "InvalidBlockList" not in str(error):
                    self._fail(error)
            # Another has put an object of this name at the same time, and Azure dropped the parts that were sent here.
            found = self.find(name)
            if found is not None and found.size == source.stat().st_size:
                return
        raise SourceError(f"{self.address} takes no {name}: others put it all the time", temporary=True)

    def write(self, name: str, data: bytes) -> None:
        import obstore

        self._put(lambda: obstore.put(self._store, name, data))

    def create(self, name: str, data: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            _wait(lambda: obstore.put(self._store, name, data, mode="create"))
        except AlreadyExistsError:
            # A repeated request may have found its own work: an answer was lost, and obstore asked again.
            return self.read(name, limit=len(data)) == data
        except Exception as error:
            self._fail(error)
        return True

    def renew(self, name: str) -> None:
        import obstore
        from obstore.exceptions import PreconditionError

        result = self._ask(lambda: obstore.get(self._store, name))
        if result is None:
            return
        tag = result.meta["e_tag"]
        try:
            data = _wait(lambda: bytes(result.bytes()))
            _wait(lambda: obstore.put(self._store, name, data, mode={"e_tag": tag} if tag else None))
        except PreconditionError:
            return
        except Exception as error:
            self._fail(error)

    def list(self, prefix: str) -> Iterator[tuple[str, Found]]:
        import obstore

        try:
            batches = iter(obstore.list(self._store, prefix, chunk_size=1000))
            while batch := _wait(lambda: next(batches, None)):
                for meta in batch:
                    yield meta["path"], Found(meta["size"], meta["last_modified"].timestamp())
        except Exception as error:
            self._fail(error)

    def delete(self, name: str) -> None:
        import obstore

        self._ask(lambda: obstore.delete(self._store, name))

    def _ask(self, call: Callable[[], Given]) -> Given | None:
        """What a call gives; None when there is no such object, but an error when the whole container is not there."""
        try:
            return _wait(call)
        except FileNotFoundError:
            self._check_container()
            return None
        except Exception as error:
            self._fail(error)

    def _put(self, call: Callable[[], object]) -> None:
        try:
            _wait(call)
        except Exception as error:
            self._fail(error)

    def _check_container(self) -> None:
        """A missing object and a missing container are the same to HEAD, which has no text: a listing tells."""
        import obstore

        if not self._checked:
            try:
                listed = iter(obstore.list(self._store, "none-of-this-name", chunk_size=1))
                _wait(lambda: next(listed, None))
            except Exception as error:
                self._fail(error)
            self._checked = True

    def _fail(self, error: Exception) -> NoReturn:
        """Raises what to tell of an error of obstore's, without the part of it that may hold a signature."""
        from obstore.exceptions import BaseError

        if not isinstance(error, BaseError | OSError):
            raise error
        text = str(error).partition("Debug source")[0]
        code = next(iter(_CODE.findall(text)), "")
        short = re.sub(r"\?[^\s\"')]*", "", " ".join(text.partition("<?xml")[0].split()))[:300].rstrip(": ")
        detail = f"{short} {code}".strip()
        variables = _VARIABLES[self._scheme]
        if code in _NO_CONTAINER:
            what = "container" if self._scheme == "az" else "bucket"
            raise ConfigError(
                f"there is no {what} behind {self.address}", detail=detail, hint=f"make it, or mend the {what}'s name"
            ) from None
        refused = type(error).__name__ in ("PermissionDeniedError", "UnauthenticatedError")
        if refused or code in _NO_RIGHT:
            raise ToolError(
                f"{self.address} refuses: the credentials are wrong, have expired, or have no right to do this",
                detail=detail,
                hint=f"set {variables}",
            ) from None
        if re.search("token request|/latest/api/token|must be specified|Invalid Access Key|Missing", text):
            raise ToolError(f"no credentials for {self.address}", detail=detail, hint=f"set {variables}") from None
        raise SourceError(
            f"{self.address} cannot be reached, or does not do what it should",
            detail=detail,
            hint="run the same command again when it answers: what is finished is kept",
            temporary=True,
        ) from None


def _wait(call: Callable[[], Given]) -> Given:
    """What a call of obstore gives. It sees no signals, so the main thread leaves it to another thread and waits."""
    if threading.current_thread() is not threading.main_thread():
        return call()
    outcome: Future[Given] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, name="store").start()
    return outcome.result()


def _parts(address: str) -> SplitResult:
    """ConfigError for an address that holds more than a place, without telling what: it may be a password."""
    try:
        parts = urlsplit(address)
        more = parts.username is not None or parts.query or parts.fragment or parts.port is not None
    except ValueError:
        raise ConfigError("the address of the store cannot be read", hint=f"write {EXAMPLES}") from None
    if more:
        raise ConfigError(
            f"the address of the {parts.scheme} store holds more than a place",
            hint="credentials belong in the environment, where other users of this machine cannot read them; write"
            f" {EXAMPLES}",
        )
    return parts


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _endpoint(address: str, scheme: str, environ: Mapping[str, str]) -> str:
    """The server that the environment names; empty for that of Amazon or Microsoft."""
    endpoint = next((environ[name] for name in _ENDPOINTS[scheme] if environ.get(name)), "")
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit("bad:"), ""
    if endpoint and (parts.scheme not in ("http", "https") or not host or parts.query or parts.username is not None):
        raise ConfigError(
            f"the environment names no usable server for {address}",
            hint=f"{' or '.join(_ENDPOINTS[scheme])} should be https://host, without credentials",
        )
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ConfigError(
            f"{address} would be reached over plain http: anybody on the way could read and change it",
            hint="name an https endpoint in the environment; plain http is for this machine only",
        )
    return endpoint


def _connect(scheme: str, bucket: str, prefix: str, endurance: Endurance, endpoint: str) -> S3Store | AzureStore:
    from obstore.store import AzureStore, S3Store

    options: ClientConfig = {
        "allow_http": endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=min(10, endurance.silence_s)),
        "read_timeout": timedelta(seconds=endurance.silence_s),
        "timeout": timedelta(seconds=endurance.request_s),
    }
    retry: RetryConfig = {
        "max_retries": endurance.attempts - 1,
        "retry_timeout": timedelta(seconds=endurance.retry_s),
        "backoff": {
            "init_backoff": timedelta(seconds=endurance.pause_s),
            "max_backoff": timedelta(seconds=10),
            "base": 3,
        },
    }
    place = prefix or None
    if scheme == "az":
        account: AzureConfig = {"endpoint": endpoint} if endpoint else {}
        return AzureStore(bucket, prefix=place, config=account, client_options=options, retry_config=retry)
    service: S3Config = {"endpoint": endpoint} if endpoint else {}
    return S3Store(bucket, prefix=place, config=service, client_options=options, retry_config=retry)
