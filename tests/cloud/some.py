"""Values that tests of the cloud share."""

from __future__ import annotations

from boatyard.cloud.http import Request
from boatyard.cloud.machine import CloudVm, DataDisk

VM_ID = "13f56399-bd52-4150-9748-7190aae1ff21"
KEY = "ssh-ed25519 AAAAC3Nza me@here"
VM = CloudVm(
    name="devvm01",
    vm_id=VM_ID,
    public_keys=(KEY,),
    custom_data=b"#cloud-config\n{}\n",
    user_data=b"#!/bin/sh\ntrue\n",
    tags={"env": "local"},
    data_disks=(DataDisk(name="data", lun=0, size_gib=4),),
)
WIRE_HOST, IMDS_HOST, HOSTGA_HOST = "168.63.129.16", "169.254.169.254", "168.63.129.16:32526"


def imds(path: str, **query: str) -> Request:
    """A correct request to the metadata service."""
    pairs = tuple((key.replace("_", "-"), value) for key, value in query.items())
    return Request("GET", f"/metadata/{path}", pairs, {"host": IMDS_HOST, "metadata": "True"})


def wire(method: str, path: str, body: bytes = b"", **query: str) -> Request:
    return Request(method, path, tuple(query.items()), {"host": WIRE_HOST, "user-agent": "test"}, body)


def health(container: str, state: str, sub_status: str = "", description: str = "") -> bytes:
    """A report as cloud-init writes it."""
    details = f"<Details><SubStatus>{sub_status}</SubStatus><Description>{description}</Description></Details>"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><GoalStateIncarnation>1</GoalStateIncarnation>'
        f"<Container><ContainerId>{container}</ContainerId><RoleInstanceList><Role><InstanceId>i</InstanceId>"
        f"<Health><State>{state}</State>{details if sub_status else ''}</Health></Role></RoleInstanceList>"
        "</Container></Health>"
    ).encode()
