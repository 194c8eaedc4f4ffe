from __future__ import annotations

from typing import Any

import pytest

from bncli.core.named_arrays import Skipped
from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.pickled_objects.tree import walk_objects
from bncli.formats.pickles.inert import GlobalName, Record, TextKey


def tensor(key: str = "0") -> Record:
    storage = Storage(key, "float32", 4, 4)
    return Record("torch._utils._rebuild_tensor_v2", (storage, 0, (4,), (1,), False, {}))


def with_state(class_name: str, state: Any, items: list[Any] | None = None) -> Record:
    record = Record(class_name, ())
    record.state = state
    record.items = items or []
    return record


def module(class_name: str = "models.Net", **parts: Any) -> Record:
    return with_state(class_name, {"_parameters": {}, "_buffers": {}, "_modules": {}} | parts)


def names(root: Any) -> list[str]:
    return list(walk_objects(root).leaves)


def test_a_lone_tensor_is_called_tensor() -> None:
    assert names(tensor()) == ["tensor"]


def test_names_are_paths_in_document_order() -> None:
    root = {
        "epoch": 3,
        "state_dict": {"module.bn1.weight": tensor(), "b": [tensor(), {"c": tensor()}]},
        "a": (tensor(),),
    }
    assert names(root) == ["state_dict.module.bn1.weight", "state_dict.b.0", "state_dict.b.1.c", "a.0"]


def test_keys_that_are_no_text_have_a_readable_name() -> None:
    root = {
        1: tensor(),
        2.5: tensor(),
        None: tensor(),
        b"w\xff": tensor(),
        ("bn", 1): tensor(),
        GlobalName("a.B"): tensor(),
        Record("c.D", ()): tensor(),
        Record("_codecs.encode", ("w\xc3\xa9\xff", "latin1")): tensor(),
        Record("builtins.bytes", ()): tensor(),
        TextKey("1 2", ("bn", 2)): tensor(),
        TextKey(str(2**70), 2**70): tensor(),
    }
    expected = ["1", "2.5", "None", "w\\xff", "bn.1", "a.B", "c.D", "wé\\xff", "", "bn.2", "1180591620717411303424"]
    assert names(root) == expected


def test_an_empty_key_is_an_empty_name() -> None:
    assert names({"": tensor()}) == [""]
    assert names({"": {"a": tensor()}}) == [".a"]


def test_a_module_names_its_arrays_as_its_state_dict_would() -> None:
    bn = module(_parameters={"weight": tensor(), "bias": None}, _buffers={"running_mean": tensor()})
    root = module(_modules={"features": module(_modules={"0": bn})}, ema=tensor())
    assert names({"model": root}) == ["model.features.0.weight", "model.features.0.running_mean"]


def test_objects_of_any_class_are_walked_by_attribute_and_element() -> None:
    ema = with_state("utils.EMA", {"decay": 0.9, "shadow": {"w": tensor()}})
    slotted = with_state("utils.Slotted", (None, {"w": tensor()}))
    counts = with_state("collections.defaultdict", None, [("w", tensor()), ("v", tensor())])
    listed = with_state("utils.Listed", None, [tensor(), tensor()])
    root = {"ema": ema, "slotted": slotted, "counts": counts, "listed": listed}
    assert names(root) == ["ema.shadow.w", "slotted.w", "counts.w", "counts.v", "listed.0", "listed.1"]


def test_optimizers_at_the_top_are_passed_over_and_only_there() -> None:
    root = {
        "optimizer": {"a": tensor()},
        "optimizer_state_dict": {"a": tensor()},
        "optimizers": [{"a": tensor()}],
        "model": {"optimizer": {"a": tensor()}},
    }
    assert names(root) == ["model.optimizer.a"]


def test_a_container_met_again_is_an_alias_of_its_first_path() -> None:
    shared = {"bn": {"w": tensor()}}
    found = walk_objects({"model": shared, "ema": shared, "teacher": {"net": shared["bn"]}})
    assert list(found.leaves) == ["model.bn.w"]
    assert found.aliases == {"ema": "model", "teacher.net": "model.bn"}


def test_the_first_path_in_document_order_names_a_shared_container() -> None:
    shared = {"w": tensor()}
    found = walk_objects({"outer": {"inner": shared}, "late": shared})
    assert (list(found.leaves), found.aliases) == (["outer.inner.w"], {"late": "outer.inner"})


def test_containers_without_arrays_are_no_aliases() -> None:
    config = {"lr": 0.1}
    assert walk_objects({"a": config, "b": config, "c": (), "d": (), "w": tensor()}).aliases == {}


def test_a_cycle_ends_and_is_no_alias() -> None:
    root: dict[str, Any] = {"child": {"w": tensor()}}
    root["child"]["parent"] = root
    root["child"]["self"] = root["child"]
    found = walk_objects(root)
    assert (list(found.leaves), found.aliases) == (["child.w"], {})


def test_one_tensor_under_two_names_has_both() -> None:
    shared = tensor()
    assert names({"encoder.w": shared, "decoder.w": shared}) == ["encoder.w", "decoder.w"]


