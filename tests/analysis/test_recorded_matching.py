from __future__ import annotations

import pytest

from bncli.analysis.recorded_matching import match_recorded, unmatched
from bncli.errors import InvalidUsage
from tests.helpers.builders import layer


def test_layers_of_the_same_names_are_matched() -> None:
    layers = [layer(name="bn1"), layer(name="bn2")]
    assert match_recorded(layers, ["bn2", "bn1"]) == {"bn1": "bn1", "bn2": "bn2"}


def test_containers_and_wrappers_of_a_checkpoint_do_not_matter() -> None:
    layers = [layer(name="state_dict.module.body.1"), layer(name="state_dict.module.body.11")]
    assert match_recorded(layers, ["body.1"]) == {"state_dict.module.body.1": "body.1"}


def test_an_alias_is_as_good_as_the_name() -> None:
    assert match_recorded([layer(name="ema.bn", aliases=("bn",))], ["bn"]) == {"ema.bn": "bn"}


def test_full_names_win_over_ends() -> None:
    layers = [layer(name="bn"), layer(name="teacher.bn")]
    assert match_recorded(layers, ["bn"]) == {"bn": "bn"}


def test_a_model_and_its_average_are_not_confused() -> None:
    layers = [layer(name="model.bn", label="model.bn"), layer(name="ema.bn", label="ema.bn")]
    with pytest.raises(InvalidUsage, match="layer bn of the recording may be model.bn or ema.bn") as caught:
        match_recorded(layers, ["bn"])
    assert caught.value.hint == "say which with --layer, such as --layer 'model.*'"
    assert match_recorded(layers[1:], ["bn"]) == {"ema.bn": "bn"}


def test_what_no_layer_was_matched_with_is_listed() -> None:
    assert unmatched(["a", "b", "c"], {"x.b": "b"}) == ("a", "c")
