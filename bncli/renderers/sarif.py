"""The format `sarif`: findings as SARIF 2.1.0, for code-scanning services and editors."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bncli.renderers.base import Renderer
from bncli.renderers.findings_of import FINDINGS_KIND, findings_of, place_of
from bncli.renderers.visible_text import visible
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.renderers.base import Surface
    from bncli.reports.document import Document

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return a log of one run: the rules in force, a result for each finding, a notification for each unread file.

    Raises:
        InvalidUsage: the document is not one of findings.
    """
    findings = findings_of(document, "sarif")
    rules = document.record["rules"]
    index_of = {rule["code"]: index for index, rule in enumerate(rules)}
    unreadable = document.record["unreadable"]
    run = {
        "tool": {"driver": {"name": "bncli", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "invocations": [
            {
                "executionSuccessful": not unreadable,
                "toolExecutionNotifications": [_notification(file) for file in unreadable],
            }
        ],
        "results": [_result(finding, index_of[finding["code"]]) for finding in findings],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, allow_nan=False) + "\n"


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": rule["code"],
        "name": rule["name"],
        "shortDescription": {"text": rule["summary"]},
        "fullDescription": {"text": rule["rationale"]},
        "help": {"text": rule["remedy"]},
        "defaultConfiguration": {"level": _LEVELS[rule["severity"]]},
    }


def _result(finding: Mapping[str, Any], rule_index: int) -> dict[str, Any]:
    place = place_of(finding)
    text = f"{place}: {finding['message']}" if place else finding["message"]
    location: dict[str, Any] = {"physicalLocation": _physical_location(finding["file"])}
    if finding["layer"] is not None:
        layer = visible(finding["layer"])
        location["logicalLocations"] = [{"fullyQualifiedName": layer, "kind": "module"}]
    return {
        "ruleId": finding["code"],
        "ruleIndex": rule_index,
        "level": _LEVELS[finding["severity"]],
        "message": {"text": visible(text)},
        "locations": [location],
        "partialFingerprints": {"layerAndRule/v1": f"{finding['code']}:{visible(finding['layer'] or '')}"},
        "properties": {"channels": list(finding["channels"]), "num_channels": finding["num_channels"]},
    }


def _notification(file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": visible(file["message"])},
        "locations": [{"physicalLocation": _physical_location(file["path"])}],
    }


def _physical_location(path: str) -> dict[str, Any]:
    """Return a file as a URI; a relative path stays relative, to be resolved against the repository."""
    pure = PurePath(path)
    uri = pure.as_uri() if pure.is_absolute() else quote(pure.as_posix(), errors="surrogatepass")
    return {"artifactLocation": {"uri": uri}}


RENDERER = Renderer(name="sarif", suffixes=(".sarif",), render=render, only_kind=FINDINGS_KIND)
