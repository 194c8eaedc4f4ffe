from __future__ import annotations

from pathlib import Path

from bncli.rules.catalogue import RULES
from bncli.rules.outcome import FileOutcome, Outcome
from tests.helpers.rule_cases import file_of, findings_of, healthy


def outcome_of(name: str, *layers: object) -> FileOutcome:
    file = file_of(*layers)
    return FileOutcome(Path(name), "torch-zip", tuple(layer.name for layer in file.layers), 16, findings_of(file))


def test_a_layer_with_nothing_but_infos_is_clean() -> None:
    layers = healthy("a", running_var={0: -1.0}), healthy("b", num_batches_tracked=0), healthy("c")
    assert outcome_of("m.pt", *layers).num_clean_layers == 2


def test_findings_of_all_files_come_file_by_file() -> None:
    files = (outcome_of("a.pt", healthy("x", running_var={0: -1.0})), outcome_of("b.pt", healthy("y", eps=0.0)))
    assert [finding.layer for finding in Outcome(files, (), RULES).findings] == ["x", "y"]
