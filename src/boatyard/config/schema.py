"""The JSON schema of a configuration file, made from the model; editors check and complete with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from boatyard.config.file import ConfigFile
from boatyard.config.model.overlay import Verb
from boatyard.config.shape import OVERLAY_KEYS, REFUSED_OVERLAY_KEYS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """A schema (draft 2020-12) that accepts what azldev's does, and Boatyard's additions."""
    (reference,), definitions = msgspec.json.schema_components(
        [ConfigFile], schema_hook=_path_schema, ref_template="#/$defs/{name}"
    )
    for verb in Verb.__subclasses__():
        _accept_irrelevant_keys(verb, definitions[verb.__name__])
    _let_type_be_inherited(definitions)
    return {"$schema": DIALECT, "title": "Boatyard project configuration", **reference, "$defs": definitions}


def _path_schema(kind: type) -> dict[str, Any]:
    if kind is Path:
        return {"type": "string", "format": "path"}
    raise NotImplementedError(kind)


def _accept_irrelevant_keys(verb: type[Verb], definition: dict[str, Any]) -> None:
    """Keys of other verbs are read and ignored."""
    for key in sorted(OVERLAY_KEYS):
        if (str(verb.__struct_config__.tag), key) not in REFUSED_OVERLAY_KEYS:
            definition["properties"].setdefault(key, {})


def _let_type_be_inherited(definitions: dict[str, Any]) -> None:
    """A spec table may leave out `type`, which a discriminated union cannot say."""
    spec = definitions["UnstatedSpec"]
    spec["required"] = [name for name in spec.get("required", []) if name != "type"]
    for definition in definitions.values():
        spec_property = definition.get("properties", {}).get("spec", {})
        spec_property.pop("discriminator", None)
