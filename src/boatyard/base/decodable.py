"""Types that threads may decode: msgspec is told of each by one thread, before any uses it.

msgspec (0.22) looks at a type when it first decodes one, and keeps what it has found with the class before it has found
all. Another thread that decodes the same type meanwhile takes that for whole, and the process ends by a segmentation
fault.
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

Kind = TypeVar("Kind")

_known: set[object] = set()
_lock = threading.Lock()


def decodable(kind: Kind) -> Kind:
    """The same type, once msgspec knows it and all that it is made of; for every `type=` of msgspec."""
    if kind not in _known:
        with _lock:
            msgspec.json.Decoder(kind)  # for its looking at the type, which serves all formats
            _known.add(kind)
    return kind
