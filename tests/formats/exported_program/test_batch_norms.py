from __future__ import annotations

from typing import Any

import pytest

from bncli.core.named_arrays import LayerHint
from bncli.formats.exported_program.batch_norms import layer_hints, reason_for_no_layers

BATCH_NORM = "torch.ops.aten.batch_norm.default"
NAMES = {"bn.running_mean", "bn.running_var", "bn.weight", "bn.num_batches_tracked"}

ONLY_THE_CLASS = LayerHint("bn", "torch.nn.modules.batchnorm.BatchNorm1d")


def node(
    target: str = BATCH_NORM,
    eps: Any = 1e-3,
    momentum: Any = 0.2,
    module: str = "L__self__bn,bn,torch.nn.modules.batchnorm.BatchNorm1d",
    layer: str = "bn",
    **arguments: Any,
) -> dict[str, Any]:
    """Return a node as the format has it, by default of a layer in eval mode without a shift."""
    given = {
        "input": {"as_tensor": {"name": "x"}},
        "weight": {"as_tensor": {"name": f"p_{layer}_weight"}},
        "bias": {"as_none": True},
        "running_mean": {"as_tensor": {"name": f"b_{layer}_running_mean"}},
        "running_var": {"as_tensor": {"name": f"b_{layer}_running_var"}},
        "momentum": {"as_float": momentum},
        "eps": {"as_float": eps},
        **arguments,
    }
    inputs = [{"name": name, "arg": argument, "kind": 1} for name, argument in given.items()]
    return {"target": target, "inputs": inputs, "metadata": {"nn_module_stack": f"L__self__,,Net;{module}"}}


def program(*nodes: dict[str, Any], layer: str = "bn") -> dict[str, Any]:
    specs: list[dict[str, Any]] = [{"user_input": {"arg": {"as_tensor": {"name": "x"}}}}]
    specs.append({"parameter": {"arg": {"name": f"p_{layer}_weight"}, "parameter_name": f"{layer}.weight"}})
    specs += [
        {"buffer": {"arg": {"name": f"b_{layer}_{leaf}"}, "buffer_name": f"{layer}.{leaf}"}}
        for leaf in ("running_mean", "running_var")
    ]
    return {"graph_module": {"graph": {"nodes": list(nodes)}, "signature": {"input_specs": specs}}}


def hints(*nodes: dict[str, Any]) -> list[LayerHint]:
    return list(layer_hints(program(*nodes), NAMES))


def test_a_node_tells_arrays_settings_and_class_of_a_layer() -> None:
    assert hints(node()) == [
        LayerHint(
            "bn",
            "torch.nn.modules.batchnorm.BatchNorm1d",
            {"eps": 1e-3, "momentum": 0.2},
            {
                "running_mean": "bn.running_mean",
                "running_var": "bn.running_var",
                "weight": "bn.weight",
                "num_batches_tracked": "bn.num_batches_tracked",
            },
            framework="torch",
        )
    ]


@pytest.mark.parametrize(
    "operator", ["_native_batch_norm_legit_no_training", "native_batch_norm", "cudnn_batch_norm", "batch_norm"]
)
def test_every_operator_of_the_family_is_one(operator: str) -> None:
    assert len(hints(node(f"torch.ops.aten.{operator}.default"))) == 1


@pytest.mark.parametrize("momentum", [0.2, 0.1, 1.0])
def test_training_is_told_and_leaves_the_momentum_certain(momentum: float) -> None:
    (hint,) = hints(node(momentum=momentum, training={"as_bool": True}))
    assert hint.training_mode
    assert hint.settings == {"eps": 1e-3, "momentum": momentum}


@pytest.mark.parametrize("is_training", [False, True])
def test_a_momentum_of_zero_may_stand_for_none(*, is_training: bool) -> None:
    (hint,) = hints(node(momentum=0.0, training={"as_bool": is_training}))
    assert hint.settings == {"eps": 1e-3}


@pytest.mark.parametrize("number", [{"as_none": True}, {"as_int": 1}, {"as_sym_float": {"as_name": "s"}}, {}])
def test_settings_that_are_no_numbers_are_left_out(number: dict[str, Any]) -> None:
    changed = node()
    for argument in changed["inputs"]:
        if argument["name"] in ("eps", "momentum"):
            argument["arg"] = number
    assert hints(changed)[0].settings == {}


def test_a_layer_that_is_called_twice_has_the_settings_in_which_its_calls_agree() -> None:
    assert hints(node(), node())[0].settings == {"eps": 1e-3, "momentum": 0.2}
    (hint,) = hints(node(), node(eps=0.5, momentum=0.3, training={"as_bool": True}))
    assert (hint.settings, hint.training_mode) == ({}, True)
    assert (hint.framework, hint.producer_bias) == ("torch", None)


def test_instance_normalization_is_known_by_its_module() -> None:
    module = "L__self__bn,bn,torch.nn.modules.instancenorm.InstanceNorm1d"
    assert hints(node(module=module)) == [LayerHint("bn", "torch.nn.modules.instancenorm.InstanceNorm1d")]


def test_without_modules_the_operator_stands_for_the_class() -> None:
    bare = node()
    bare["metadata"] = {}
    assert hints(bare)[0].class_name == BATCH_NORM


@pytest.mark.parametrize("role", ["running_mean", "running_var"])
@pytest.mark.parametrize("argument", [{"as_none": True}, {"as_tensor": {"name": "computed"}}])
def test_a_node_without_stored_statistics_tells_no_more_than_its_class(role: str, argument: dict[str, Any]) -> None:
    assert hints(node(**{role: argument})) == [ONLY_THE_CLASS]


def test_arrays_that_were_not_saved_leave_no_more_than_the_class() -> None:
    assert list(layer_hints(program(node()), {"bn.weight"})) == [ONLY_THE_CLASS]


def test_an_operator_without_a_module_and_without_statistics_is_no_layer() -> None:
    bare = node(running_mean={"as_none": True})
    bare["metadata"] = {}
    assert hints(bare) == []


def test_layers_that_are_not_in_the_graph_may_have_been_folded() -> None:
    convolution = {"target": "torch.ops.aten.conv2d.default"}
    assert reason_for_no_layers(program(convolution, {"target": "torch.ops.aten.relu.default"})) == (
        "1 convolutions, 0 batch_norm among the operators: folded before export, if the model had any"
    )
    assert reason_for_no_layers(program(convolution, node())) is None
    assert reason_for_no_layers(program()) is None
