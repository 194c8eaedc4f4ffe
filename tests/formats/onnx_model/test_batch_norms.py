from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import Skipped
from bncli.errors import NoBatchNormLayers
from bncli.formats.onnx import open_onnx
from tests.helpers.onnx_models import ROLES, batch_norm, found, layer_arrays, model, one_layer_model, tensors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer

ARRAYS = layer_arrays()
NAMES = list(ARRAYS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


def only_layer(path: Path, proto: onnx.ModelProto) -> BatchNormLayer:
    (layer,) = found(path, proto).layers
    return layer


def assert_is_the_layer(layer: BatchNormLayer) -> None:
    for role in ROLES:
        np.testing.assert_array_equal(getattr(layer, role), ARRAYS[f"bn.{role}"], strict=True)


def test_a_layer_has_the_arrays_of_its_nodes_inputs(path: Path) -> None:
    layer = only_layer(path, one_layer_model())
    assert_is_the_layer(layer)
    assert (layer.name, layer.framework, layer.class_name) == ("bn", "onnx", "BatchNormalization")
    assert layer.tensors == {role: f"bn.{role}" for role in ROLES}
    assert layer.num_batches_tracked is None


def test_settings_come_as_the_decimals_that_were_written_and_momentum_as_the_new_batchs_weight(path: Path) -> None:
    layer = only_layer(path, one_layer_model(epsilon=1e-5, momentum=0.93))
    assert layer.eps == Setting(1e-5, "stored")
    assert layer.momentum == Setting(0.07, "stored")


def test_settings_that_are_not_stored_are_those_that_onnx_assumes(path: Path) -> None:
    layer = only_layer(path, one_layer_model())
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.1, "assumed"))


@pytest.mark.parametrize(
    ("opset", "outputs", "attributes", "training_mode"),
    [
        (17, ("y",), {}, False),
        (17, ("y",), {"training_mode": 0}, False),
        (17, ("y",), {"training_mode": 1}, True),
        (14, ("y", "mean", "var"), {"training_mode": 1}, True),
        (9, ("y",), {}, False),
        (9, ("y", "mean", "var", "saved_mean", "saved_var"), {}, True),
        (9, ("y", "", ""), {}, False),
        (6, ("y",), {"is_test": 1}, False),
        (6, ("y",), {}, True),
        (1, ("y",), {"is_test": 0}, True),
    ],
)
def test_training_mode_is_told_by_what_each_version_of_the_operator_tells_it_by(
    path: Path, opset: int, outputs: tuple[str, ...], attributes: dict[str, int], training_mode: bool
) -> None:
    assert only_layer(path, one_layer_model(opset, outputs, **attributes)).training_mode is training_mode


def test_layers_that_share_their_statistics_alone_are_layers_each(path: Path) -> None:
    first, second = layer_arrays(seed=1, prefix="a."), layer_arrays(seed=2, prefix="b.")
    shared = {name: values for name, values in first.items() if "running" in name}
    names = list(first)
    nodes = [batch_norm(names, ["q"], name="first"), batch_norm([*list(second)[:2], *names[2:]], ["y"], name="second")]
    scales = {name: values for name, values in (first | second).items() if "running" not in name}
    layers = found(path, model(nodes, tensors(shared | scales))).layers
    assert [layer.aliases for layer in layers] == [(), ()]
    np.testing.assert_array_equal(layers[1].weight, second["b.weight"])
    np.testing.assert_array_equal(layers[1].running_var, first["a.running_var"])


def test_a_layer_that_is_applied_twice_is_one_layer(path: Path) -> None:
    nodes = [batch_norm(NAMES, ["a"]), batch_norm(NAMES, ["b", "m", "v"], training_mode=1)]
    layer = only_layer(path, model(nodes, tensors(ARRAYS)))
    assert layer.name == "bn"
    assert layer.training_mode


