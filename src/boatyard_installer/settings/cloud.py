"""user-data for cloud-init, in the folder of its data source NoCloud."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from boatyard_installer.settings.files import put_file

if TYPE_CHECKING:
    from pathlib import Path

SEED = "var/lib/cloud/seed/nocloud"
# cloud-init sets the host name anew at the first start, and takes away everything from the first dot unless told so.
KEEP_DOMAIN = "etc/cloud/cloud.cfg.d/95-installed.cfg", "prefer_fqdn_over_hostname: true\n"


def write_cloud(root: Path, user_data: bytes, hostname: str) -> None:
    """The files of NoCloud, for root only; without user-data nothing: cloud-init then stays off."""
    if user_data:
        put_file(root, f"{SEED}/user-data", user_data, 0o600)
        put_file(root, f"{SEED}/meta-data", meta_data(uuid.uuid4(), hostname), 0o600)
        if "." in hostname:
            put_file(root, *KEEP_DOMAIN)


def meta_data(instance: uuid.UUID, hostname: str) -> str:
    """meta-data in YAML; a host name has no characters that YAML gives a meaning once it is quoted."""
    return f'instance-id: "{instance}"\n' + (f'local-hostname: "{hostname}"\n' if hostname else "")
