"""The network of the new system: one systemd.network(5) file a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_installer.settings.files import put_file

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import Link


def write_network(root: Path, links: tuple[Link, ...]) -> None:
    """10-boatyard-1.network and so on; they come before those of the image and of cloud-init."""
    for number, link in enumerate(links, 1):
        put_file(root, f"etc/systemd/network/10-boatyard-{number}.network", network_file(link))


def network_file(link: Link) -> str:
    """systemd.network(5) of a link."""
    lines = ["[Match]", f"Name={link.match}" if link.match else f"MACAddress={link.mac}", ""]
    lines += ["[Network]", f"DHCP={'yes' if link.dhcp else 'no'}"]
    lines += [f"Address={address}" for address in link.addresses]
    lines += [f"Gateway={link.gateway}"] if link.gateway else []
    lines += [f"DNS={server}" for server in link.dns]
    lines += [f"Domains={' '.join(link.domains)}"] if link.domains else []
    return "\n".join(lines) + "\n"
