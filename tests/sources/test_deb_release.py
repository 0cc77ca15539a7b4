"""InRelease: nothing is believed but what the archive's key has signed, of the right suite, at the right time."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import SourceError, ToolError, TrustError
from boatyard.sources.deb.release import parse_release, read_release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sources.deb_archive import Signer, Suite

    from boatyard.ports.run import HostRunner
    from boatyard.sources.deb.release import Trust

pytestmark = pytest.mark.tool

DAY = 86_400


@pytest.fixture
def text(suite: Suite) -> bytes:
    return suite.release(b"packed")


def test_a_signed_suite_is_read(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    release = read_release(signer.sign(text), "trixie", trust, run)
    listed = release.file("main/binary-amd64/Packages.xz")
    assert (listed.size, listed.sha256) == (6, hashlib.sha256(b"packed").hexdigest())
    assert release.path_of(listed) == f"main/binary-amd64/by-hash/SHA256/{listed.sha256}"
    assert read_release(signer.sign(text), "stable", trust, run).codename == "trixie"
    with pytest.raises(SourceError, match="has no main/binary-riscv64/Packages"):
        release.file("main/binary-riscv64/Packages")


def test_every_changed_byte_is_noticed(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    signed = signer.sign(text)
    start, end = signed.index(b"Origin"), signed.index(b"-----BEGIN PGP SIGNATURE")
    for position in range(start, end - 1, max(1, (end - start) // 25)):
        changed = bytearray(signed)
        changed[position] ^= 1
        with pytest.raises(TrustError):
            read_release(bytes(changed), "trixie", trust, run)


@pytest.mark.parametrize("percent", range(0, 91, 5))
def test_a_truncated_file_is_refused(percent: int, text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    signed = signer.sign(text)
    with pytest.raises(TrustError):
        read_release(signed[: len(signed) * percent // 100], "trixie", trust, run)


FORGED = b" " + b"0" * 64 + b" 6 main/binary-amd64/Forged.xz\n"


def test_text_before_the_signed_message_is_refused(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    with pytest.raises(TrustError, match="not one signed message"):
        read_release(text + FORGED + signer.sign(text), "trixie", trust, run)


def test_text_after_the_signed_message_counts_for_nothing(
    text: bytes, signer: Signer, trust: Trust, run: HostRunner
) -> None:
    signed = signer.sign(text)
    try:
        release = read_release(signed + b"SHA256:\n" + FORGED, "trixie", trust, run)
    except TrustError:
        return
    assert release == read_release(signed, "trixie", trust, run)


def test_unsigned_headers_of_the_message_are_not_read(
    text: bytes, signer: Signer, trust: Trust, run: HostRunner
) -> None:
    signed = signer.sign(text).replace(b"\n\n", b"\nSHA256:\n" + FORGED + b"\n", 1)
    with pytest.raises(TrustError):
        read_release(signed, "trixie", trust, run)


def test_two_messages_are_refused(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    with pytest.raises(TrustError, match="not one signed message"):
        read_release(signer.sign(text) * 2, "trixie", trust, run)


def test_another_key_is_refused(text: bytes, signers: Callable[..., Signer], trust: Trust, run: HostRunner) -> None:
    with pytest.raises(TrustError, match="does not verify") as error:
        read_release(signers("stranger").sign(text), "trixie", trust, run)
    assert "debian-archive-keyring" in error.value.hint


def test_no_signature_is_refused(text: bytes, trust: Trust, run: HostRunner) -> None:
    for data in (text, b"", b"<html>Welcome, please log in</html>"):
        with pytest.raises(TrustError, match="not one signed message"):
            read_release(data, "trixie", trust, run)


def test_a_bare_signature_is_refused(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    signed = signer.sign(text)
    with pytest.raises(TrustError):
        read_release(signed[signed.index(b"-----BEGIN PGP SIGNATURE") :], "trixie", trust, run)


def test_an_expired_key_is_refused(text: bytes, signers: Callable[..., Signer], trust: Trust, run: HostRunner) -> None:
    old = signers("expired", time="20200101T000000", life="1y")
    with pytest.raises(TrustError, match="does not verify"):
        read_release(old.sign(text), "trixie", dataclasses.replace(trust, keyring=old.keyring), run)


def test_a_weak_digest_is_refused(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    with pytest.raises(TrustError, match="does not verify"):
        read_release(signer.sign(text, "--digest-algo", "SHA1"), "trixie", trust, run)


def test_one_known_key_of_two_is_enough(
    text: bytes, signer: Signer, signers: Callable[..., Signer], trust: Trust, run: HostRunner
) -> None:
    """While an archive changes keys it signs with both, and an older keyring knows one only."""
    both = signers("both")
    both.adopt(signer)
    signed = both.sign(text, "--local-user", "archive", "--local-user", "both")
    assert read_release(signed, "trixie", trust, run).codename == "trixie"
    assert read_release(signed, "trixie", dataclasses.replace(trust, keyring=both.keyring), run).codename == "trixie"


def test_a_missing_keyring_names_its_package(
    signer: Signer, text: bytes, trust: Trust, run: HostRunner, tmp_path: Path
) -> None:
    with pytest.raises(ToolError, match="does not exist") as error:
        read_release(signer.sign(text), "trixie", dataclasses.replace(trust, keyring=tmp_path / "none.gpg"), run)
    assert "debian-archive-keyring" in error.value.hint
    assert "debian-keyring" in error.value.hint


def test_an_armoured_keyring_tells_the_cure(
    signer: Signer, text: bytes, trust: Trust, run: HostRunner, tmp_path: Path
) -> None:
    (tmp_path / "key.asc").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    with pytest.raises(ToolError, match="armoured") as error:
        read_release(signer.sign(text), "trixie", dataclasses.replace(trust, keyring=tmp_path / "key.asc"), run)
    assert "--dearmor" in error.value.hint


def test_an_empty_keyring_trusts_nothing(
    signer: Signer, text: bytes, trust: Trust, run: HostRunner, tmp_path: Path
) -> None:
    (tmp_path / "key.gpg").touch()
    with pytest.raises(TrustError):
        read_release(signer.sign(text), "trixie", dataclasses.replace(trust, keyring=tmp_path / "key.gpg"), run)


def test_another_suite_is_refused(text: bytes, signer: Signer, trust: Trust, run: HostRunner) -> None:
    for asked in ("trixie-security", "bookworm", "Trixie", ""):
        with pytest.raises(TrustError, match="gave the suite trixie"):
            read_release(signer.sign(text), asked, trust, run)


def test_an_expired_list_is_refused(suite: Suite, signer: Signer, trust: Trust, run: HostRunner) -> None:
    suite.valid_until = trust.now - 60
    signed = signer.sign(suite.release(b""))
    with pytest.raises(TrustError, match="expired on"):
        read_release(signed, "trixie", trust, run)
    assert read_release(signed, "trixie", dataclasses.replace(trust, allow_expired=True), run).codename == "trixie"


def test_a_list_from_the_future_is_refused(suite: Suite, signer: Signer, trust: Trust, run: HostRunner) -> None:
    suite.date = trust.now + DAY / 2
    assert read_release(signer.sign(suite.release(b"")), "trixie", trust, run).codename == "trixie"
    suite.date = trust.now + 2 * DAY
    for lenient in (False, True):
        with pytest.raises(TrustError, match="in the future"):
            read_release(
                signer.sign(suite.release(b"")), "trixie", dataclasses.replace(trust, allow_expired=lenient), run
            )


DIGEST = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Suite: stable\n",
        "Date: Sat, 12 Sep 2026 07:55:41 UTC\n",
        f"Date: yesterday\nSHA256:\n {DIGEST} 1 a\n",
        f"Date: Sat, 12 Sep 2026 07:55:41\nSHA256:\n {DIGEST} 1 a\n",
        f"Date: Sat, 99 Sep 2026 07:55:41 UTC\nSHA256:\n {DIGEST} 1 a\n",
        "Date: Sat, 12 Sep 2026 07:55:41 UTC\nSHA256:\n deadbeef 1 a\n",
        f"Date: Sat, 12 Sep 2026 07:55:41 UTC\nSHA256:\n {DIGEST} many a\n",
        f"Date: Sat, 12 Sep 2026 07:55:41 UTC\nSHA256:\n {DIGEST} 1\n",
        "Date: Sat, 12 Sep 2026 07:55:41 UTC\nMD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 1 a\n",
    ],
)
def test_another_format_is_refused(text: str) -> None:
    with pytest.raises(TrustError, match="not in Debian's format"):
        parse_release(text.encode())


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(TrustError, match="not in Debian's format"):
        parse_release(b"\xff\xfe")
