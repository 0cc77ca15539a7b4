"""The generated JSON schema accepts what the loader accepts, and refuses what it refuses."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from tests.config.test_rules import ADDITIONS, OVERLAYS

from boatyard.config.load import DEFAULTS
from boatyard.config.schema import config_schema

if TYPE_CHECKING:
    from pathlib import Path


class Schema:
    """As much of JSON schema as the generated one uses."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema

    def accepts(self, value: object, schema: dict[str, Any] | None = None) -> bool:
        schema = self._root if schema is None else schema
        if "$ref" in schema:
            return self.accepts(value, self._root["$defs"][schema["$ref"].removeprefix("#/$defs/")])
        if "anyOf" in schema:
            return any(self.accepts(value, choice) for choice in schema["anyOf"])
        if "enum" in schema:
            return value in schema["enum"]
        match schema.get("type"):
            case "object":
                return isinstance(value, dict) and self._accepts_table(value, schema)
            case "array":
                return (
                    isinstance(value, list)
                    and len(value) >= schema.get("minItems", 0)
                    and all(self.accepts(item, schema.get("items", {})) for item in value)
                )
            case "string":
                return (
                    isinstance(value, str)
                    and len(value) >= schema.get("minLength", 0)
                    and re.search(schema.get("pattern", ""), value) is not None
                )
            case "boolean":
                return isinstance(value, bool)
            case "integer" | "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "null":
                return value is None
            case None:
                return True
        raise AssertionError(schema)

    def _accepts_table(self, value: dict[str, Any], schema: dict[str, Any]) -> bool:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        if not all(self.accepts(name, {"type": "string", **schema.get("propertyNames", {})}) for name in value):
            return False
        if not set(schema.get("required", [])) <= set(value):
            return False
        return all(
            self.accepts(item, known[key])
            if key in known
            else others is True or (isinstance(others, dict) and self.accepts(item, others))
            for key, item in value.items()
        )


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema(json.loads(json.dumps(config_schema())))


@pytest.mark.parametrize("text", ADDITIONS)
def test_accepts_additions(schema: Schema, text: str) -> None:
    assert schema.accepts(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        "[components.x]\nspec.upstream-distro.name = 'f'",
        "[[components.x.overlays]]\ntype = 'spec-remove-tag'\ntag = 'A'\nlines = ['ignored']",
        "[[components.x.overlays]]\ntype = 'spec-remove-subpackage'\npackage = 'p'\nsection = ''\narchive = ''",
        "[components.x]\nspec = { type = 'upstream', path = '' }",
        "[[components.x.source-files]]\nfilename = 'a'\norigin = { type = 'download', uri = 'x:y', inputs = [] }",
        "'$schema' = 'x'\nincludes = ['a']",
    ],
)
def test_accepts_what_azldev_does(schema: Schema, text: str) -> None:
    assert schema.accepts(tomllib.loads(text))
    assert schema.accepts(tomllib.loads(DEFAULTS.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        *["x = 1", "[components.x]\ny = 1", "[components.x.spec]\ntype = 'z'", "includes = 'a'"],
        "[[components.x.overlays]]\ntype = 'spec-remove-tag'\ntag = 'A'\nlines = 5",
        "[[components.x.overlays]]\ntype = 'spec-remove-subpackage'\npackage = 'p'\nsection = '%files'",
        "[components.x]\nspec = { type = 'upstream', path = 'a.spec' }",
        "[resources.rpm-repos.r]\nbase-uri = 'ftp://h/x'",
        "[resources.rpm-repos.'-r']",
        "[images.i.native.layout]\npartitions = []\nfilesystems = []\nvolume-group = 'v'",
        "[images.i.native.layout]\npartitions = [{ name = 'r', role = 'root', sise = '1 GiB' }]\nfilesystems = []",
        "[component-groups.g.metadata]\ncategory = 'azl-pruning'\nupstream-status = 'unknown'\nbugs = [{ url = 'x' }]",
    ],
)
def test_refuses_unknown_keys_and_wrong_types(schema: Schema, text: str) -> None:
    assert not schema.accepts(tomllib.loads(text))


def test_refuses_overlays_that_lack_a_key(schema: Schema) -> None:
    lacking = [
        table for table, words in OVERLAYS if re.search("requires (value|lines|source) field|missing key", words)
    ]
    assert len(lacking) >= 4
    for table in lacking:
        assert not schema.accepts(tomllib.loads(f"[[components.x.overlays]]\n{table}")), table


@pytest.mark.corpus
def test_accepts_a_real_configuration(schema: Schema, corpus: Path) -> None:
    for file in sorted(corpus.rglob("*.toml")):
        assert schema.accepts(tomllib.loads(file.read_text(encoding="utf-8"))), file
