from __future__ import annotations

from pathlib import Path

import pytest

from bncli.cli.recorded_names import recorded_names
from bncli.errors import InputNotFound
from tests.helpers.builders import checkpoint, layer

CHECKPOINT = checkpoint(layer(name="a", label="a"), layer(name="b", label="b"))


def test_each_layer_that_was_recorded_has_its_recorded_name() -> None:
    assert recorded_names(CHECKPOINT, CHECKPOINT.layers, Path("run"), ["b", "c"]) == {"b": "b"}


@pytest.mark.parametrize(("names", "has"), [(["x", "y", "z", "w"], "layers x, y, z"), ([], "no layer")])
def test_a_recording_without_any_of_the_layers_is_refused_with_what_either_has(names: list[str], has: str) -> None:
    with pytest.raises(InputNotFound, match="model.pt: none of its layers is in run") as caught:
        recorded_names(CHECKPOINT, CHECKPOINT.layers, Path("run"), names)
    assert caught.value.hint == f"the recording has {has}; the checkpoint has layer a"
