from __future__ import annotations

from bncli.analysis.comparison import compare
from bncli.core.named_arrays import Skipped
from bncli.reports.comparison_record import comparison_record
from bncli.reports.inference import Inference
from tests.helpers.builders import checkpoint
from tests.helpers.layer_pairs import leaky_backbone, named

FILES = (checkpoint(skipped=(Skipped("x", "is broken"),)), checkpoint())


def test_the_record_counts_verdicts_and_tells_the_story() -> None:
    comparison = leaky_backbone()
    record = comparison_record(FILES, comparison, comparison.changes, ())
    assert record["summary"]["verdicts"] == {"leaky-freeze": 2, "trained": 1}
    assert record["summary"]["num_layers"] == 3
    assert not record["summary"]["are_equal"]
    assert record["summary"]["story"].startswith("backbone (2 layers)")
    assert record["before"]["skipped"] == [{"name": "x", "reason": "is broken"}]


def test_only_the_layers_that_are_shown_are_listed() -> None:
    comparison = leaky_backbone()
    record = comparison_record(FILES, comparison, comparison.changes[2:], ())
    (layer,) = record["layers"]
    assert (layer["name"], layer["verdict"], layer["delta_num_batches_tracked"]) == ("head.bn1", "trained", 50)
    assert layer["weight_change"] == 1


def test_layers_of_one_file_alone_renames_and_inferences_are_listed() -> None:
    before = [named("bn1"), named("bn2"), named("gone"), named("lost")]
    comparison = compare(before, [named("net.bn1"), named("net.bn2"), named("new")])
    inference = Inference("lineage", "a", "b", "c")
    record = comparison_record(FILES, comparison, comparison.changes, (inference,))
    assert record["added"] == ["new"]
    assert record["removed"] == ["gone", "lost"]
    assert record["renames"] == [{"before": "", "after": "net", "num_layers": 2}]
    assert [(layer["name_before"], layer["name"], layer["matched_by"]) for layer in record["layers"]] == [
        ("bn1", "net.bn1", "prefix"),
        ("bn2", "net.bn2", "prefix"),
    ]
    assert record["forensics"] == [inference.record()]
