"""Descriptions of VMs, their firmware tables, their CD, and records: what is in them, and what must not be."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from tests.cloud.some import VM, VM_ID, wire

from boatyard.artifact.codec import load, save
from boatyard.base.error import ConfigError
from boatyard.cloud.device import ASSET_TAG, smbios_tables, system_uuid
from boatyard.cloud.http import Response
from boatyard.cloud.machine import CloudVm, Fault, Wire
from boatyard.cloud.ovf import environment
from boatyard.cloud.record import Record, exchange, redact
from boatyard.cloud.state import Report, State, report
from boatyard.cloud.udf import udf_image
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    "wrong",
    [{"name": "a b"}, {"name": "-a"}, {"name": "x" * 64}, {"user": "root"}, {"user": "admin"}, {"user": "A"},
     {"vm_id": "x"}, {"custom_data": bytes(65_536)}, {"password": "a\nb"}, {"public_keys": ("ssh-ed25519 A\x00",)},
     {"wire": Wire(mac="60:45")}],
)  # fmt: skip
def test_what_azure_would_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CloudVm(**{"name": "vm", **wrong})


@pytest.mark.parametrize(
    "address",
    ["10.1.0.400/24", "10.1.0.3/24", "10.1.0.255/24", "10.1.0.2/30", "127.0.0.9/8", "8.8.8.8/24", "169.254.169.4/24"],
)
def test_addresses_that_no_vm_gets(address: str) -> None:
    with pytest.raises(ConfigError):
        CloudVm(name="vm", wire=Wire(address=address))


def test_a_description_shows_no_secret_and_comes_back_from_disk(tmp_path: Path) -> None:
    vm = msgspec.structs.replace(VM, password="hunter2-hunter2")
    assert "hunter2" not in repr(vm)
    assert "cloud-config" not in repr(vm)
    save(vm, tmp_path / "vm.json")
    assert load(CloudVm, tmp_path / "vm.json") == vm


def test_a_vm_without_an_id_has_one_of_its_name() -> None:
    assert CloudVm(name="a").id == CloudVm(name="a", size="x").id != CloudVm(name="b").id


def test_firmware_tables() -> None:
    tables = {table.type: table.fields for table in smbios_tables(VM)}
    assert tables[3]["asset"] == ASSET_TAG == "7783-7084-3265-9085-8269-3286-77"
    assert tables[1]["version"].startswith("Hyper-V")
    assert tables[1]["manufacturer"] == "Microsoft Corporation"
    old = {table.type: table.fields for table in smbios_tables(msgspec.structs.replace(VM, generation="gen1"))}
    assert old[1]["version"] == "Hyper-V 7.0"


def test_generation_1_shows_its_id_with_swapped_bytes() -> None:
    assert system_uuid(VM) == VM_ID
    assert system_uuid(msgspec.structs.replace(VM, generation="gen1")) == "9963f513-52bd-5041-9748-7190aae1ff21"


def test_the_cd_document() -> None:
    text = environment(VM).decode()
    assert text == (GOLDEN / "ovf-env.xml").read_text(encoding="utf-8")
    fromstring(text)
    full = environment(msgspec.structs.replace(VM, password="<&>", agent=False), pooled=True).decode()
    assert "<UserPassword>&lt;&amp;&gt;</UserPassword>" in full
    assert "<ProvisionGuestAgent>false<" in full
    assert "<PreprovisionedVMType>Running<" in full
    assert base64.b64encode(VM.custom_data).decode() in full
    broken = environment(msgspec.structs.replace(VM, fault=Fault(cd_without=("HostName",))))
    assert b"HostName" not in broken
    assert b"UserName" in broken


@pytest.mark.tool
def test_the_cd_is_udf_to_others(tmp_path: Path, run: HostRunner) -> None:
    image = tmp_path / "cd"
    image.write_bytes(udf_image("rd_rdfe_stable.1", {"ovf-env.xml": b"x" * 5000, "b": b""}))
    told = run(Command(argv=("blkid", "-p", "-o", "export", str(image)))).text
    assert "TYPE=udf\n" in told
    assert "LABEL=rd_rdfe_stable.1\n" in told
    assert "VERSION=1.02\n" in told


def test_udf_descriptors_hold_their_own_checks() -> None:
    import binascii

    image = udf_image("label", {"f": b"data"})
    assert len(image) % 2048 == 0
    places = [*range(32, 38), *range(48, 54), 64, 65, 256, 257, 258, 260, len(image) // 2048 - 1]
    for place in places:
        sector = image[place * 2048 : place * 2048 + 2048]
        length = int.from_bytes(sector[10:12], "little")
        assert sum(sector[:4] + sector[5:16]) & 0xFF == sector[4]
        assert binascii.crc_hqx(sector[16 : 16 + length], 0) == int.from_bytes(sector[8:10], "little")
        assert int.from_bytes(sector[12:16], "little") == place - (257 if place in (257, 258, 260) else 0)
    assert image[261 * 2048 : 261 * 2048 + 4] == b"data"


def test_records_hide_secrets_and_controls() -> None:
    told = Report(agent="a", ready=False, sub_status="ProvisioningFailed", description="password hunter2\x1b[2J")
    after = report(State(), told)
    request = wire("POST", "/machine", b"body hunter2", comp="health", x="hunter2")
    record = exchange("wireserver", request, Response(200), (State(), after), ("hunter2",), 1.5)
    line = record.line()
    assert "hunter2" not in line
    assert "\x1b" not in line
    assert json.loads(line)["note"] == "NotReady ProvisioningFailed password (hidden)�[2J"
    assert len(redact("x" * 9999, ())) == 500
    assert json.loads(Record(at_s=0.0, channel="dhcp", what="DISCOVER").line())["at_s"] == 0.0
