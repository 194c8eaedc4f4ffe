"""Compares population statistics by bncli with those by torch's update_bn and by fvcore's formula.

python -m benchmarks.calibration

Accuracy of the statistics, accuracy of a model in eval mode, and time per batch over that of the bare forward pass.
fvcore's `update_bn_stats` is followed from its definition: in float32, the mean of x^2 less the square of the mean.
"""

from __future__ import annotations

import copy
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.swa_utils import update_bn

import bncli
from benchmarks.residual_network import ResidualNetwork
from bncli.recording.opening import open_recording
from samples.digit_classifier import DigitClassifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

SAMPLES = Path(__file__).parents[1] / "samples"


def norms(model: nn.Module) -> list[nn.Module]:
    """Return the batch-normalization layers."""
    return [each for each in model.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]  # noqa: SLF001


@torch.no_grad()
def by_fvcore(model: nn.Module, batches: Sequence[Tensor]) -> None:
    """Estimate as fvcore's `update_bn_stats`: momentum 1 exposes each batch, x^2 is averaged in float32."""
    layers = norms(model)
    momenta = [layer.momentum for layer in layers]
    sums = [[torch.zeros_like(layer.running_mean), torch.zeros_like(layer.running_var)] for layer in layers]
    model.train()
    for layer in layers:
        layer.momentum = 1.0
    for batch in batches:
        model(batch)
        for layer, total in zip(layers, sums, strict=True):
            total[0] += layer.running_mean
            total[1] += layer.running_var + layer.running_mean.square()
    for layer, momentum, total in zip(layers, momenta, sums, strict=True):
        mean = total[0] / len(batches)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(total[1] / len(batches) - mean.square())
        layer.momentum = momentum


def by_torch(model: nn.Module, batches: Sequence[Tensor]) -> None:
    """Estimate with torch's own function."""
    update_bn(batches, model)


@torch.no_grad()
def by_bncli(model: nn.Module, batches: Sequence[Tensor]) -> None:
    """Record, and calibrate a checkpoint."""
    with TemporaryDirectory() as folder:
        old, run, new = (Path(folder) / name for name in ("old.pt", "run.safetensors", "new.pt"))
        torch.save(model.state_dict(), old)
        model.train()
        with bncli.record(model, run):
            for batch in batches:
                model(batch)
        command = [sys.executable, "-m", "bncli", "calibrate", old, run, "-o", new]
        subprocess.run(command, check=True, capture_output=True)
        model.load_state_dict(torch.load(new))


METHODS = {"update_bn": by_torch, "fvcore's formula": by_fvcore, "bncli": by_bncli}


def accuracy_of_statistics() -> None:
    """Print how far running variances are from the exact ones, on data that are hard for float32."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(40, 4096, 1, generator=generator)
    cases = {
        "N(0, 1)": noise,
        "N(100, 0.01^2)": noise * 0.01 + 100,
        "N(10, 0.001^2)": noise * 0.001 + 10,
        "sorted by class, means 0 to 9": noise + torch.arange(40)[:, None, None] // 4,
    }
    print("| data | exact variance | " + " | ".join(METHODS) + " |")
    print("|---" * (2 + len(METHODS)) + "|")
    for name, batches in cases.items():
        cells = [f"{batches.double().var():.6g}"]
        for method in METHODS.values():
            model = nn.Sequential(nn.BatchNorm1d(1))
            method(model, list(batches))
            cells.append(f"{model[0].running_var.item():.6g}")
        print(f"| {name} | " + " | ".join(cells) + " |")


def accuracy_of_model() -> None:
    """Print the accuracy in eval mode of a trained network whose statistics were broken, and mended."""
    bunch = load_digits()
    images, labels = torch.from_numpy(bunch.images).float().unsqueeze(1) / 16, torch.from_numpy(bunch.target)
    shuffled = torch.randperm(1500, generator=torch.Generator().manual_seed(0))
    by_class = labels[:1500].argsort(stable=True)
    breaking = {"stale": [], "batches of 2": shuffled[:200].split(2), "sorted by class": by_class.split(30)}
    print("\n| statistics of | broken | " + " | ".join(METHODS) + " |")
    print("|---" * (2 + len(METHODS)) + "|")
    for name, batches in breaking.items():
        broken = DigitClassifier()
        broken.load_state_dict(torch.load(SAMPLES / "digits.pt"))
        for layer in norms(broken):
            if not batches:
                layer.reset_running_stats()
        with torch.no_grad():
            for batch in batches:
                broken.train()(images[batch])
        cells = []
        for method in (None, *METHODS.values()):
            model = copy.deepcopy(broken)
            if method is not None:
                method(model, [images[batch] for batch in shuffled.split(32)])
            with torch.no_grad():
                right = model.eval()(images[1500:]).argmax(1) == labels[1500:]
            cells.append(f"{right.double().mean():.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |")


@torch.no_grad()
def time_per_batch(num_rounds: int = 15) -> None:
    """Print the time of a batch, as processor time so that other programs count little, over the bare forward pass."""
    model, batch = ResidualNetwork().train(), torch.randn(16, 3, 224, 224)
    model(batch)
    with TemporaryDirectory() as folder:
        bare, recorded = [], []
        for number in range(num_rounds):
            bare.append(_seconds(lambda: model(batch)))
            with bncli.record(model, Path(folder) / f"{number}"):
                recorded.append(_seconds(lambda: model(batch)))
        with open_recording(Path(folder) / "0") as recording:
            num_channels = sum(layer.num_features for layer in recording.layers())
    print(f"\nforward pass of 16 pictures, {num_channels:,} channels: {min(bare):.3f} s of processor time")
    print(f"recorded: {min(recorded) / min(bare):.3f} times that (minima of {num_rounds} in turn)")


def _seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


if __name__ == "__main__":
    torch.manual_seed(0)
    accuracy_of_statistics()
    accuracy_of_model()
    time_per_batch()
