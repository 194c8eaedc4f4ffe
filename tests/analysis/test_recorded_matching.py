from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.analysis.recorded_matching import in_recorded_order, match_recorded, unmatched
from bncli.errors import InvalidUsage
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


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


RESNET = ("bn1", "layer1.0.bn1", "layer1.1.bn1")


def tree(prefix: str, names: tuple[str, ...] = RESNET) -> list[BatchNormLayer]:
    return [layer(name=f"{prefix}{name}", label=f"{prefix}{name}") for name in names]


@pytest.mark.parametrize("prefix", ["model.", "state_dict.module.", "state_dict.net.backbone.", "a/b/"])
def test_a_name_that_ends_others_is_that_of_the_stem_behind_the_prefix_of_all(prefix: str) -> None:
    layers = tree(prefix)
    assert match_recorded(layers, RESNET) == {f"{prefix}{name}": name for name in RESNET}
    assert match_recorded(layers[::-1], RESNET[::-1]) == {f"{prefix}{name}": name for name in RESNET}


def test_a_name_that_ends_others_is_that_of_the_stem_also_if_nothing_else_was_recorded() -> None:
    assert match_recorded(tree("model."), ["bn1"]) == {"model.bn1": "bn1"}


def test_a_stem_that_the_checkpoint_lacks_is_not_sought_in_a_block() -> None:
    layers = tree("model.", RESNET[1:])
    assert match_recorded(layers, RESNET) == {f"model.{name}": name for name in RESNET[1:]}


def test_the_chosen_layers_of_a_model_are_matched_as_all_its_layers_tell() -> None:
    layers = tree("model.")
    assert match_recorded(layers[2:], RESNET, layers) == {"model.layer1.1.bn1": "layer1.1.bn1"}


@pytest.mark.parametrize("prefix", ["model.", "ema.module."])
def test_a_model_or_its_average_is_chosen_as_a_whole(prefix: str) -> None:
    layers = [*tree("model."), *tree("ema.module.")]
    with pytest.raises(InvalidUsage, match=r"layer bn1 of the recording may be .*bn1 or .*bn1") as caught:
        match_recorded(layers, RESNET)
    assert caught.value.hint == "say which with --layer, such as --layer 'model.*'"
    chosen = [each for each in layers if each.name.startswith(prefix)]
    assert match_recorded(chosen, RESNET, layers) == {f"{prefix}{name}": name for name in RESNET}


def test_a_network_that_has_all_recorded_layers_is_meant_rather_than_one_that_has_some() -> None:
    layers = [*tree("generator.", RESNET[:2]), *tree("critic.")]
    assert set(match_recorded(layers, RESNET)) == {f"critic.{name}" for name in RESNET}


def test_parts_of_a_model_may_stand_behind_prefixes_of_their_own() -> None:
    layers = [*tree("backbone.", RESNET), *tree("head.", ("top.bn",))]
    assert match_recorded(layers, [*RESNET, "top.bn"])["head.top.bn"] == "top.bn"


def test_layers_that_wrappers_alone_tell_apart_are_not_confused() -> None:
    layers = [*tree("a."), *tree("a.module.")]
    with pytest.raises(InvalidUsage, match="may be a.bn1 or a.module.bn1"):
        match_recorded(layers, RESNET)
    assert match_recorded(layers[3:], RESNET, layers) == {f"a.module.{name}": name for name in RESNET}


def test_what_no_layer_was_matched_with_is_listed() -> None:
    assert unmatched(["a", "b", "c"], {"x.b": "b"}) == ("a", "c")


def test_matched_layers_are_put_into_the_order_of_the_recording() -> None:
    a, b, c = (layer(name=f"m.{name}") for name in "abc")
    assert in_recorded_order([a, b, c], {"m.a": "a", "m.c": "c"}, ["c", "x", "a"]) == (c, a)
