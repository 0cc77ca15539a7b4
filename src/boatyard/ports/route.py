"""How a server is reached: directly or through the proxy that the environment names, with credentials if need be.

The variables are those of curl and most tools: http_proxy, https_proxy, all_proxy, no_proxy, in lower or upper case
(but for HTTP_PROXY, which a web server may fill from a request: CVE-2016-5385). This machine is never asked for
through a proxy.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from boatyard.base.error import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_HEAD = 16_384


@dataclass(frozen=True, slots=True)
class Route:
    """A server and the proxy in front of it; `proxy` is its address, or empty."""

    scheme: str
    host: str
    port: int
    proxy: str = ""

    def open(self, timeout_s: float) -> http.client.HTTPConnection:
        """A connection, not made yet, on which the targets of `request_for` can be asked for."""
        context = ssl.create_default_context() if self.scheme == "https" else None
        if not self.proxy:
            return _connection(self.host, self.port, timeout_s, context)
        proxy = urlsplit(self.proxy)
        connection = _connection(proxy.hostname or "", proxy.port or DEFAULT_PORTS["http"], timeout_s, context)
        if context is not None:
            connection.set_tunnel(self.host, self.port, _credentials(proxy, "Proxy-Authorization"))
        return connection

    def tunnel(self, timeout_s: float) -> socket.socket:
        """A plain connection to the server through the proxy, which is asked to open it; OSError when it does not."""
        proxy = urlsplit(self.proxy)
        lines = [f"CONNECT {self.host}:{self.port} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in _credentials(proxy, "Proxy-Authorization").items()]
        made = socket.create_connection((proxy.hostname or "", proxy.port or DEFAULT_PORTS["http"]), timeout_s)
        try:
            made.sendall("\r\n".join([*lines, "", ""]).encode())
            head = b""
            while not head.endswith(b"\r\n\r\n"):  # byte by byte: what follows is the server's
                byte = made.recv(1)
                head += byte
                if not byte or len(head) > MAX_HEAD:
                    raise ConnectionError("the proxy did not answer")
            if not re.match(rb"HTTP/1\.[01] 2[0-9][0-9] ", head):
                raise ConnectionError("the proxy refused")
        except BaseException:
            made.close()
            raise
        return made


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for: the route, the request's target and the headers that it needs."""

    route: Route
    target: str
    headers: Mapping[str, str]


def request_for(url: str, environ: Mapping[str, str]) -> Request:
    """The request for an http or https address; SourceError for any other."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(f"{url!r} is no address: {error}") from error
    if scheme not in DEFAULT_PORTS or not host:
        raise SourceError(f"{shown(url)!r} cannot be fetched: only http and https can")
    route = Route(scheme, host, port or DEFAULT_PORTS[scheme], _proxy_for(scheme, host, environ))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = _credentials(parts, "Authorization")
    if route.proxy and scheme == "http":
        target = f"http://{parts.netloc.rpartition('@')[2]}{target}"
        headers |= _credentials(urlsplit(route.proxy), "Proxy-Authorization")
    return Request(route, target, headers)


def shown(url: str) -> str:
    """The address without the credentials it may hold, for messages and logs."""
    scheme, slashes, rest = url.partition("://")
    server, slash, path = rest.partition("/")
    return scheme + slashes + server.rpartition("@")[2] + slash + path


def is_here(host: str | None) -> bool:
    """Whether a host is written as an address of this machine or of its link-local network, in any notation."""
    address = _address(host or "")
    if address is None:
        name = (host or "").rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_link_local or address.is_unspecified


def is_private(host: str | None) -> bool:
    """Whether a host is written as an address that only private networks have, or as one of this machine."""
    address = _address(host or "")
    return is_here(host) if address is None else not address.is_global


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as, in any notation that systems read: 127.1, 0x7f.1, 2130706433."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _connection(host: str, port: int, timeout_s: float, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if context is None:
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)


def _proxy_for(scheme: str, host: str, environ: Mapping[str, str]) -> str:
    names = [f"{scheme}_proxy", "HTTPS_PROXY" if scheme == "https" else "", "all_proxy", "ALL_PROXY"]
    name = next((name for name in names if environ.get(name)), "")
    if not name or is_here(host) or _is_excepted(host, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return ""
    proxy = environ[name] if "://" in environ[name] else f"http://{environ[name]}"
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme == "http" and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"the proxy in the environment variable {name} is no http:// address: {shown(proxy)}")
    return proxy


def _is_excepted(host: str, exceptions: str) -> bool:
    """Whether no_proxy names a host: itself, a domain it is in, or `*`."""
    names = [word.strip().lstrip(".").lower() for word in exceptions.split(",")]
    return any(name in ("*", host) or (name and host.endswith(f".{name}")) for name in names)


def _credentials(parts: SplitResult, header: str) -> dict[str, str]:
    """Basic authentication (RFC 7617) with the credentials of an address."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {header: f"Basic {base64.b64encode(pair.encode()).decode()}"}
