"""`network`: one file of systemd-networkd for each, and the host name."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from boatyard_installer.answers import Link

if TYPE_CHECKING:
    from boatyard.kickstart.draft import Draft
    from boatyard.kickstart.statement import Statement

# Interfaces that consist of others, or need a secret. Half of such a line would be another network.
OTHER = ("bondslaves", "bridgeslaves", "teamslaves", "vlanid", "essid", "wepkey", "wpakey")
ANY_ETHERNET = "e*"
FIRST = ("", "link", "bootif", "ibft")
# What makes a line more than a host name.
OF_LINK = ("bootproto", "device", "ip", "netmask", "gateway", "nameserver", "ipv6", "ipv6gateway")


def network(statement: Statement, draft: Draft) -> None:
    """`network --device=eth0 --bootproto=static --ip=… --netmask=… --gateway=… --nameserver=… --hostname=…`."""
    values, where = statement.values, statement.where
    if values["hostname"]:
        draft.system = draft.change(draft.system, statement, hostname=values["hostname"])
    if any(values.get(name) for name in OTHER):
        draft.lose(where, "network: bonds, bridges, teams, VLANs and wireless networks", "write them in user-data")
        return
    if values["bootProto"] not in ("dhcp", "static", ""):  # --noipv4 empties it
        draft.lose(where, f"network --bootproto={values['bootProto']}: dhcp and static are known")
        return
    if values["onboot"] is False or values["onboot"] == "no":
        draft.lose(where, "network --onboot=no: an interface that is not in the answers stays down")
        return
    if not any(option in statement.options for option in OF_LINK):
        return
    try:
        link = _link(statement)
    except ValueError as error:
        draft.lose(where, f"network: {error}")
        return
    draft.links.append(link)
    if (values["device"] or "") in FIRST:
        draft.remark(where, f"network: without the name of an interface it is for all Ethernet, `{ANY_ETHERNET}`")
    if values["ipv6"] == "dhcp" and not link.dhcp:
        draft.lose(where, "network --ipv6=dhcp beside a static address")


def _link(statement: Statement) -> Link:
    values = statement.values
    device = values["device"] or ""
    is_mac = re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", device)
    static = values["bootProto"] != "dhcp"
    addresses: list[str] = []
    if static and values["ip"]:
        addresses.append(str(ipaddress.ip_interface(f"{values['ip']}/{values['netmask'] or '32'}")))
    if values["ipv6"] not in ("", "auto", "dhcp", None):
        given = values["ipv6"]
        addresses.append(str(ipaddress.ip_interface(given if "/" in given else f"{given}/64")))
    if static and not addresses and not values["noipv4"]:
        raise ValueError("a static interface needs --ip and --netmask")
    servers = re.split(r"[,\s]+", values["nameserver"] or "")
    domains = re.split(r"[,\s]+", f"{values.get('ipv4_dns_search') or ''},{values.get('ipv6_dns_search') or ''}")
    return Link(
        match="" if is_mac else ANY_ETHERNET if device in FIRST else device,
        mac=device.lower() if is_mac else "",
        dhcp=not static and not values["noipv4"],
        addresses=tuple(addresses),
        gateway=(values["gateway"] if static else "") or values["ipv6gateway"] or "",
        dns=tuple(filter(None, servers)),
        domains=tuple(dict.fromkeys(filter(None, domains))),
    )