def test_constants_and_copies_are_followed_to_what_is_stored(path: Path) -> None:
    mean, var = (numpy_helper.from_array(ARRAYS[f"bn.{role}"]) for role in ROLES[2:])
    nodes = [
        helper.make_node("Constant", [], ["bn.running_mean"], value=mean),
        helper.make_node("Constant", [], ["stored"], value=var),
        helper.make_node("Identity", ["stored"], ["copied"]),
        helper.make_node("Identity", ["copied"], ["bn.running_var"]),
        helper.make_node("Constant", [], ["bn.bias"], value_floats=ARRAYS["bn.bias"].tolist()),
        batch_norm(NAMES),
    ]
    layer = only_layer(path, model(nodes, tensors({"bn.weight": ARRAYS["bn.weight"]})))
    assert_is_the_layer(layer)
    assert layer.tensors["running_var"] == "stored"


@pytest.mark.parametrize(
    ("nodes", "inputs", "reason"),
    [
        ([], ["bn.weight"], "weight is an input of the graph, not stored"),
        ([], [], "weight is 'bn.weight', which nothing in the model defines"),
        (
            [helper.make_node("ConstantOfShape", ["shape"], ["bn.weight"])],
            [],
            "weight is computed by a ConstantOfShape node, not stored",
        ),
        (
            [helper.make_node("Identity", ["bn.weight2"], ["bn.weight"])],
            ["bn.weight2"],
            "weight is an input of the graph, not stored",
        ),
        (
            [helper.make_node("Constant", [], ["bn.weight"], value_float=1.0)],
            [],
            "weight is a Constant without a tensor",
        ),
        (
            [
                helper.make_node(
                    "Constant", [], ["bn.weight"], value=helper.make_tensor("", TensorProto.STRING, [1], ["a"])
                )
            ],
            [],
            "weight 'bn.weight' cannot be read: its element type string is not one that bncli reads",
        ),
        ([helper.make_node("Identity", ["bn.weight"], ["bn.weight"])], [], "weight is a copy of a copy"),
    ],
)
def test_a_layer_whose_arrays_are_not_stored_is_told_and_is_no_layer_by_name_either(
    path: Path, nodes: list[onnx.NodeProto], inputs: list[str], reason: str
) -> None:
    stored = {name: values for name, values in ARRAYS.items() if name != "bn.weight"}
    whole = layer_arrays(prefix="whole.")
    proto = model([*nodes, batch_norm(NAMES), batch_norm(list(whole), ["z"])], tensors(stored | whole), inputs=inputs)
    checkpoint = found(path, proto)
    assert [layer.name for layer in checkpoint.layers] == ["whole"]
    (skipped,) = checkpoint.skipped
    assert skipped.name == "bn"
    assert reason in skipped.reason


def test_a_node_without_all_inputs_is_told(path: Path) -> None:
    path.write_bytes(model([batch_norm(NAMES[:2], name="node")], tensors(ARRAYS)).SerializeToString())
    with open_onnx(path) as arrays:
        assert arrays.skipped == (Skipped("node", "has no input for running_mean, running_var"),)


def test_an_initializer_wins_over_the_input_of_the_same_name(path: Path) -> None:
    assert_is_the_layer(only_layer(path, model([batch_norm(NAMES)], tensors(ARRAYS), inputs=NAMES)))


def test_arrays_by_known_names_that_no_node_normalizes_with_are_still_found(path: Path) -> None:
    node = helper.make_node("Sub", ["x", "bn.running_mean"], ["y"])
    with pytest.raises(NoBatchNormLayers):
        found(path, model([node], tensors({"w": np.ones(3, np.float32)})))
    assert only_layer(path, model([node], tensors(ARRAYS))).framework == "torch"


def test_a_folded_export_says_so(path: Path) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], [f"y{number}"]) for number in range(52)]
    with pytest.raises(NoBatchNormLayers, match=r"52 Conv, 0 BatchNormalization: folded at export") as caught:
        found(path, model(nodes, tensors({"w": np.ones((1, 1, 3, 3), np.float32)})))
    assert caught.value.hint == "inspect the training checkpoint"


