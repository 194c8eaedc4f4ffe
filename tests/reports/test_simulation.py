"""Tests of the report of a simulation as a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import bncli.reports
from bncli.renderers import json_document
from bncli.renderers.base import Surface
from bncli.renderers.catalogue import RENDERERS
from bncli.reports.document import KeyValues, Note, Plot, Table
from bncli.reports.reported_simulation import BatchOrigin, SimulationReport
from bncli.reports.simulation import simulation_document
from tests.helpers.simulations import report, study, synthetic

SCHEMA = json.loads((Path(bncli.reports.__path__[0]) / "schemas" / "simulation.json").read_text())


def facts(simulation: SimulationReport) -> dict[str, Any]:
    block = simulation_document(simulation).blocks[0]
    assert isinstance(block, KeyValues)
    return dict(block.pairs)


def test_the_table_of_final_values_comes_first_for_csv_and_the_plots_before_the_closed_forms() -> None:
    kinds = [type(block) for block in simulation_document(report()).blocks]
    assert kinds == [KeyValues, Table, Table, Plot, Plot, Table]


def test_the_facts_say_where_the_batches_come_from_and_how_they_are_averaged() -> None:
    shown = facts(report(study(num_steps=1234)))
    assert shown["batches"] == "drawn by a test"
    assert shown["steps"] == "1,234"
    assert shown["update"] == "as PyTorch: batch variances with ddof 1"
    assert facts(report(study(ddof=0)))["update"] == "as Keras: batch variances with ddof 0"


def test_the_facts_say_how_often_files_are_gone_through() -> None:
    origin = BatchOrigin("files", "8 batches", {}, num_batches=8)
    assert facts(report(study(num_steps=20), origin=origin))["steps"].startswith("20, 2.5 times through the batches")
    assert facts(report(study(num_steps=8), origin=origin))["steps"] == "8"


def test_the_best_momentum_is_shown_with_its_decay() -> None:
    finished = study()
    assert finished.choice is not None
    momentum = float(f"{finished.choice.momentum:.3g}")
    assert facts(report(finished))["best momentum"].startswith(f"{momentum:g} (decay {1 - momentum:g})")


def test_a_start_at_the_population_needs_no_momentum() -> None:
    assert facts(report(study(source=synthetic((0.0,), (1.0,)))))["best momentum"].startswith("none")


def test_the_precision_says_whose_rounding_it_is() -> None:
    assert facts(report())["precision"] == "float64"
    assert "PyTorch" in facts(report(study(dtype="bfloat16")))["precision"]


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("shows_trajectory", [False, True])
def test_the_record_keeps_to_its_schema(dtype: str, shows_trajectory: bool) -> None:
    finished = study(0.0, 0.1, 1.0, None, dtype=dtype)
    document = simulation_document(report(finished, shows_trajectory=shows_trajectory))
    record = json.loads(json_document.render(document, Surface()))
    jsonschema.validate(record, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "renderer", [each for each in RENDERERS.values() if each.only_kind is None], ids=lambda renderer: renderer.name
)
def test_every_renderer_shows_it(renderer: Any) -> None:
    finished = study(0.1, None, dtype="bfloat16", source=synthetic([1.0] * 20, [1.0] * 20))
    assert renderer.render(simulation_document(report(finished)), Surface(width=80)).endswith("\n")


def test_notes_stand_at_the_end() -> None:
    blocks = simulation_document(report(study(source=synthetic(scenario="class-sorted")))).blocks
    assert isinstance(blocks[-1], Note)
