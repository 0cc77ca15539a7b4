"""The JSON schema of a configuration file, made from the model; editors check and complete with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec

from boatyard.config.file import ConfigFile
from boatyard.config.model.component import Spec
from boatyard.config.model.overlay import EXTENSION_KEYS, Verb
from boatyard.config.model.source_file import Origin
from boatyard.config.shape import OVERLAY_KEYS, REFUSED_OVERLAY_KEYS
from boatyard_boot.layout import Filesystem, Layout, Partition, Volume

TEXT = {"type": "string"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """A schema (draft 2020-12) that accepts what azldev's does, and Boatyard's additions."""
    (reference,), definitions = msgspec.json.schema_components(
        [ConfigFile], schema_hook=_path_schema, ref_template="#/$defs/{name}"
    )
    for verb in Verb.__subclasses__():
        _accept_irrelevant_keys(verb, definitions[verb.__name__])
    for choice in (Verb.__subclasses__(), get_args(Spec), get_args(Origin)):
        _accept_unset_keys([definitions[kind.__name__] for kind in choice])
    _let_type_be_inherited(definitions)
    for kind in (Layout, Partition, Volume, Filesystem):
        definitions[kind.__name__]["additionalProperties"] = False  # msgspec leaves dataclasses open
    return {"$schema": DIALECT, "title": "Boatyard project configuration", **reference, "$defs": definitions}


def _path_schema(kind: type) -> dict[str, Any]:
    if kind is Path:
        return {"type": "string", "format": "path"}
    raise NotImplementedError(kind)


def _accept_irrelevant_keys(verb: type[Verb], definition: dict[str, Any]) -> None:
    """Keys of other verbs are read and ignored."""
    for key in sorted(OVERLAY_KEYS):
        if (str(verb.__struct_config__.tag), key) not in REFUSED_OVERLAY_KEYS:
            definition["properties"].setdefault(key, {"type": "array", "items": TEXT} if key == "lines" else TEXT)


def _accept_unset_keys(choice: list[dict[str, Any]]) -> None:
    """Of tables told apart by `type`, each may hold the keys of the others without a value."""
    for key in sorted({key for definition in choice for key in definition["properties"]} - EXTENSION_KEYS):
        for definition in choice:
            definition["properties"].setdefault(key, {"enum": ["", []]})


def _let_type_be_inherited(definitions: dict[str, Any]) -> None:
    """A spec table may leave out `type`, which a discriminated union cannot say."""
    spec = definitions["UnstatedSpec"]
    spec["required"] = [name for name in spec.get("required", []) if name != "type"]
    for definition in definitions.values():
        spec_property = definition.get("properties", {}).get("spec", {})
        spec_property.pop("discriminator", None)
