"""Tests of `bncli simulate-momentum` from the command line to what it prints."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch

import bncli.reports
from bncli.cli.simulate_momentum import EXAMPLES
from tests.helpers.invoke import Completed, invoke

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(bncli.reports.__path__[0]) / "schemas" / "simulation.json").read_text(encoding="utf-8"))


def run(*arguments: object) -> Completed:
    return invoke("simulate-momentum", *arguments)


def record(*arguments: object) -> dict[str, Any]:
    completed = run(*arguments, "--format", "json")
    assert (completed.exit_code, completed.stderr) == (0, "")
    parsed: dict[str, Any] = json.loads(completed.stdout)
    jsonschema.validate(parsed, SCHEMA, cls=jsonschema.Draft202012Validator)
    return parsed


def batch_files(folder: Path, dtype: str = "float64") -> tuple[list[Path], np.ndarray[Any, Any]]:
    """Save six batches of shape (8, 3, 4, 4), and return them too."""
    batches = np.random.default_rng(1).normal(2, 3, (6, 8, 3, 4, 4)).astype(dtype)
    paths = [folder / f"batch_{index}.npy" for index in range(len(batches))]
    for path, batch in zip(paths, batches, strict=True):
        np.save(path, batch)
    return paths, batches


@pytest.mark.parametrize("momentum", ["0.1", "0.9", "0", "1", "none"])
def test_files_end_where_a_layer_of_torch_ends(tmp_path: Path, momentum: str) -> None:
    paths, batches = batch_files(tmp_path)
    layer = torch.nn.BatchNorm2d(3, momentum=None if momentum == "none" else float(momentum), dtype=torch.float64)
    for batch in [*batches, *batches[:4]]:
        layer(torch.from_numpy(batch))
    (ours,) = record(*paths, "--momentum", momentum, "--steps", 10)["runs"]
    np.testing.assert_allclose(ours["final_mean"], layer.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours["final_var"], layer.running_var.numpy(), rtol=1e-12)


def test_float32_buffers_are_those_of_torch_to_the_last_rounding_of_a_batch(tmp_path: Path) -> None:
    """Torch's own batch statistics are off by a rounding or two; buffers made of exact ones differ no more."""
    paths, batches = batch_files(tmp_path, "float32")
    layer = torch.nn.BatchNorm2d(3)
    for batch in batches:
        layer(torch.from_numpy(batch))
    (ours,) = record(*paths, "--dtype", "float32")["runs"]
    np.testing.assert_allclose(ours["final_mean"], layer.running_mean.numpy(), rtol=4e-7)
    np.testing.assert_allclose(ours["final_var"], layer.running_var.numpy(), rtol=4e-7)


def test_the_population_of_files_is_that_of_all_their_values(tmp_path: Path) -> None:
    paths, batches = batch_files(tmp_path)
    population = record(*paths)["population"]
    np.testing.assert_allclose(population["mean"], batches.mean(axis=(0, 1, 3, 4)), rtol=1e-12)
    np.testing.assert_allclose(population["var"], batches.var(axis=(0, 1, 3, 4), ddof=1), rtol=1e-12)


def test_one_file_cut_into_batches_is_the_same_as_a_file_for_each(tmp_path: Path) -> None:
    paths, batches = batch_files(tmp_path)
    np.save(tmp_path / "all.npy", batches.reshape(48, 3, 4, 4))
    separate, together = record(*paths), record(tmp_path / "all.npy", "--batch-size", 8)
    assert separate["runs"] == together["runs"]


