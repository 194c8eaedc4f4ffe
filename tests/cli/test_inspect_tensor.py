"""Tests of `bncli inspect tensor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = ROOT / "samples"


def test_statistics_are_per_channel_over_batch_and_space() -> None:
    x = np.load(SAMPLES / "activations_1.npy").astype(float)
    document = json_of("inspect", "tensor", SAMPLES / "activations_1.npy")
    assert (document["shape"], document["dtype"], document["count"]) == (list(x.shape), "float32", 256)
    channels = document["channels"]
    np.testing.assert_allclose(channels["mean"], x.mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(channels["biased_var"], x.var(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(channels["unbiased_var"], x.var(axis=(0, 2, 3), ddof=1), rtol=1e-12)
    np.testing.assert_array_equal(channels["max"], x.max(axis=(0, 2, 3)))


def test_an_array_of_bfloat16_and_a_plain_tensor_are_read(tmp_path: Path) -> None:
    assert json_of("inspect", "tensor", SAMPLES / "activations_bfloat16.safetensors")["dtype"] == "bfloat16"
    torch.save(torch.arange(12.0).reshape(2, 3, 2), tmp_path / "x.pt")
    assert json_of("inspect", "tensor", tmp_path / "x.pt")["channels"]["mean"] == [3.5, 5.5, 7.5]


def test_one_array_of_several_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros((2, 3)), b=np.ones((2, 4)))
    assert json_of("inspect", "tensor", tmp_path / "x.npz", "--array", "b")["shape"] == [2, 4]
    refused = invoke("inspect", "tensor", tmp_path / "x.npz")
    assert refused.exit_code == 3
    assert "--array a" in refused.stderr


def test_rows_are_sorted_and_cut() -> None:
    arguments = (
        "inspect",
        "tensor",
        SAMPLES / "activations_1.npy",
        "--sort",
        "-mean",
        "--top",
        2,
        "--columns",
        "channel",
    )
    assert invoke(*arguments, "--format", "csv").stdout == "channel\n7\n8\n"


@pytest.mark.parametrize("name", ["README.md", "digit_classifier.py"])
def test_what_is_no_array_is_refused(name: str) -> None:
    assert invoke("inspect", "tensor", SAMPLES / name).exit_code == 3


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_integers_have_statistics_too(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 256, (4, 3, 5)).astype(dtype)
    np.save(tmp_path / "x.npy", values)
    record = json_of("inspect", "tensor", tmp_path / "x.npy")
    assert record["dtype"] == dtype
    np.testing.assert_allclose(record["channels"]["biased_var"], values.astype(float).var(axis=(0, 2)), rtol=1e-14)