def test_a_second_array_of_the_same_name_is_skipped_and_told() -> None:
    found = walk_objects({"a": {"b": tensor("0")}, "a.b": tensor("1")})
    leaf: Any = found.leaves["a.b"]
    assert leaf.storage.key == "0"
    assert found.skipped == [Skipped("a.b", "a second array of this name")]


def test_an_array_that_cannot_be_read_is_skipped_and_the_walk_goes_on() -> None:
    found = walk_objects({"q": Record("torch._utils._rebuild_qtensor", ()), "w": tensor()})
    assert list(found.leaves) == ["w"]
    assert found.skipped == [Skipped("q", "a quantized tensor")]


def test_an_object_that_keeps_tensors_in_its_arguments_is_told() -> None:
    found = walk_objects({"fp8": Record("torchao.Float8Tensor", (tensor(), 3))})
    assert found.skipped == [Skipped("fp8", "an object of class torchao.Float8Tensor, not a plain array")]


def test_arrays_beside_a_dictionary_in_the_arguments_are_listed_by_their_number() -> None:
    found = walk_objects({"state": Record("train.State", (tensor(), {"w": tensor()}))})
    assert (list(found.leaves), found.skipped) == (["state.0", "state.1.w"], [])


@pytest.mark.parametrize("part", [{"w": tensor()}, [tensor()]])
def test_objects_made_of_the_same_arguments_are_one_and_its_aliases(part: Any) -> None:
    arguments = (part, 1) if isinstance(part, dict) else (part, {})
    first, second = Record("m.A", arguments), Record("m.B", arguments)
    found = walk_objects({"first": first, "second": second})
    assert len(found.leaves) == 1
    assert found.aliases == {"second": "first"}


def test_objects_that_share_their_attributes_are_one_and_its_aliases() -> None:
    attributes = {"w": tensor()}
    parts: dict[str, Any] = {"_parameters": {"w": tensor()}, "_buffers": {}, "_modules": {}}
    found = walk_objects({
        "first": with_state("m.A", attributes), "second": with_state("m.B", attributes), "plain": attributes,
        "net": module(**parts), "twin": module(**parts),
    })  # fmt: skip
    assert list(found.leaves) == ["first.w", "net.w"]
    assert found.aliases == {"second": "first", "plain": "first", "twin": "net"}


def test_an_array_under_two_names_is_one_object() -> None:
    scalar = Record("numpy.core.multiarray.scalar", (Record("numpy.dtype", ("f4", False, True)), bytes(4)))
    leaves = walk_objects({"a": {"w": scalar}, "b": {"w": scalar}}).leaves
    assert leaves["a.w"] is leaves["b.w"]


def test_layers_that_keep_running_statistics_are_described_by_path() -> None:
    bn = module("models.Norm", _buffers={"running_mean": tensor()}, eps=1e-3)
    found = walk_objects({"model": module(_modules={"bn": bn, "again": bn})})
    assert [(hint.layer, hint.class_name) for hint in found.hints] == [("model.bn", "models.Norm")]
    assert found.aliases == {"model.again": "model.bn"}


def test_settings_that_cannot_be_read_are_told_by_their_path() -> None:
    bn = module("models.Norm", _buffers={"running_mean": tensor()}, eps=tensor(), momentum=0.1)
    reason = "a setting whose value is no number that bncli reads"
    assert walk_objects({"bn": bn}).skipped == [Skipped("bn.eps", reason)]
    assert walk_objects(bn).skipped == [Skipped("eps", reason)]


def test_a_tensor_of_nonsense_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"array 'model\.w': a tensor without a storage"):
        walk_objects({"model": {"w": Record("torch._utils._rebuild_tensor_v2", (None, 0, (), ()))}})


def test_references_that_double_at_every_level_take_no_time() -> None:
    level: Any = {"w": tensor()}
    for _ in range(60):
        level = [level, level]
    assert names(level) == [".".join(["0"] * 60) + ".w"]


def test_nesting_deeper_than_any_model_is_skipped_and_told() -> None:
    level: Any = tensor()
    for _ in range(100_000):
        level = [level]
    found = walk_objects([level, tensor()])
    assert list(found.leaves) == ["1"]
    assert [skipped.reason for skipped in found.skipped] == ["nested too deep, or its name too long"]


@pytest.mark.parametrize("letter", ["y", "é"])
@pytest.mark.parametrize("length", [1025, 10**6])
def test_keys_of_bytes_that_are_too_long_are_told(letter: str, length: int) -> None:
    text = letter * length
    for key in (text.encode(), Record("_codecs.encode", (text.encode().decode("latin-1"), "latin1"))):
        for root in ({key: tensor()}, {"a": {key: tensor()}}):
            found = walk_objects(root)
            assert (list(found.leaves), len(found.skipped)) == ([], 1)


def test_long_keys_cannot_multiply_into_long_names() -> None:
    long = "x" * 2000
    found = walk_objects({long: {f"a{i}": tensor() for i in range(3)}, "w": tensor(), "y" * 10**6: 3})
    assert list(found.leaves) == ["w"]
    assert found.skipped == [Skipped("x" * 80 + "...", "nested too deep, or its name too long")]
