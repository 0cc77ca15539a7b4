"""The cloud's name server, in front of QEMU's: what it answers itself, what it refuses, and which names led where."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from boatyard.cloud.dns import build_answer, parse_answer, parse_question, without_lifetime

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Address

    from boatyard.cloud.egress import Egress

MAX_ADDRESSES = 4096
MAX_NAMES = 16  # of one address
# Programs go on using an address for longer than it is said to be valid.
SHORTEST_S, LONGEST_S = 600.0, 86_400.0
REVERSE = ".in-addr.arpa", ".ip6.arpa"


class Resolver:
    """`host` and `domain`: the VM's own name, which Azure's name server knows. `told`: gets the names it refuses."""

    def __init__(
        self, host: str, domain: str, address: IPv4Address, egress: Egress, told: Callable[[str, float], None]
    ) -> None:
        self._own, self._domain = f"{host}.{domain}".lower(), f".{domain}".lower()
        self._address, self._egress, self._told = address, egress, told
        self._names: OrderedDict[IPv4Address, OrderedDict[str, float]] = OrderedDict()

    def answer(self, query: bytes, now: float) -> bytes | None:
        """The answer to a query that is not passed on; empty when it gets none."""
        question = parse_question(query)
        if question is None:  # nothing that could be judged by its name
            return None if self._egress.policy == "open" else b""
        if question.name == self._own:
            return build_answer(question, self._address)
        if question.name.endswith(self._domain):
            return build_answer(question, None, exists=False)
        if self._egress.resolves(question.name):
            return None
        if not question.name.endswith(REVERSE):
            self._told(question.name or ".", now)
        return build_answer(question, None, exists=False)

    def hear(self, answer: bytes, now: float) -> bytes:
        """Remembers which addresses a name led to; gives the answer that the VM gets.

        It is valid for this once. What a VM has learnt from its own cache nobody here would know, above all not after
        a snapshot of it was restored.
        """
        told = parse_answer(answer)
        if told is None or not told.name:
            return without_lifetime(answer)
        for address, valid_s in told.addresses:
            names = self._names.setdefault(address, OrderedDict())
            self._names.move_to_end(address)
            names[told.name] = now + min(max(valid_s, SHORTEST_S), LONGEST_S)
            names.move_to_end(told.name)
            while len(names) > MAX_NAMES:
                names.popitem(last=False)
        while len(self._names) > MAX_ADDRESSES:
            self._names.popitem(last=False)
        return without_lifetime(answer)

    def names_of(self, address: IPv4Address, now: float) -> tuple[str, ...]:
        """The names that led to an address and still do, the latest first."""
        names = self._names.get(address) or OrderedDict[str, float]()
        return tuple(name for name, until in reversed(names.items()) if until > now)
