"""Debian source packages as seed components: a verified mirror, locks, downloads, and repackaging as RPMs.

The chain, each step a value for the next: `mirror.find_mirror` reads addresses from the host's apt configuration,
`index.read_index` gives the packages whose lists are signed by the archive's key, `lock.plan_lock` chooses the
packages of one component, `download.fetch_debs` gives their files, checked against the lock.
"""
