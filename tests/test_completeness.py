from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

import bncli.cli
import bncli.formats
import bncli.renderers
import bncli.reports
from bncli.cli.app import COMMANDS
from bncli.cli.command import Command
from bncli.formats.base import Format
from bncli.formats.detection import all_formats
from bncli.renderers.base import Renderer
from bncli.renderers.catalogue import RENDERERS

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
SCHEMAS = sorted((Path(bncli.reports.__path__[0]) / "schemas").glob("*.json"))


def objects_in(package: ModuleType, kind: type) -> list[Any]:
    """Return all objects of a kind that the modules of a package declare."""
    names = [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return [value for value in values if isinstance(value, kind)]


def declared_in(package: ModuleType, kind: type) -> set[str]:
    """Return the names of all objects of a kind that the modules of a package declare."""
    return {value.name for value in objects_in(package, kind)}


def test_every_format_that_a_module_declares_is_tried() -> None:
    assert {file_format.name for file_format in all_formats()} == declared_in(bncli.formats, Format)


def test_every_renderer_that_a_module_declares_can_be_chosen() -> None:
    assert set(RENDERERS) == declared_in(bncli.renderers, Renderer)
    assert all(renderer.name == name for name, renderer in RENDERERS.items())


def test_names_and_suffixes_tell_formats_and_renderers_apart() -> None:
    for names in ([file_format.name for file_format in all_formats()], RENDERERS):
        assert len(set(names)) == len(names)
    suffixes = [suffix for renderer in RENDERERS.values() for suffix in renderer.suffixes]
    assert len(set(suffixes)) == len(suffixes)


def test_every_command_that_a_module_declares_can_be_called() -> None:
    assert {id(command) for command in COMMANDS.values()} == {id(each) for each in objects_in(bncli.cli, Command)}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_a_module_of_its_name(command: str) -> None:
    assert (ROOT / "bncli" / "cli" / f"{command.replace(' ', '_').replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_shown_in_the_readme(command: str) -> None:
    assert f"bncli {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_three_front_doors_are_open() -> None:
    assert {"normalize", "simulate-momentum", "inspect checkpoint"} <= set(COMMANDS)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_valid_and_names_the_kind_of_its_file(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"] == {"const": f"bncli/{path.stem}/1"}
