"""The description of one cloud VM: what its host knows about it and tells it. A frozen value, JSON in and out."""

from __future__ import annotations

import re
import uuid
from ipaddress import IPv4Address, IPv4Interface
from typing import Literal

import msgspec

from boatyard.artifact.codec import Artifact
from boatyard.base.error import ConfigError

# Fixed, and visibly not a real subscription.
LOCAL_SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"
NAMESPACE = uuid.UUID("5d3a2c1e-6b0f-4c86-9f0e-0b0a71a4d000")  # of the ids that are made from names
MAX_CUSTOM_DATA = 65_535  # Azure's limit, before base64
MAX_LUNS, MAX_GIB = 64, 65_536
SMALLEST_PREFIX, RESERVED = 29, 4  # of subnets; their first addresses, which Azure keeps
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_USER_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# "Disallowed values" of adminUsername in the reference of Azure's API for virtual machines (osProfile).
_REFUSED_USERS = {
    "administrator", "admin", "user", "user1", "test", "user2", "test1", "user3", "admin1", "a", "actuser", "adm",
    "admin2", "aspnet", "backup", "console", "david", "guest", "john", "owner", "server", "sql", "support",
    "support_388945a0", "sys", "test2", "test3", "user4", "user5",
}  # fmt: skip
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


class Wire(Artifact, frozen=True):
    """The one network card: its address with the prefix of the subnet, the first of which is the gateway's."""

    address: str = "10.1.0.4/24"
    mac: str = "60:45:bd:11:22:33"  # one of Azure's prefixes

    @property
    def interface(self) -> IPv4Interface:
        return IPv4Interface(self.address)

    @property
    def fits(self) -> bool:
        """Whether Azure would give this address to a VM; ValueError when it is none."""
        network, address = self.interface.network, self.interface.ip
        if network.prefixlen > SMALLEST_PREFIX or not network.is_private or network.is_loopback:
            return False
        return network[RESERVED] <= address < network[-1] and not network.is_link_local

    @property
    def gateway(self) -> IPv4Address:
        return self.interface.network[1]


class DataDisk(Artifact, frozen=True):
    """A managed disk, as IMDS lists it."""

    name: str
    lun: int
    size_gib: int


class Certificate(Artifact, frozen=True):
    """A certificate with its private key, in PEM, as a Key Vault would deploy it."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        return "Certificate(…)"


class Fault(Artifact, frozen=True):
    """What goes wrong. The counts are of the first requests; times in seconds; options by their DHCP number."""

    imds_throttled: int = 0
    imds_errors: int = 0
    imds_silent: bool = False
    imds_delay_s: float = 0.0
    imds_limit_per_s: int = 0  # Azure's is 5; 0 means none
    wireserver_errors: int = 0
    wireserver_delay_s: float = 0.0
    health_errors: int = 0
    dhcp_ignored: int = 0
    dhcp_delay_s: float = 0.0
    dhcp_without: tuple[int, ...] = ()
    cd_without: tuple[str, ...] = ()  # elements that `ovf-env.xml` lacks, such as HostName
    stale_goal_state: int = 0  # so many health reports are refused with 410, as for an old container


class CloudVm(Artifact, frozen=True):
    """A VM as its owner ordered it. ConfigError for what Azure would refuse.

    `password`, `custom_data` and keys of `certificates` are secrets: they are in no `repr`, log or record.
    `resource_disk_gib`: of the local disk that is lost when the VM moves; 0 for none.
    `cd`: whether the provisioning CD is inserted. `agent`: what it says about the guest agent (ProvisionGuestAgent).
    """

    name: str
    vm_id: str = ""
    generation: Literal["gen1", "gen2"] = "gen2"
    size: str = "Standard_D2s_v5"
    location: str = "westeurope"
    resource_group: str = "local"
    user: str = "azureuser"
    password: str = ""
    public_keys: tuple[str, ...] = ()
    custom_data: bytes = b""
    user_data: bytes = b""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    os_disk_gib: int = 30
    data_disks: tuple[DataDisk, ...] = ()
    resource_disk_gib: int = 0
    wire: Wire = Wire()
    certificates: tuple[Certificate, ...] = ()
    cd: bool = True
    agent: bool = True
    fault: Fault = Fault()

    def __post_init__(self) -> None:
        if not _HOST_NAME.fullmatch(self.name):
            raise ConfigError(f"{self.name!r} is no name of a VM", hint="letters, digits and -, at most 63")
        if not _USER_NAME.fullmatch(self.user) or self.user == "root":
            raise ConfigError(f"{self.user!r} is no name for an administrator", hint="lower case letters; not root")
        if self.user in _REFUSED_USERS:
            raise ConfigError(f"Azure lets no administrator be called {self.user!r}", hint="choose a name of your own")
        if len(self.custom_data) > MAX_CUSTOM_DATA or len(self.user_data) > MAX_CUSTOM_DATA:
            raise ConfigError(f"custom data and user data have at most {MAX_CUSTOM_DATA:,} bytes")
        if not all(key.strip().isprintable() for key in self.public_keys):
            raise ConfigError("a public key has control characters", hint="give one line of OpenSSH's format")
        if not _disks_fit(self):
            raise ConfigError("the disks do not fit", hint="LUNs 0 to 63, each once; 1 to 65,536 GiB")
        if not self.password.isprintable():
            raise ConfigError("the password has control characters")
        if not _MAC.fullmatch(self.wire.mac):
            raise ConfigError(f"{self.wire.mac!r} is no address of a network card", hint="such as 60:45:bd:11:22:33")
        try:
            fits = self.wire.fits
            uuid.UUID(self.id)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if not fits:
            raise ConfigError(
                f"{self.wire.address} is no address of a VM",
                hint="a private subnet of /29 or larger, without its first four addresses and its last one",
            )

    def __repr__(self) -> str:
        return f"CloudVm(name={self.name!r}, vm_id={self.id!r})"

    @property
    def id(self) -> str:
        """The VM's unique id; made from its name when none is given, so that a VM keeps its identity."""
        return str(uuid.UUID(self.vm_id)) if self.vm_id else self.derived_id("vm")

    def derived_id(self, purpose: str) -> str:
        """A fixed id for something of this VM, such as its container."""
        return str(uuid.uuid5(NAMESPACE, f"{self.name}/{self.vm_id}/{purpose}"))

    @property
    def domain(self) -> str:
        """The name of its network, in which it is known by its own."""
        return f"{self.derived_id('domain').replace('-', '')[:26]}.internal.cloudapp.net"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Words that must appear in no record."""
        return tuple(filter(None, (self.password, self.custom_data.decode("utf-8", "replace"))))


def _disks_fit(vm: CloudVm) -> bool:
    luns = [disk.lun for disk in vm.data_disks]
    sizes = [disk.size_gib for disk in vm.data_disks] + [vm.resource_disk_gib or 1]
    return (
        len(set(luns)) == len(luns) and set(luns) <= set(range(MAX_LUNS)) and all(0 < one <= MAX_GIB for one in sizes)
    )