def test_keras_averages_variances_of_ddof_0_with_its_decay(tmp_path: Path) -> None:
    paths, batches = batch_files(tmp_path)
    mean, var = np.zeros(3), np.ones(3)
    for batch in batches:
        mean = mean * 0.7 + batch.mean(axis=(0, 2, 3)) * 0.3
        var = var * 0.7 + batch.var(axis=(0, 2, 3)) * 0.3
    (ours,) = record(*paths, "--convention", "keras", "--momentum", "0.7")["runs"]
    assert (ours["momentum"], ours["decay"]) == (0.3, 0.7)
    np.testing.assert_allclose(ours["final_mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(ours["final_var"], var, rtol=1e-12)


def test_a_checkpoint_gives_the_population_of_one_of_its_layers() -> None:
    parsed = record("--checkpoint", ROOT / "samples" / "digits.safetensors", "--layer", "bn2", "--steps", 300)
    assert (parsed["source"], parsed["layer"], parsed["num_features"]) == ("checkpoint", "bn2", 16)
    errors = np.subtract(parsed["runs"][0]["final_mean"], parsed["population"]["mean"])
    assert (np.abs(errors) < 5 * 0.23 * np.sqrt(np.array(parsed["population"]["var"]) / 32)).all()


def test_without_any_source_batches_are_standard_normal() -> None:
    parsed = record()
    assert (parsed["source"], parsed["num_steps"], parsed["batch_size"]) == ("synthetic", 1000, 32)
    assert parsed["population"]["mean"] == [0.0]
    assert parsed["population"]["var"] == [1.0]


def test_every_momentum_meets_the_same_batches() -> None:
    alone = [record("--mean", 3, "--momentum", momentum)["runs"][0] for momentum in ("0.1", "none")]
    together = record("--mean", 3, "--momentum", "0.1", "--momentum", "none")["runs"]
    for ours, theirs in zip(together, alone, strict=True):
        assert ours["final_mean"] == pytest.approx(theirs["final_mean"], rel=1e-13)
        assert ours["final_var"] == pytest.approx(theirs["final_var"], rel=1e-13)


@pytest.mark.parametrize("momentum", ["0.1", "0.03"])
def test_formats_without_a_plot_end_where_those_with_one_end(momentum: str) -> None:
    """Of the first only the last steps are computed."""
    arguments = ("--mean", 3, "--steps", 20_000, "--scenario", "drift", "--momentum", momentum)
    full = record(*arguments, "--trajectory")["trajectory"]["runs"][0]
    (ours,) = record(*arguments)["runs"]
    assert ours["final_mean"] == pytest.approx(full["mean"][-1], rel=1e-12)
    assert ours["final_var"] == pytest.approx(full["var"][-1], rel=1e-12)


def test_a_seed_gives_the_same_output_byte_for_byte_and_another_seed_another() -> None:
    arguments = ("--mean", 3, "--std", 2, "--scenario", "drift", "--format", "json", "--seed")
    assert run(*arguments, 7).stdout == run(*arguments, 7).stdout
    assert run(*arguments, 7).stdout != run(*arguments, 8).stdout


def test_the_trajectory_is_in_the_json_only_when_asked_for_and_does_not_change_the_rest() -> None:
    plain, full = record("--mean", 3, "--steps", 700), record("--mean", 3, "--steps", 700, "--trajectory")
    trajectory = full.pop("trajectory")
    assert trajectory["steps"] == list(range(1, 701))
    assert trajectory["runs"][0]["mean"][-1] == full["runs"][0]["final_mean"]
    np.testing.assert_allclose(full["runs"][0]["final_var"], plain["runs"][0]["final_var"], rtol=1e-12)
    assert "trajectory" not in plain


def test_low_precision_is_told_where_it_loses_updates() -> None:
    completed = run("--mean", 3, "--dtype", "bfloat16", "--momentum", "0.001", "--steps", 4000)
    assert completed.exit_code == 0
    assert "bfloat16 running variance: 100% of the updates" in completed.stdout


def test_csv_holds_the_final_values() -> None:
    completed = run("--mean", 3, "--momentum", "0.1", "--momentum", "none", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(completed.stdout)))
    assert [row["momentum"] for row in rows] == ["0.1", "cumulative"]
    assert [float(row["population_mean"]) for row in rows] == [3.0, 3.0]


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_format_shows_each_momentum(name: str) -> None:
    completed = run("--momentum", "0.1", "--momentum", "0.025", "--format", name)
    assert (completed.exit_code, completed.stderr) == (0, "")
    assert "0.025" in completed.stdout


def test_batches_with_infinity_are_shown_without_a_warning_of_numpy(tmp_path: Path) -> None:
    x = np.ones((8, 2))
    x[3, 1] = np.inf
    np.save(tmp_path / "x.npy", x)
    completed = run(tmp_path / "x.npy", "--batch-size", 4, "--steps", 300)
    assert (completed.exit_code, completed.stderr) == (0, "")
    assert "NaN or infinity in channel 1" in completed.stdout


ERRORS: list[tuple[list[object], int, str]] = [
    (["missing.npy"], 3, "missing.npy"),
    (["--momentum", "1.5"], 2, "momentum is 1.5"),
    (["--momentum", "fast"], 2, "momentum is 'fast'"),
    (["--steps", "0"], 2, "--steps"),
    (["--steps", "many"], 2, "--steps"),
    (["--batch-size", "1"], 2, "--batch-size is 1"),
    (["--batch-size", "0"], 2, "--batch-size"),
    (["--seed", "-1"], 2, "--seed"),
    (["--std", "-2"], 2, "--std is -2"),
    (["--scenario", "sorted"], 2, "unknown scenario"),
    (["--dtype", "int8"], 2, "unknown dtype"),
    (["--convention", "keras", "--dtype", "float16"], 2, "PyTorch's rounding"),
    (["--layer", "bn1"], 2, "neither is given"),
    (["a.npy", "--mean", "0"], 2, "contradicts the files"),
    (["--format", "yaml"], 2, "unknown format"),
]


@pytest.mark.parametrize(("arguments", "exit_code", "message"), ERRORS)
def test_an_error_is_told_in_a_line_and_nothing_is_printed(
    arguments: list[object], exit_code: int, message: str
) -> None:
    completed = run(*arguments)
    assert (completed.exit_code, completed.stdout) == (exit_code, "")
    assert message in completed.stderr


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_help_run(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, *arguments = example.split()
    assert program == "bncli"
    completed = invoke(*arguments)
    assert (completed.exit_code, completed.stderr) == (0, "")
    assert completed.stdout


def test_a_run_imports_neither_torch_nor_scipy_nor_numba() -> None:
    code = (
        "import sys; from bncli.__main__ import main; code = main(); "
        "sys.exit(code or ', '.join({'torch', 'scipy', 'numba'} & set(sys.modules)) or None)"
    )
    arguments = ["simulate-momentum", ROOT / "samples" / "input_a.npy", "--steps", "5", "--dtype", "bfloat16"]
    completed = subprocess.run([sys.executable, "-c", code, *arguments], check=False, capture_output=True)
    assert (completed.returncode, completed.stderr) == (0, b"")
    assert completed.stdout
