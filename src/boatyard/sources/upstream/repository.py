"""One bare repository for each dist-git package, shared by all projects and runs of a user.

    <root>/<package>-<digest of the address>.git

It is filled once and then only updated: commits and folders of a branch without file contents where the server allows
it (`--filter=blob:none`), then the files of the commits that are used, all missing ones in one request. Nothing is ever
removed from it, so a locked commit stays when upstream rewrites its history.

A server can only give objects: no configuration, no hooks, no submodules; git checks every object (fsck) and each
blob is hashed again when it is written out. Only the protocol of the address is allowed, redirects are not followed,
and outside of a fetch no protocol is, so that git cannot fetch behind our back. A kill at any moment leaves a
repository that can be used: objects and refs appear whole, and the next fetch, which holds the lock, sweeps the rest.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import SourceError, ToolError, TrustError
from boatyard.ports import clock
from boatyard.ports.files import locked, remove_tree
from boatyard.ports.folder import Folder
from boatyard.ports.route import is_here, shown
from boatyard.ports.run import Command
from boatyard.sources.upstream.tree import LINK, MAX_BYTES, PROGRAM, check_target, parse_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from boatyard.ports.run import Result, Runner
    from boatyard.sources.upstream.tree import TreeFile

MAX_PACK = 4 << 30
TIMEOUT_S = 3600
COMMIT = re.compile(r"[0-9a-f]{40}")
_ID = re.compile(r"[0-9a-f]{7,40}")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)*")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
_QUIET = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
# Odd in old commits of real packages, and of no harm.
_TOLERATED = ("missingSpaceBeforeDate", "zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeEmail")
_SETTINGS = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "credential.helper=", "gc.auto=0", "maintenance.auto=false",
    "submodule.recurse=false", "http.followRedirects=false", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60",
    "fetch.unpackLimit=1", "fetch.fsckObjects=true", "fetch.negotiationAlgorithm=default", "protocol.allow=never",
    "log.showSignature=false", "safe.directory=*", *(f"fetch.fsck.{kind}=ignore" for kind in _TOLERATED),
)  # fmt: skip
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules",
          "--filter=blob:none")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DistGit:
    """The repositories below `root`. `environ` names the proxy, and with SSL_CERT_FILE the authorities.

    `offline`: nothing is fetched. `pauses_s`: before each further attempt, when a server does not answer. `max_pack`:
    bytes of one fetch.
    """

    root: Path
    run: Runner
    environ: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    pauses_s: tuple[float, ...] = (1, 5)
    max_pack: int = MAX_PACK

    def repository(self, package: str, address: str) -> Repository:
        """That of a package; SourceError for an address that is not fetched from."""
        parts = urlsplit(address)
        if parts.scheme not in ("https", "git", "file") and not (parts.scheme == "http" and is_here(parts.hostname)):
            raise SourceError(
                f"{shown(address)} is not fetched from",
                hint="a dist-git repository is at https://, git:// or file://; at http:// only on this machine",
            )
        name = re.sub(r"[^A-Za-z0-9+._-]", "_", package)
        folder = self.root / f"{name}-{sha256_bytes(shown(address).encode())[:16]}.git"
        return Repository(package=package, address=address, dir=folder, means=self, scheme=parts.scheme)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The commits of one package. Methods that need what is not here fetch it, or say that it cannot be had."""

    package: str
    address: str
    dir: Path
    means: DistGit
    scheme: str

    def update(self, branch: str) -> None:
        """Fetches a branch as it is now; SourceError when there is none, or the server cannot be reached."""
        if not _BRANCH.fullmatch(branch) or ".." in branch or branch.endswith((".lock", ".")):
            raise SourceError(f"{branch!r} is no name of a branch", hint="correct `dist-git-branch`")
        self._fetch(f"+refs/heads/{branch}:refs/heads/{branch}")

    def tip(self, branch: str) -> str:
        """The newest commit of a branch when it was last updated; "" when it never was."""
        return self._find("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")

    def commit_at(self, branch: str, seconds: int) -> str:
        """The last commit of the branch's first-parent history that was committed at or before a moment, or ""."""
        return self._find("rev-list", "-1", "--first-parent", f"--min-age={seconds}", f"refs/heads/{branch}", "--")

    def full_id(self, commit: str) -> str:
        """The whole id of a commit that is here, given by 7 to 40 digits; "" when it is not."""
        if not _ID.fullmatch(commit):
            raise SourceError(f"{commit!r} is no commit", hint="a commit is 7 to 40 hexadecimal digits")
        return self._find("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")

    def require(self, commit: str, branch: str) -> str:
        """The whole id of a commit, fetched if need be: by its branch, then by itself."""
        found = self.full_id(commit)
        if not found and not self.means.offline:
            gone: SourceError | None = None
            try:
                self.update(branch)
            except SourceError as error:  # a branch may be deleted, and its commits still be there
                if error.temporary or not COMMIT.fullmatch(commit):
                    raise
                gone = error
            found = self.full_id(commit)
            if not found and COMMIT.fullmatch(commit):
                try:
                    self._fetch(commit)
                except SourceError as error:
                    raise gone or error from error
                found = self.full_id(commit)
        if not found:
            raise self._absent(f"commit {commit[:12]}", branch)
        return found

    def read(self, commit: str, path: str) -> bytes | None:
        """A file of a commit that is here; None when the commit has none. Links are not followed."""
        files = parse_tree(self._git("ls-tree", "-z", "--full-tree", commit, "--", path).stdout)
        if not files or files[0].mode == LINK:
            return None
        return self._contents(commit, files)[0]

    def write(self, commit: str, into: Path) -> None:
        """Writes the files of a commit into an empty folder: hashed again, with links that stay inside, no submodules.

        SourceError for a commit with paths or links that lead outside, and for more than MAX_BYTES.
        """
        try:
            files = parse_tree(self._git("ls-tree", "-r", "-z", "--full-tree", commit).stdout)
            with Folder(into) as folder:
                for file, content in zip(files, self._contents(commit, files), strict=True):
                    if file.mode == LINK:
                        folder.make_link(file.path, check_target(file.path, content))
                    else:
                        folder.write(file.path, content, 0o755 if file.mode == PROGRAM else 0o644)
        except SourceError as error:
            problem = error.problems[0]
            raise SourceError(
                f"{self.package}: {problem.what}", detail=problem.detail, hint=problem.hint, temporary=error.temporary
            ) from error

    def fetch_files(self, commit: str) -> None:
        """Fetches the contents of all files of a commit that is here."""
        self._want(self._missing(f"{commit}^{{tree}}"))

    def complete(self, commit: str, paths: Sequence[str]) -> None:
        """Fetches the given files of every commit that led to one; what tools that read a history need."""
        self._want(self._missing(commit, "--", *paths))

    def _contents(self, commit: str, files: Sequence[TreeFile]) -> list[bytes]:
        wanted = {file.blob for file in files}
        self._want(blob for blob in self._missing(f"{commit}^{{tree}}") if blob in wanted)
        asked = "".join(f"{file.blob}\n" for file in files).encode()
        found = self._git("cat-file", "--batch-check=%(objectname) %(objectsize)", given=asked)
        sizes = [int(line.split()[1]) for line in found.text.splitlines()]
        if sum(sizes) > MAX_BYTES:
            raise SourceError(f"the commit holds {sum(sizes)} bytes of files, and at most {MAX_BYTES} are taken")
        data, position, contents = self._git("cat-file", "--batch", given=asked).stdout, 0, []
        for file, size in zip(files, sizes, strict=True):
            start = data.index(b"\n", position) + 1
            content = data[start : start + size]
            position = start + size + 1
            named = hashlib.sha1(b"blob %d\0" % size + content, usedforsecurity=False).hexdigest()
            if named != file.blob:
                raise TrustError(
                    f"{self.package}: {file.path} is damaged in {self.dir}", hint="remove that folder; it is made anew"
                )
            contents.append(content)
        return contents

    def _missing(self, *of: str) -> list[str]:
        """The objects, of those reached from others, that are not here."""
        lines = self._git("rev-list", "--objects", "--no-object-names", "--missing=print", *of).text.split("\n")
        return [line[1:] for line in lines if line.startswith("?")]

    def _want(self, objects: Iterable[str]) -> None:
        wanted = list(objects)
        if wanted and self.means.offline:
            raise self._absent(f"{len(wanted)} files", "")
        if wanted:
            self._fetch(*wanted)

    def _fetch(self, *wanted: str) -> None:
        """Fetches refs or objects, under the lock of the repository."""
        if self.means.offline:
            raise self._absent("what is asked for", "")
        objects = bool(COMMIT.fullmatch(wanted[0]))
        haves = ("-c", "fetch.negotiationAlgorithm=noop") if objects and len(wanted) > 1 else ()
        with locked(self.dir.with_suffix(".lock")):
            self._begin()
            for attempt, pause_s in enumerate((*self.means.pauses_s, 0)):
                try:
                    self._git(*haves, *_FETCH, "--stdin", "origin", given="\n".join(wanted).encode(), online=True)
                    return
                except ToolError as error:
                    self._refuse(error, last=attempt == len(self.means.pauses_s), wanted=wanted)
                clock.sleep(pause_s)

    def _refuse(self, error: ToolError, *, last: bool, wanted: Sequence[str]) -> None:
        """Raises what a failed fetch means, unless another attempt may help."""
        told = error.problems[0].detail.replace(self.address, shown(self.address))
        if "no space left" in error.problems[0].what:
            raise error
        # At its limit git is ended by the kernel, and its parent only says that something went wrong.
        packs = [*self.dir.glob("objects/pack/tmp_*"), *self.dir.glob("objects/pack/*.pack")]
        if any(pack.stat().st_size >= self.means.max_pack for pack in packs):
            raise TrustError(
                f"{self.package}: {shown(self.address)} gives more than {self.means.max_pack} bytes",
                hint="nothing was kept",
            ) from error
        if "couldn't find remote ref" in told or "not our ref" in told:
            name = wanted[0].split(":")[0].removeprefix("+refs/heads/")
            raise self._absent(f"branch {name}" if ":" in wanted[0] else f"commit {name[:12]}", "") from error
        if "fsck" in told or "error in object" in told.lower() or "bad object" in told:
            raise TrustError(
                f"{self.package}: {shown(self.address)} gives an object that git does not trust", detail=told
            ) from error
        if last:
            raise SourceError(
                f"{self.package}: {shown(self.address)} cannot be fetched",
                detail=told or error.problems[0].what,
                hint="check the network and `dist-git-base-uri`; redirects are not followed",
                temporary=True,
            ) from error

    def _absent(self, what: str, branch: str) -> SourceError:
        if self.means.offline:
            return SourceError(
                f"{self.package}: {what} of {shown(self.address)} is not in the cache, and nothing is fetched offline",
                hint="`boatyard source mirror` fetches it while there is a network",
                temporary=True,
            )
        on = f" on branch {branch}" if branch else ""
        return SourceError(
            f"{self.package}: {shown(self.address)} has no {what}{on}",
            hint="it may have been removed or rewritten upstream; `boatyard component update` locks what is there now",
        )

    def _begin(self) -> None:
        """Makes the repository on first use, and removes what a killed fetch left. The lock is held."""
        if not self.dir.is_dir():
            new = self.dir.with_suffix(".new")
            remove_tree(new)
            self._git("init", "-q", "--bare", "--template=", "-b", "boatyard", str(new), here=False)
            new.rename(self.dir)
        for stale in (
            *self.dir.rglob("*.lock"),
            *self.dir.glob("objects/pack/tmp_*"),
            *self.dir.glob("objects/??/tmp_*"),
        ):
            remove_tree(stale)

    def _find(self, *words: str) -> str:
        if not self.dir.is_dir():
            return ""
        found = self._git(*words, ok=(0, 1, 128))
        return "" if found.code else found.text.strip()

    def _network(self) -> dict[str, str]:
        """How another host is reached; this machine is never asked for through a proxy."""
        if self.scheme != "https":
            return {}
        environ = self.means.environ
        authorities = environ.get("GIT_SSL_CAINFO") or environ.get("SSL_CERT_FILE") or ""
        found = {name: environ[name] for name in _PROXIES if environ.get(name)}
        return found | ({"GIT_SSL_CAINFO": authorities} if authorities else {})

    def _git(
        self,
        *words: str,
        ok: tuple[int, ...] = (0,),
        given: bytes | None = None,
        online: bool = False,
        here: bool = True,
    ) -> Result:
        """Runs git; `online` lets it speak the protocol of the address (no argument, for it may hold a password)."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        env = dict(_QUIET)
        argv = ["git", "--literal-pathspecs", *settings]
        if online:
            argv = ["prlimit", f"--fsize={self.means.max_pack}", "--core=0", *argv]
            argv += ["-c", f"protocol.{self.scheme}.allow=always"]
            env |= self._network()
            env |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "remote.origin.url",
                "GIT_CONFIG_VALUE_0": self.address,
            }
        if here:
            argv.append(f"--git-dir={self.dir}")
        command = Command(argv=(*argv, *words), env=env, ok=ok, input=given, timeout_s=TIMEOUT_S)
        return self.means.run(command)
