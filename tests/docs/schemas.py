"""The schemas of docs/schemas, each with a validator that knows the others."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from referencing import Registry, Resource

from tests.docs.markdown import DOCS

SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in sorted((DOCS / "schemas").glob("*.json"))}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[name], registry=REGISTRY)
