from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

SAMPLES = Path(__file__).parents[2] / "samples"
COMMITTED = sorted(path for path in SAMPLES.iterdir() if path.is_file())
README = (SAMPLES / "README.md").read_text(encoding="utf-8")
MADE = [path.name for path in COMMITTED if path.suffix not in {".py", ".md"}]

# Training runs in float64, where rounding that differs between builds of torch grows to some 1e-10; stored as float32,
# a value then moves by one unit in its last place at most, a relative 1.2e-7, or one of 2 ** -7 as bfloat16.
RELATIVE_TOLERANCE = {torch.float32: 1e-6, torch.bfloat16: 2**-7, torch.float64: 1e-6, torch.int64: 0, torch.uint8: 0}


@pytest.fixture(autouse=True)
def importable_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SAMPLES))


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, SAMPLES / "make_samples.py", folder], check=True)
    return folder


def tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return every array of a sample by its dotted path, read by the libraries that the formats come from."""
    if path.suffix == ".npy":
        return {"": torch.from_numpy(np.load(path))}
    if path.suffix == ".safetensors":
        return dict(load_file(path))
    loaded = torch.load(path, weights_only=path.stem != "digits_module")
    return flatten(loaded.state_dict() if isinstance(loaded, torch.nn.Module) else loaded)


def flatten(tree: dict[str, object], prefix: str = "") -> dict[str, torch.Tensor]:
    flat: dict[str, torch.Tensor] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        elif isinstance(value, torch.Tensor):
            flat[prefix + name] = value
        else:
            flat[prefix + name] = torch.tensor(value)
    return flat


def test_the_script_makes_the_files_that_are_committed_and_no_others(remade: Path) -> None:
    assert sorted(path.name for path in remade.iterdir()) == MADE


@pytest.mark.parametrize("name", MADE)
def test_a_committed_sample_holds_what_the_script_makes(name: str, remade: Path) -> None:
    committed, made = tensors(SAMPLES / name), tensors(remade / name)
    assert list(committed) == list(made)
    for array_name, array in committed.items():
        torch.testing.assert_close(
            array, made[array_name], rtol=RELATIVE_TOLERANCE[array.dtype], atol=1e-7, msg=lambda text: f"{name}: {text}"
        )


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("digits_module.pt", ""),
        ("digits.safetensors", ""),
        ("digits_legacy.pth", "state_dict.module."),
        ("digits_ema.pt", "model."),
    ],
)
def test_every_way_of_saving_the_network_holds_the_same_numbers(name: str, prefix: str) -> None:
    stored = tensors(SAMPLES / name)
    for array_name, array in tensors(SAMPLES / "digits.pt").items():
        assert torch.equal(stored[prefix + array_name], array)


def test_the_moving_average_differs_from_the_model_and_its_counters_never_moved() -> None:
    stored = tensors(SAMPLES / "digits_ema.pt")
    assert not torch.equal(stored["ema.bn1.running_var"], stored["model.bn1.running_var"])
    assert stored["ema.bn1.num_batches_tracked"] == 0
    assert stored["model.bn1.num_batches_tracked"] > 100


def test_the_whole_module_holds_settings_that_are_not_the_defaults() -> None:
    module = torch.load(SAMPLES / "digits_module.pt", weights_only=False)
    assert (module.bn4.eps, module.bn4.momentum) == (1e-3, 0.05)
    assert not module.training


def test_running_statistics_fit_ordinary_activations_and_miss_washed_out_ones() -> None:
    network = tensors(SAMPLES / "digits.pt")
    mean, std = network["bn2.running_mean"].numpy(), network["bn2.running_var"].sqrt().numpy()

    def distance(name: str) -> float:
        return float(np.abs((np.load(SAMPLES / name).mean(axis=(0, 2, 3)) - mean) / std).mean())

    ordinary = [distance(f"activations_{number}.npy") for number in range(1, 9)]
    assert max(ordinary) < 0.2
    assert distance("activations_washed_out.npy") > 2 * max(ordinary)


def test_the_bfloat16_sample_is_the_first_batch_rounded() -> None:
    rounded = tensors(SAMPLES / "activations_bfloat16.safetensors")["bn2.input"]
    assert torch.equal(rounded, tensors(SAMPLES / "activations_1.npy")[""].bfloat16())


def test_the_worked_inputs_start_and_end_with_the_published_values() -> None:
    for name, first, last in (("input_a.npy", 0.5330, 0.9414), ("input_b.npy", 0.2542, 0.4404)):
        array = np.load(SAMPLES / name)
        assert array.shape == (2, 2, 2, 3)
        assert (array.flat[0], array.flat[-1]) == (np.float32(first), np.float32(last))


def test_samples_stay_small_enough_to_clone() -> None:
    assert sum(path.stat().st_size for path in COMMITTED) < 2_000_000


def test_the_readme_names_every_file() -> None:
    # The eight batches are named by the first and the last of them.
    named_by_range = {f"activations_{number}.npy" for number in range(2, 8)}
    names = {path.name for path in COMMITTED} - {"README.md"}
    assert {name for name in names if f"`{name}`" not in README} == named_by_range


def test_every_path_in_the_readme_exists() -> None:
    paths = re.findall(r"samples/([^\s`]+)", README)
    assert paths
    assert [path for path in paths if not list(SAMPLES.glob(path))] == []


def test_no_folder_but_a_cache_and_the_examples_lies_among_the_samples() -> None:
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} <= {"__pycache__", "examples"}
