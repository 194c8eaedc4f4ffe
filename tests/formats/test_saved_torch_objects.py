"""What torch.save writes besides plain state dicts, in both of its formats."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from bncli.formats.detection import open_named_arrays
from tests.helpers.torch_checkpoints import as_numpy, assert_same_bits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Save = Callable[[Any], Path]

BATCHNORM = "torch.nn.modules.batchnorm"


class UsersOwnNorm(nn.BatchNorm2d):
    pass


class TaggedTensor(torch.Tensor):
    pass


@pytest.fixture(params=[True, False], ids=["zip", "legacy"])
def save(request: pytest.FixtureRequest, tmp_path: Path) -> Save:
    def write(value: Any) -> Path:
        path = tmp_path / "saved.pt"
        torch.save(value, path, _use_new_zipfile_serialization=request.param)
        return path

    return write


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 4, 3),
            plain=nn.BatchNorm2d(4, eps=1e-3, momentum=0.03),
            cumulative=nn.BatchNorm2d(4, momentum=None),
            block=nn.Sequential(nn.SyncBatchNorm(4), UsersOwnNorm(4), nn.Dropout()),
            bare=nn.BatchNorm2d(4, affine=False),
            batchwise=nn.BatchNorm2d(4, track_running_stats=False),
            instance=nn.InstanceNorm2d(4, track_running_stats=True),
            weird=nn.LayerNorm(4),
        )
    )


def test_a_whole_module_holds_the_arrays_of_its_state_dict_in_the_same_order(save: Save) -> None:
    model = network()
    state = model.state_dict()
    with open_named_arrays(save(model)) as arrays:
        assert list(arrays.specs) == list(state)
        for name, values in state.items():
            assert_same_bits(arrays.read(name), as_numpy(values))


def test_a_whole_module_tells_class_and_settings_of_its_layers(save: Save) -> None:
    with open_named_arrays(save({"model": network(), "epoch": 3})) as arrays:
        hints = {name: (hint.class_name, hint.settings) for name, hint in arrays.hints.items()}
    usual = {"eps": 1e-5, "momentum": 0.1}
    assert hints == {
        "model.plain": (f"{BATCHNORM}.BatchNorm2d", {"eps": 1e-3, "momentum": 0.03}),
        "model.cumulative": (f"{BATCHNORM}.BatchNorm2d", {"eps": 1e-5, "momentum": None}),
        "model.block.0": (f"{BATCHNORM}.SyncBatchNorm", usual),
        "model.block.1": (f"{__name__}.UsersOwnNorm", usual),
        "model.bare": (f"{BATCHNORM}.BatchNorm2d", usual),
        "model.batchwise": (f"{BATCHNORM}.BatchNorm2d", usual),
        "model.instance": ("torch.nn.modules.instancenorm.InstanceNorm2d", usual),
    }


def test_a_module_that_is_the_whole_file_is_described_under_the_empty_path(save: Save) -> None:
    with open_named_arrays(save(nn.BatchNorm1d(2))) as arrays:
        assert set(arrays.hints) == {""}
        assert list(arrays.specs) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]


def test_one_model_under_two_keys_is_listed_once_and_named_twice(save: Save) -> None:
    model = nn.Sequential(nn.BatchNorm1d(2))
    state = model.state_dict()
    with open_named_arrays(save({"model": model, "ema": model, "state": state, "copy": state})) as arrays:
        assert arrays.aliases == {"ema": "model", "copy": "state"}
        assert [name for name in arrays.specs if name.endswith("running_var")] == [
            "model.0.running_var",
            "state.0.running_var",
        ]
        first, second = (arrays.specs[f"{path}.0.running_var"].identity for path in ("model", "state"))
        assert first == second


def test_training_state_beside_the_model_is_no_obstacle(save: Save) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    moments = {"step": torch.tensor(1.0), "exp_avg": torch.zeros(2, 2)}
    checkpoint = {
        "epoch": 12,
        "best": np.float64(0.9),
        "hyper": {
            "sizes": torch.Size([1, 2]),
            "device": torch.device("cpu"),
            "dtype": torch.float16,
            "range": slice(3),
        },
        "optimizer_states": [{"state": {0: moments}, "param_groups": [{"lr": 0.1, "params": [0]}]}],
        "model": model.state_dict(),
        "ema": {"decay": 0.99, "shadow": model.state_dict()},
        "loader": {"rng": torch.get_rng_state(), "seen": {1, 2}, "classes": frozenset("ab"), "number": 1 + 2j},
    }
    with open_named_arrays(save(checkpoint)) as arrays:
        assert [name for name in arrays.specs if name.endswith("running_mean")] == [
            "model.1.running_mean",
            "ema.shadow.1.running_mean",
        ]
        assert not any("optimizer" in name for name in arrays.specs)
        assert arrays.skipped == ()


def test_parameters_and_subclasses_are_read_as_the_tensors_they_are(save: Save) -> None:
    values = torch.arange(6.0).reshape(2, 3)
    tagged = values.as_subclass(TaggedTensor)
    tagged.tag = "x"  # type: ignore[attr-defined]
    parameter = nn.Parameter(values.clone())
    parameter.note = "frozen"  # type: ignore[attr-defined]
    saved = {"tagged": tagged, "parameter": parameter, "buffer": nn.Buffer(values.clone())}
    with open_named_arrays(save(saved)) as arrays:
        for name in saved:
            np.testing.assert_array_equal(arrays.read(name), values.numpy())


def test_tensors_that_are_no_plain_arrays_are_listed_and_stop_nothing(save: Save) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        odd = {
            "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
            "sparse": torch.eye(3).to_sparse(),
            "compressed": torch.eye(3).to_sparse_csr(),
            "meta": torch.ones(2, device="meta"),
            "conjugate": torch.ones(2, dtype=torch.complex64).conj(),
            "half_complex": torch.ones(2, dtype=torch.complex32),
        }
        nested = {"nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])}
        path = save(odd | nested | {"bn.running_mean": torch.arange(3.0)})
    with open_named_arrays(path) as arrays:
        assert list(arrays.specs) == ["bn.running_mean"]
        np.testing.assert_array_equal(arrays.read("bn.running_mean"), np.arange(3, dtype=np.float32))
        assert [skipped.name for skipped in arrays.skipped] == [*odd, *nested]
        assert all(skipped.reason for skipped in arrays.skipped)


def test_numpy_arrays_in_a_checkpoint_are_arrays_too(save: Save) -> None:
    saved = {
        "mean": np.arange(3.0),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(2, dtype=">i4"),
    }
    with open_named_arrays(save(saved)) as arrays:
        for name, values in saved.items():
            np.testing.assert_array_equal(arrays.read(name), values)


def test_settings_are_read_as_the_numbers_that_torch_computes_with(save: Save) -> None:
    given: list[tuple[Any, Any]] = [(np.float64(1e-3), np.float32(0.3)), (np.float16(1e-3), True)]
    model = nn.Sequential(*[nn.BatchNorm2d(3, eps=eps, momentum=momentum) for eps, momentum in given])
    with open_named_arrays(save(model)) as arrays:
        settings = {name: hint.settings for name, hint in arrays.hints.items()}
        assert arrays.skipped == ()
    assert settings == {
        str(at): {"eps": float(eps), "momentum": float(momentum)} for at, (eps, momentum) in enumerate(given)
    }


def test_a_setting_that_is_a_tensor_is_told(save: Save) -> None:
    with open_named_arrays(save(nn.BatchNorm2d(3, eps=torch.tensor(1e-3)))) as arrays:  # type: ignore[arg-type]
        (hint,) = arrays.hints.values()
        assert hint.settings == {"momentum": 0.1}
        assert [skipped.name for skipped in arrays.skipped] == ["eps"]


def test_keys_of_bytes_and_long_integers_are_names(save: Save) -> None:
    value = {b"bn.running_mean": torch.arange(3.0), 2**61 - 1: torch.ones(2), -(2**70): {"bias": torch.zeros(2)}}
    with open_named_arrays(save(value)) as arrays:
        assert list(arrays.specs) == ["bn.running_mean", "2305843009213693951", "-1180591620717411303424.bias"]
        np.testing.assert_array_equal(arrays.read("bn.running_mean"), [0, 1, 2])
