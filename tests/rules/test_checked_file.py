from __future__ import annotations

from bncli.core.named_arrays import Skipped
from bncli.rules.checked_file import checked_file
from tests.helpers.builders import checkpoint
from tests.helpers.rule_cases import healthy


def test_a_file_is_its_layers_and_what_makes_no_layer() -> None:
    skipped = (Skipped("x", "is odd"),)
    file = checked_file(checkpoint(healthy("a"), healthy("b"), skipped=skipped), ("norm",))
    assert [layer.name for layer in file.layers] == ["a", "b"]
    assert file.skipped == skipped
    assert file.affine_layers == ("norm",)
