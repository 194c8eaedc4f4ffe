from __future__ import annotations

from typing import Any

import numpy as np

from bncli.analysis.inspection import inspect
from bncli.analysis.layer_selection import select
from bncli.core.batch_norm_layer import Checkpoint, Setting
from bncli.core.named_arrays import Skipped
from bncli.reports.arrangement import Arrangement
from bncli.reports.checkpoint import checkpoint_document
from bncli.reports.document import Cell, Document, KeyValues, Note, Table
from tests.helpers.builders import checkpoint, layer

KNOWN: dict[str, Any] = {
    "class_name": "torch.nn.modules.batchnorm.BatchNorm2d",
    "eps": Setting(1e-5, "stored"),
    "momentum": Setting(0.1, "stored"),
}


def document(file: Checkpoint, arrangement: Arrangement | None = None, **options: Any) -> Document:
    layers = inspect(select(file))
    return checkpoint_document(file, layers, arrangement or Arrangement(), **options)


def facts(found: Document) -> dict[str, Any]:
    block = found.blocks[0]
    assert isinstance(block, KeyValues)
    return {label: value.value if isinstance(value, Cell) else value for label, value in block.pairs}


def table(found: Document) -> Table:
    block = found.blocks[1]
    assert isinstance(block, Table)
    return block


def notes(found: Document) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Note)]


def test_facts_name_the_class_and_the_counters() -> None:
    file = checkpoint(layer(**KNOWN), layer(name="b", label="b", num_batches_tracked=1234, **KNOWN))
    told = facts(document(file))
    assert told["layers"] == "2 (BatchNorm2d), 8 channels"
    assert told["updates"] == "100 in 1 layer; 1,234 in 1 layer"
    assert facts(document(checkpoint(layer(num_batches_tracked=None))))["updates"] == "not counted"
    assert facts(document(checkpoint(layer(num_batches_tracked=1.5))))["updates"] == "1.5 (a float)"


def test_what_all_layers_share_is_told_once_and_not_in_the_table() -> None:
    found = document(checkpoint(layer(**KNOWN)))
    assert facts(found)["eps"] == "1e-05"
    assert "eps" not in [column.key for column in table(found).columns]


def test_a_file_that_tells_everything_needs_no_note() -> None:
    assert notes(document(checkpoint(layer(**KNOWN)))) == []


def test_assumptions_aliases_and_what_was_skipped_are_noted() -> None:
    told = notes(document(checkpoint(layer(aliases=("twin",)), aliases={"ema": "model"})))
    assert any("--eps and --momentum set" in text for text in told)
    assert "ema is the same object as model; it is listed once." in told
    assert "twin shares the memory of bn; it is listed once." in told
    many = tuple(Skipped(f"bn{index}", "is broken") for index in range(10))
    told = notes(document(checkpoint(layer(**KNOWN), skipped=many)))
    assert told[0] == "skipped bn0: is broken"
    assert told[-1] == "2 more skipped; --format json lists all."


def test_what_the_file_remembers_comes_before_what_was_assumed() -> None:
    at_rest = np.array([4 * 2.0**-149, 4 * 2.0**-149, 1, 1], np.float32)
    told = notes(document(checkpoint(layer(running_var=at_rest, num_batches_tracked=100_000))))
    assert [text.partition(":")[0] for text in told[:2]] == ["momentum", "death"]
    averaged = document(checkpoint(layer(**KNOWN)), array_names=("n_averaged",))
    assert notes(averaged)[0].startswith("provenance: Averaged weights of torch's AveragedModel.")
    assert averaged.record["forensics"][0]["fingerprint"] == "averaging-wrapper"


def test_top_shows_the_worst_and_says_how_many_there_are() -> None:
    broken = layer(name="b", label="b", running_var=np.array([np.nan, 1, 1, 1]), **KNOWN)
    found = table(document(checkpoint(layer(**KNOWN), broken), Arrangement(top=1)))
    assert found.rows[0][0] == "b"
    assert found.footer == "1 of 2 layers"


def test_rows_can_be_channels() -> None:
    found = document(checkpoint(layer(**KNOWN)), Arrangement(sort="-running_var", top=2), with_channels=True)
    assert len(table(found).rows) == 2
    assert table(found).footer == "2 of 4 channels"
    assert "channels" in found.record["layers"][0]


def test_channels_are_sorted_and_cut_in_the_record_too() -> None:
    variances = {"bn0": np.array([5.0, 1.0, 7.0, 0.5]), "bn1": np.array([3.0, 9.0, 4.0, 0.5])}
    layers = [layer(name=name, label=name, running_var=var) for name, var in variances.items()]
    found = document(checkpoint(*layers), Arrangement(sort="-running_var", top=4), with_channels=True)
    told = [(each["name"], each["channels"]["channel"].tolist()) for each in found.record["layers"]]
    assert told == [("bn1", [1, 2]), ("bn0", [2, 0])]
