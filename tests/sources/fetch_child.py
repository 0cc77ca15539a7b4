"""A process that downloads what a lock names, to be killed or doubled by a test: URL STORE LOCKS COMPONENT."""

import sys
from pathlib import Path

from boatyard.ports.http import Fetcher
from boatyard.ports.progress import silent
from boatyard.sources.deb.download import fetch_debs
from boatyard.sources.deb.index import DebIndex
from boatyard.sources.deb.lock import load_lock
from boatyard.sources.deb.mirror import Mirror
from boatyard.sources.store import ContentStore
from boatyard_boot.arch import Arch

if __name__ == "__main__":
    url, folder, locks, component = sys.argv[1:]
    lock = load_lock(Path(locks), component, Arch.X86_64)
    assert lock is not None
    store = ContentStore(Path(folder), Fetcher())
    fetch_debs([lock], Mirror((url,), (), "the test"), store, silent(), DebIndex)
