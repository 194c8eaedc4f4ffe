"""Compares population statistics by bncli with those by torch's update_bn and by fvcore's formula.

python -m benchmarks.calibration

Accuracy of the statistics, accuracy of a model in eval mode, and time over that of bare forward passes.
fvcore's `update_bn_stats` is followed from its definition: in float32, the mean of x^2 less the square of the mean.
"""

from __future__ import annotations

import copy
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.swa_utils import update_bn

import bncli
from benchmarks.residual_network import ResidualNetwork
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


@dataclass(frozen=True)
class Digits:
    """Pictures of digits: the first 1,500, shuffled, to train with, and the rest to test with."""

    images: Tensor
    labels: Tensor
    shuffled: Tensor
    """Indices of the training pictures in the order in which they are shown."""

    @classmethod
    def load(cls) -> Digits:
        """Return the pictures that scikit-learn ships."""
        bunch = load_digits()
        images = torch.from_numpy(bunch.images).float().unsqueeze(1) / 16
        shuffled = torch.randperm(1500, generator=torch.Generator().manual_seed(0))
        return cls(images, torch.from_numpy(bunch.target), shuffled)

    def training_batches(self) -> list[Tensor]:
        """Return the training pictures in batches of 32."""
        return [self.images[batch] for batch in self.shuffled.split(32)]

    @torch.no_grad()
    def accuracy(self, model: nn.Module) -> float:
        """Return the share of test pictures that the model tells rightly in eval mode."""
        right = model.eval()(self.images[1500:]).argmax(1) == self.labels[1500:]
        return right.double().mean().item()

    @torch.no_grad()
    def broken_networks(self) -> dict[str, nn.Module]:
        """Return the trained network with running statistics that were broken in each of three ways."""
        by_class = self.labels[:1500].argsort(stable=True)
        breaking = {"stale": [], "batches of 2": self.shuffled[:200].split(2), "sorted by class": by_class.split(30)}
        networks: dict[str, nn.Module] = {}
        for name, batches in breaking.items():
            model = networks[name] = DigitClassifier()
            model.load_state_dict(torch.load(SAMPLES / "digits.pt"))
            for layer in norms(model):
                if not batches:
                    layer.reset_running_stats()
            for batch in batches:
                model.train()(self.images[batch])
        return networks


def accuracy_of_model() -> None:
    """Print the accuracy in eval mode of a trained network whose statistics were broken, and mended."""
    digits = Digits.load()
    print("\n| statistics of | broken | " + " | ".join(METHODS) + " |")
    print("|---" * (2 + len(METHODS)) + "|")
    for name, broken in digits.broken_networks().items():
        cells = [f"{digits.accuracy(broken):.3f}"]
        for method in METHODS.values():
            model = copy.deepcopy(broken)
            method(model, digits.training_batches())
            cells.append(f"{digits.accuracy(model):.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |")


@torch.no_grad()
def by_recording(model: nn.Module, batches: Sequence[Tensor]) -> None:
    """Record, as the part of bncli's way that goes with the batches."""
    with TemporaryDirectory() as folder, bncli.record(model, Path(folder) / "run"):
        bare(model, batches)


@torch.no_grad()
def bare(model: nn.Module, batches: Sequence[Tensor]) -> None:
    """Run the model forward and keep nothing."""
    for batch in batches:
        model(batch)


def time_per_batch(num_rounds: int = 11) -> None:
    """Print the time over that of the bare forward passes before and after: median and quartiles of such rounds.

    Both sides count, for a machine that grows slower or faster would pass for a cost or a gain.
    """
    batches = [torch.randn(16, 3, 224, 224) for _ in range(4)]
    print(f"\n| forward passes of {len(batches)} x 16 pictures and | ratio of times, {num_rounds} rounds (quartiles) |")
    print("|---|---|")
    for name, is_training, method in (
        ("`update_bn`, in train mode", True, by_torch),
        ("fvcore's formula, in train mode", True, by_fvcore),
        ("`bncli.record`, in train mode", True, by_recording),
        ("`bncli.record`, in eval mode", False, by_recording),
    ):
        model = ResidualNetwork().train(is_training)
        ratios = []
        for _ in range(num_rounds + 1):
            before, taken, after = (_seconds(action, model, batches) for action in (bare, method, bare))
            ratios.append(2 * taken / (before + after))
        lower, median, upper = statistics.quantiles(ratios[1:], n=4)
        print(f"| {name} | {median:.3f} ({lower:.3f} to {upper:.3f}) |")


def _seconds(
    action: Callable[[nn.Module, Sequence[Tensor]], None], model: nn.Module, batches: Sequence[Tensor]
) -> float:
    start = time.perf_counter()
    action(model, batches)
    return time.perf_counter() - start


if __name__ == "__main__":
    torch.manual_seed(0)
    accuracy_of_statistics()
    accuracy_of_model()
    time_per_batch()
