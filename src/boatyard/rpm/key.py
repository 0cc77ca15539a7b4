"""The project's signing key: made on first use, kept in a GnuPG home of its own, outside every output folder.

gpg and its agent run in a sandbox that sees this home and nothing else of the user's; the agent ends with the sandbox.
The key has no passphrase, so that builds run unattended: whoever can read the home can sign. It is mode 0700.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import TrustError
from boatyard.ports.files import locked, replacing_dir, sweep_temporaries, write_atomic, writing_to
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard.ports.run import Runner

GNUPG_HOME = "/gnupg"
GPG = ("gpg", "--homedir", GNUPG_HOME, "--batch", "--no-tty", "--quiet", "--no-autostart")
PUBLIC = "public.asc"
# The home is read-only where it is used, so any number of programs can sign at once and none can spoil it.
GPG_CONF = "lock-never\ntrust-model always\nno-auto-check-trustdb\n"
PARAMETERS = """\
%no-protection
Key-Type: RSA
Key-Length: 3072
Key-Usage: sign
Name-Real: {name}
Name-Email: {email}
Expire-Date: 0
%commit
"""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret key on disk. `name`: the project's; `home`: the GnuPG home; `uid`: gpg's; `public`: armoured."""

    name: str
    home: Path
    uid: str
    public: bytes

    @property
    def digest(self) -> str:
        """Names the key in cache keys."""
        return sha256_bytes(self.public)

    @property
    def sandbox(self) -> Sandbox:
        """Where the key can be used."""
        return Sandbox(read_only=((self.home, GNUPG_HOME),))


def keys_dir(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_DATA_HOME/boatyard/keys`, by default under ~/.local/share."""
    env = os.environ if environ is None else environ
    base = env.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local/share") / "boatyard/keys"


def find_or_make_key(folder: Path, name: str, email: str, run: Runner) -> SigningKey:
    """The key in a folder named after the project, made when there is none. Two processes at once get the same key."""
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    home = folder / "gnupg"
    with locked(folder / "lock"):
        sweep_temporaries(folder)  # a killed run may have left half a key
        if not (home / PUBLIC).is_file():
            with replacing_dir(home) as temporary:
                temporary.chmod(0o700)
                _make(temporary, name, email, run)
    public = (home / PUBLIC).read_bytes()
    if b"BEGIN PGP PUBLIC KEY BLOCK" not in public:
        raise TrustError(
            f"{home / PUBLIC} is no public key", hint="restore it from a copy, or remove the folder for a new key"
        )
    return SigningKey(folder.name, home, f"{name} <{email}>", public)


def _make(home: Path, name: str, email: str, run: Runner) -> None:
    sandbox = Sandbox(writable=((home, GNUPG_HOME),))
    argv = tuple(word for word in GPG if word != "--no-autostart")
    parameters = PARAMETERS.format(name=name, email=email).encode()
    run(inside(sandbox, Command(argv=(*argv, "--generate-key"), input=parameters)))
    public = run(inside(sandbox, Command(argv=(*GPG, "--export", "--armor", f"={name} <{email}>")))).stdout
    write_atomic(home / "gpg.conf", GPG_CONF)
    write_atomic(home / PUBLIC, public)
