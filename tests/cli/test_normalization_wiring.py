"""Tests of how options become a run, and which array formats go in and come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bncli.cli.normalization_wiring import run_settings
from bncli.errors import InvalidUsage
from tests.helpers.invoke import invoke

if TYPE_CHECKING:
    from pathlib import Path

X = np.random.default_rng(0).normal(50, 2, (30, 6, 20)).astype(np.float32)


def stored(folder: Path, kind: str) -> tuple[Path, list[str]]:
    """Store one array in a format, and return its path and the options that name it."""
    path = folder / f"x-{kind}"
    tensor = torch.from_numpy(X)
    if kind == "npy":
        path = path.with_suffix(".npy")
        np.save(path, X)
    elif kind == "fortran":
        path = path.with_suffix(".npy")
        np.save(path, np.asfortranarray(X))
    elif kind == "big-endian":
        path = path.with_suffix(".npy")
        np.save(path, X.astype(">f4"))
    elif kind in {"npz", "deflated"}:
        path = path.with_suffix(".npz")
        (np.savez if kind == "npz" else np.savez_compressed)(path, other=X[:1], x=X)
        return path, ["--array", "x"]
    elif kind == "safetensors":
        save_file({"other": tensor[:1].clone(), "x": tensor}, path)
        return path, ["--array", "x"]
    elif kind == "torch":
        torch.save(tensor, path)
    else:
        torch.save({"x": tensor.transpose(0, 2).contiguous().transpose(0, 2)}, path)
    return path, []


@pytest.mark.parametrize("kind", ["fortran", "big-endian", "npz", "deflated", "safetensors", "torch", "torch strided"])
def test_the_same_array_in_any_format_gives_the_same_bits(tmp_path: Path, kind: str) -> None:
    outputs = []
    for each in ("npy", kind):
        path, options = stored(tmp_path, each)
        output = tmp_path / f"out-{each}.npy"
        assert invoke("normalize", path, *options, "--save", output).exit_code == 0
        outputs.append(output.read_bytes())
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_safetensors_keeps_the_element_type_and_the_name(tmp_path: Path, dtype: str) -> None:
    source, target = tmp_path / "x.safetensors", tmp_path / "y.safetensors"
    x = torch.from_numpy(X).to(getattr(torch, dtype))
    save_file({"activations": x}, source)
    assert invoke("normalize", source, "--save", target).exit_code == 0
    y = load_file(target)["activations"]
    assert (y.dtype, y.shape) == (x.dtype, x.shape)
    wide = x.double()
    exact = (wide - wide.mean((0, 2), keepdim=True)) / (wide.var((0, 2), correction=0, keepdim=True) + 1e-5).sqrt()
    unit = torch.finfo(x.dtype).eps
    assert (
        (y.double() - exact).abs() <= 0.51 * unit * exact.abs().clamp(min=1) * (200 if dtype == "float64" else 1)
    ).all()


def test_a_format_that_is_not_written_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    completed = invoke("normalize", tmp_path / "missing.npy", "--save", tmp_path / "y.pt")
    assert completed.exit_code == 2
    assert ".npy or .safetensors" in completed.stderr


@pytest.mark.parametrize(("mode", "given", "steps"), [("train", None, 1), ("eval", None, 0), ("eval", 3, 3)])
def test_train_mode_takes_a_step_and_eval_mode_none_unless_told(mode: str, given: Any, steps: int) -> None:
    assert run_settings(mode, given, 1, "auto", "cpu").steps == steps


@pytest.mark.parametrize(
    ("backend", "device", "chosen"),
    [("auto", "cpu", "numpy"), ("auto", "cuda", "torch"), ("numpy", "cpu", "numpy"), ("torch", "cpu", "torch")],
)
def test_auto_takes_torch_where_the_device_is_another_than_the_cpu(backend: str, device: str, chosen: str) -> None:
    assert run_settings("train", None, 1, backend, device).backend == chosen


def test_a_device_for_numpy_is_refused() -> None:
    with pytest.raises(InvalidUsage, match="--device cuda is for torch"):
        run_settings("train", None, 1, "numpy", "cuda")


@pytest.mark.parametrize(
    ("mode", "steps", "backend", "message"),
    [
        ("training", None, "auto", "unknown mode"),
        ("train", None, "jax", "unknown backend"),
        ("train", 0, "auto", "at least one step"),
    ],
)
def test_settings_that_make_no_sense_are_refused(mode: str, steps: Any, backend: str, message: str) -> None:
    with pytest.raises(InvalidUsage, match=message):
        run_settings(mode, steps, 1, backend, "cpu")


ONE_VALUE = np.array([[1.0, 2.0, 3.0]], np.float32)


def test_what_fails_beside_the_result_saves_nothing(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", ONE_VALUE)
    completed = invoke("normalize", tmp_path / "x.npy", "--mode", "eval", "--compare", "--save", tmp_path / "y.npy")
    assert completed.exit_code == 3
    assert "--mode eval without --compare" in completed.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_eval_mode_on_one_value_per_channel_is_held_against_torch(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", ONE_VALUE)
    options = ("--mode", "eval", "--backend", "both", "--save", tmp_path / "y.npy")
    assert "NaN" in invoke("normalize", tmp_path / "x.npy", *options).stdout
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), ONE_VALUE / np.sqrt(1 + 1e-5), rtol=1e-6)
