"""Signatures: RPMs and repodata signed with the project's key, and checked against it before anything is published."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.base.error import TrustError
from boatyard.ports.files import temporary_dir, write_atomic
from boatyard.ports.run import Command, find_program
from boatyard.ports.sandbox import Sandbox, inside
from boatyard.rpm.key import GNUPG_HOME, GPG, PUBLIC

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.ports.run import Runner
    from boatyard.rpm.key import SigningKey

FILES = "/files"
EXIT_CODES = tuple(range(256))  # of rpmkeys --checksig: how many files are bad
RPMKEYS = "rpmkeys --define '_dbpath /tmp/rpm' --define '_pkgverify_level all'"
VERIFY = f'{RPMKEYS} --import /key.asc && exec {RPMKEYS} --checksig "$@"'
GPGV = (
    f"mkdir -m 0700 /tmp/gpg && gpg --homedir /tmp/gpg --batch --quiet -o /tmp/key.gpg --dearmor {FILES}/key.asc && "
    f"exec gpgv --status-fd 1 --keyring /tmp/key.gpg {FILES}/signature {FILES}/data"
)
SIGN_MACROS = f"""\
%_gpg_name {{uid}}
%_gpg_path {GNUPG_HOME}
%__gpg /usr/bin/gpg
%_gpg_digest_algo sha256
"""


def sign_rpms(folder: Path, names: Sequence[str], key: SigningKey, run: Runner) -> None:
    """Signs RPMs of a folder in place (header and payload digest, RSA with SHA-256)."""
    if not names:
        return
    with temporary_dir(folder.parent) as home:
        write_atomic(home / ".rpmmacros", SIGN_MACROS.format(uid=key.uid))
        sandbox = key.sandbox.with_writable(folder, FILES).with_writable(home, "/home")
        argv = ("rpmsign", "--addsign", *(f"{FILES}/{name}" for name in names))
        run(inside(sandbox, Command(argv=argv, env={"HOME": "/home"})))


def sign_file(path: Path, key: SigningKey, run: Runner, *, epoch: int | None = None) -> bytes:
    """An armoured detached signature of a file.

    `epoch`: the time it tells, in seconds since 1970, so that the same file gets the same signature; a time before the
    key was made becomes that of the key, for none can be older (RFC 9580, 5.2.3.11).
    """
    sandbox = replace(key.sandbox, read_only=(*key.sandbox.read_only, (path, "/file")))
    argv = tuple(word for word in GPG if word != "--no-autostart")
    if epoch is not None:
        listed = run(inside(key.sandbox, Command(argv=(*GPG, "--with-colons", "--list-keys", f"={key.uid}")))).text
        made = next(int(line.split(":")[5]) for line in listed.splitlines() if line.startswith("pub:"))
        argv = (*argv, "--faked-system-time", f"{max(epoch, made)}!")
    command = Command(argv=(*argv, "--local-user", f"={key.uid}", "--detach-sign", "--armor", "-o-", "/file"))
    return run(inside(sandbox, command)).stdout


def verify_file(data: bytes, signature: bytes, public: bytes, folder: Path, run: Runner) -> None:
    """TrustError unless an armoured detached signature of `data` is by a key of the armoured `public`.

    `folder`: where temporary files may be.
    """
    with temporary_dir(folder) as work:
        for name, content in {"data": data, "signature": signature, "key.asc": public}.items():
            (work / name).write_bytes(content)
        sandbox = Sandbox(read_only=((work, FILES),))
        result = run(inside(sandbox, Command(argv=("sh", "-c", GPGV), ok=EXIT_CODES)))
    if result.code != 0 or not re.search(rb"^\[GNUPG:\] VALIDSIG ", result.stdout, re.MULTILINE):
        raise TrustError("the signature does not verify", detail=result.stderr.decode("utf-8", "replace")[-1000:])


def verify_rpms(folder: Path, names: Sequence[str], key: SigningKey, run: Runner) -> None:
    """TrustError naming the packages of a folder that lack a good signature by the key."""
    bad, told = unsigned_rpms(folder, names, key.home / PUBLIC, run)
    if bad:
        raise TrustError(
            f"{len(bad)} packages are not signed by the project's key",
            detail=told,
            hint="nothing was published; something changes or spoils files: run the same command again",
        )


def unsigned_rpms(folder: Path, names: Sequence[str], public: Path, run: Runner) -> tuple[list[str], str]:
    """The packages of a folder that lack a good signature by a key in the armoured file `public`, and rpm's words.

    The package database for it, which holds nothing but the key, is in the sandbox's memory.
    """
    find_program("rpmkeys")
    sandbox = Sandbox(read_only=((folder, FILES), (public, "/key.asc")))
    argv = ("sh", "-c", VERIFY, "sh", *(f"{FILES}/{name}" for name in names))
    result = run(inside(sandbox, Command(argv=argv, ok=EXIT_CODES))).text
    good = {line.removesuffix(": digests signatures OK") for line in result.splitlines()}
    bad = [name for name in names if f"{FILES}/{name}" not in good]
    shown = [line.removeprefix(f"{FILES}/") for line in result.splitlines() if "signatures OK" not in line]
    return bad, "\n".join(shown[:10])
