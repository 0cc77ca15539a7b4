"""What a file is, by its first line, its name and its content; and the parts of what cloud-init takes apart."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from boatyard.base.yaml_text import Listing, Scalar, Table, YamlError, read_yaml
from boatyard.check.step import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PARTS = 100
TEMPLATES = (".j2", ".jinja", ".jinja2", ".erb")  # what comes out of them is another text
ARCHIVE = "#cloud-config-archive"
TYPES = ("shell", "cloud-config", "dockerfile", "ansible", "python")
SHEBANG = re.compile(r"^#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?(\w+)")
SHELL_NAMES = re.compile(r"\.(sh|bash)$")
DOCKERFILE_NAMES = re.compile(r"^(Dockerfile|Containerfile)(\..+)?$|\.(dockerfile|containerfile)$", re.IGNORECASE)
CLOUD_NAMES = re.compile(
    r"^(user-?data|vendor-?data|custom-?data|cloud-?(init|config))([-_]\w+)*(\.(ya?ml|cfg|txt|tmpl|in))?$|\.cloud-?(config|init)(\.ya?ml)?$",
    re.IGNORECASE,
)
CLOUD_KEYS = re.compile(
    r"^(runcmd|bootcmd|write_files|package_update|package_upgrade|ssh_authorized_keys)\s*:", re.MULTILINE
)
CLOUD_TYPES = {"text/cloud-config": "cloud-config", "text/x-shellscript": "shell", "text/cloud-boothook": "shell",
               "text/x-shellscript-per-boot": "shell", "text/x-shellscript-per-instance": "shell",
               "text/x-shellscript-per-once": "shell", "text/jinja2": "cloud-config"}  # fmt: skip


def type_of(file: str, text: str) -> str:
    """One of TYPES, or empty when the file is nothing that is checked."""
    name = posixpath.basename(file)
    first = text.split("\n", 1)[0].rstrip("\r")
    if first.startswith(ARCHIVE):
        return ""
    if re.match(r"#cloud-config\b", first) or first.startswith("## template: jinja"):
        return "cloud-config"
    if name.endswith(TEMPLATES):
        return ""
    if first.startswith("#cloud-boothook"):
        return "shell"
    found = SHEBANG.match(first)
    if found:
        if found[1] in ("sh", "bash", "dash", "ash"):
            return "shell"
        return "python" if found[1].startswith("python") else ""
    if DOCKERFILE_NAMES.search(name):
        return "dockerfile"
    if SHELL_NAMES.search(name):
        return "shell"
    if name.endswith(".py"):
        return "python"
    if CLOUD_NAMES.match(name) or (CLOUD_KEYS.search(text) and name.endswith((".yml", ".yaml", ".cfg"))):
        return "cloud-config"
    if name.endswith((".yml", ".yaml")):
        return "ansible"
    return ""


def parts(file: str, text: str) -> Iterator[Source]:
    """The parts of a message or an archive, each with empty lines before it, so that lines count as in the file."""
    if text.startswith(ARCHIVE):
        yield from _archived(file, text)
        return
    head, _, _ = text.partition("\n\n")
    boundary = re.search(r"boundary=\"?([^\"\s;]+)", head)
    if boundary is None:
        return
    line = 1
    for chunk in re.split(rf"(?m)^--{re.escape(boundary[1])}(?:--)?[ \t]*\r?\n?", text, maxsplit=MOST_PARTS):
        header, _, body = chunk.partition("\n\n")
        found = re.search(r"(?im)^content-type:\s*([\w./+-]+)", header)
        kind = CLOUD_TYPES.get(found[1].lower(), "") if found else ""
        if kind and "base64" not in header.lower():
            skipped = line + header.count("\n") + 1
            yield Source(file, "\n" * skipped + body, kind, part=True)
        line += chunk.count("\n") + 1


def _archived(file: str, text: str) -> Iterator[Source]:
    """The parts of a list of them in YAML; one that is none is left to be told of."""
    try:
        root = read_yaml(text)
    except YamlError:
        root = None
    if not isinstance(root, Listing):
        yield Source(file, text, "cloud-config", part=True)
        return
    for item in root.items[:MOST_PARTS]:
        content = item.get("content") if isinstance(item, Table) else item
        if not isinstance(content, Scalar):
            continue
        told = item.text("type").lower() if isinstance(item, Table) else ""
        kind = CLOUD_TYPES.get(told, "") if told else type_of("user-data", content.text)
        if kind:
            yield Source(file, "\n" * (content.first - 1) + content.text, kind, part=True)


def has_parts(text: str) -> bool:
    """Whether a text is a MIME message of many parts, or an archive of them."""
    return text.startswith(ARCHIVE) or bool(re.match(r"(?i)(content-type:\s*multipart/|mime-version:)", text))
