"""Runs a command with --format json, holds the answer against its schema, and returns it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

import bncli.reports
from tests.helpers.invoke import invoke

SCHEMAS = Path(bncli.reports.__path__[0]) / "schemas"


def json_of(*arguments: object) -> dict[str, Any]:
    """Return the strict JSON that a command prints."""
    completed = invoke(*arguments, "--format", "json")
    assert (completed.exit_code, completed.stderr) == (0, "")
    document: dict[str, Any] = json.loads(completed.stdout, parse_constant=_refuse)
    kind = document["schema"].split("/")[1]
    Draft202012Validator(closed(json.loads((SCHEMAS / f"{kind}.json").read_text()))).validate(document)
    return document


def closed(schema: Any) -> Any:
    """Return a schema that takes no key which it does not describe: later versions may have more, this one has none."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    return (
        {"additionalProperties": False, **parts} if schema.get("type") == "object" and "properties" in schema else parts
    )


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")
