"""The attested document: it can be read by who fetches it, and nobody can take it for Azure's."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.cloud.some import VM, VM_ID, imds

from boatyard.base.error import ToolError
from boatyard.cloud.address import Server
from boatyard.cloud.answer import answer
from boatyard.cloud.attest import OpensslAttest
from boatyard.cloud.site import Site
from boatyard.cloud.state import State
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner, Result


def document(site: Site, **query: str) -> dict[str, Any]:
    request = imds("attested/document", api_version="2020-09-01", **query)
    told: dict[str, Any] = json.loads(answer(site, State(), Server.IMDS, request, 0.0)[1].body)
    return told


@pytest.mark.tool
def test_a_document_is_signed_by_nobody_who_counts(tmp_path: Path, run: HostRunner) -> None:
    def openssl(*words: str, fails: bool = False) -> str:
        command = Command(argv=("openssl", *words), cwd=tmp_path, ok=(4,) if fails else (0,))
        return run(command).text

    site = Site(VM, attest=OpensslAttest(run, tmp_path / "attest"))
    told = document(site, nonce="1234567890")
    assert told["encoding"] == "pkcs7"
    (tmp_path / "signed").write_bytes(base64.b64decode(told["signature"]))
    facts = json.loads(openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "signed"))
    assert (facts["vmId"], facts["nonce"]) == (VM_ID, "1234567890")
    assert set(facts["timeStamp"]) == {"createdOn", "expiresOn"}
    openssl("cms", "-verify", "-inform", "DER", "-in", "signed", fails=True)  # its signer is unknown
    signer = openssl("pkcs7", "-inform", "DER", "-in", "signed", "-print_certs")
    assert "not Azure" in signer
    assert "azure.com" not in signer
    (tmp_path / "signed").write_bytes(base64.b64decode(document(site)["signature"]))
    again = json.loads(openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "signed"))
    assert again["nonce"] == again["timeStamp"]["createdOn"]
    assert openssl("pkcs7", "-inform", "DER", "-in", "signed", "-print_certs") == signer  # one for the VM's life
    assert not list((tmp_path / "attest").glob(".tmp-*"))


def test_without_openssl_the_guest_is_told(tmp_path: Path) -> None:
    def missing(command: Command) -> Result:
        raise ToolError(f"{command.program} is not installed")

    assert "openssl" in document(Site(VM, attest=OpensslAttest(missing, tmp_path)))["error"]