def test_a_model_without_convolutions_does_not_claim_that_anything_was_folded(path: Path) -> None:
    with pytest.raises(NoBatchNormLayers, match="0 BatchNormalization among 1 nodes"):
        found(path, model([helper.make_node("Relu", ["x"], ["y"])]))


BIASED = {"w": np.ones((4, 3, 1, 1), np.float32), "conv.bias": np.ones(4, np.float32)}


def behind(
    operator: str, inputs: list[str], *others: onnx.NodeProto, biased: dict[str, NDArray[Any]] = BIASED
) -> onnx.ModelProto:
    """Return a model in which a node computes the `x` that the layer normalizes."""
    producer = helper.make_node(operator, inputs, ["x"])
    proto = model([producer, *others, batch_norm(NAMES)], tensors(ARRAYS | biased))
    proto.graph.input[0].name = "images"
    return proto


@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose", "Gemm"])
def test_the_bias_of_the_node_before_the_layer_is_named(path: Path, operator: str) -> None:
    assert only_layer(path, behind(operator, ["images", "w", "conv.bias"])).producer_bias == "conv.bias"


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("Conv", ["images", "w"]),
        ("Conv", ["images", "w", ""]),
        ("Conv", ["images", "w", "computed"]),
        ("Conv", ["conv.bias", "w", "conv.bias"]),
        ("Clip", ["images", "w", "conv.bias"]),
    ],
)
def test_a_node_without_a_stored_bias_of_its_own_has_none_to_name(path: Path, operator: str, inputs: list[str]) -> None:
    assert only_layer(path, behind(operator, inputs)).producer_bias is None


def test_a_bias_that_is_not_one_value_a_channel_has_its_effect(path: Path) -> None:
    of_rows = {"w": np.ones((4, 3), np.float32), "conv.bias": np.ones((5, 1), np.float32)}
    assert only_layer(path, behind("Gemm", ["images", "w", "conv.bias"], biased=of_rows)).producer_bias is None


@pytest.mark.parametrize("used", ["x", "conv.bias"])
def test_a_bias_that_is_seen_elsewhere_has_its_effect_there(path: Path, used: str) -> None:
    conv = ["images", "w", "conv.bias"]
    assert only_layer(path, behind("Conv", conv, helper.make_node("Relu", [used], ["z"]))).producer_bias is None
    inner = helper.make_graph(
        [helper.make_node("Relu", [used], ["a"])],
        "inner",
        [],
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, None)],
    )
    branches = helper.make_node("If", ["images"], ["z"], then_branch=inner, else_branch=inner)
    assert only_layer(path, behind("Conv", conv, branches)).producer_bias is None
    proto = behind("Conv", conv)
    proto.graph.output.append(helper.make_tensor_value_info(used, TensorProto.FLOAT, None))
    assert only_layer(path, proto).producer_bias is None


def test_a_layer_of_two_inputs_has_no_bias_before_it(path: Path) -> None:
    again = helper.make_node("BatchNormalization", ["images", *NAMES], ["other"])
    assert only_layer(path, behind("Conv", ["images", "w", "conv.bias"], again)).producer_bias is None


def test_an_operator_of_another_domain_is_not_batch_normalization(path: Path) -> None:
    nodes: list[Any] = [batch_norm(NAMES, domain="my.own"), batch_norm(NAMES, ["z"], domain="ai.onnx")]
    assert len(found(path, model(nodes[1:], tensors(ARRAYS))).layers) == 1
    path.write_bytes(model(nodes[:1], tensors(ARRAYS)).SerializeToString())
    with open_onnx(path) as arrays:
        assert not arrays.hints


def test_a_decay_of_one_may_stand_for_a_cumulative_average(path: Path) -> None:
    layer = only_layer(path, one_layer_model(momentum=1.0))
    assert layer.momentum == Setting(0.1, "assumed")
    assert only_layer(path, one_layer_model(momentum=0.875)).momentum == Setting(0.125, "stored")
