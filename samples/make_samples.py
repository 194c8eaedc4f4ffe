"""Makes every sample file in this folder: `python samples/make_samples.py FOLDER`. Needs torch and scikit-learn."""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from digit_classifier import DigitClassifier
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import bncli

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20240229
NUM_EPOCHS = 4
BATCHES_PER_EPOCH = 46
BATCH_SIZE = 32
NUM_TRAINING_IMAGES = 1500
EMA_DECAY = 0.98
NUM_ACTIVATION_BATCHES = 8
ACTIVATION_BATCH_SIZE = 16
NUM_RECORDED_BATCHES = 16

INPUT_A = """
    0.5330 0.7753 0.6192 0.9190 0.1657 0.5841   0.7766 0.7864 0.2004 0.9379 0.3253 0.1964
    0.7448 0.9222 0.1860 0.3829 0.8812 0.2508   0.0130 0.0405 0.2205 0.8997 0.5143 0.9414
"""
INPUT_B = """
    0.2542 0.8395 0.4854 0.7992 0.6488 0.0652   0.7970 0.7707 0.9722 0.5929 0.3256 0.5702
    0.8574 0.7813 0.5046 0.9568 0.0904 0.4657   0.2550 0.4327 0.5255 0.7398 0.6131 0.4404
"""


@dataclass(frozen=True, slots=True)
class Digits:
    """Pictures of handwritten digits, shape (N, 1, 8, 8), values 0 (background) to 1 (stroke), and what they show."""

    images: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training run leaves: the model, and the moving average of its weights that was kept beside it."""

    model: DigitClassifier
    ema: DigitClassifier
    epochs: tuple[dict[str, torch.Tensor], ...]
    """State of the model after each epoch but the last, in float32."""


def main() -> None:
    """Write all samples into the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; files of the same names are replaced")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    # Rounding differs between processors, and training amplifies it a millionfold: in float64 it stays below what is
    # stored, which is float32.
    torch.set_default_dtype(torch.float64)
    write_worked_inputs(folder)
    training, held_out = split_digits()
    trained = train(training)
    write_checkpoints(folder, trained)
    write_activations(folder, trained.model, held_out)
    write_recording(folder, trained.model, training)
    print(f"accuracy on pictures that were held out: {accuracy(trained.model, held_out):.3f}")


def write_worked_inputs(folder: Path) -> None:
    """Write two inputs of shape (2, 2, 2, 3) that are small enough to be followed with a pocket calculator."""
    for name, text in (("input_a", INPUT_A), ("input_b", INPUT_B)):
        np.save(folder / f"{name}.npy", np.array(text.split(), dtype=np.float32).reshape(2, 2, 2, 3))


def split_digits() -> tuple[Digits, Digits]:
    """Return scikit-learn's digits as a training part and a held-out part, in the order in which they come."""
    bunch = load_digits()
    images = torch.from_numpy(bunch.images).unsqueeze(1) / 16
    labels = torch.from_numpy(bunch.target)
    training = Digits(images[:NUM_TRAINING_IMAGES], labels[:NUM_TRAINING_IMAGES])
    return training, Digits(images[NUM_TRAINING_IMAGES:], labels[NUM_TRAINING_IMAGES:])


def train(digits: Digits) -> TrainedModel:
    """Train a classifier for a few epochs with plain stochastic gradient descent; return it in float32."""
    torch.manual_seed(SEED)
    model = DigitClassifier()
    ema = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    epochs = []
    for number, batch in enumerate(shuffled_batches(digits), start=1):
        loss = cross_entropy(model(digits.images[batch]), digits.labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        follow(ema, model)
        if number % BATCHES_PER_EPOCH == 0:
            epochs.append(copy.deepcopy(model).float().state_dict())
    return TrainedModel(model.float().eval(), ema.float().eval(), tuple(epochs[:-1]))


def shuffled_batches(digits: Digits) -> Iterator[torch.Tensor]:
    """Yield the indices of each full batch of each epoch."""
    shuffle = np.random.default_rng(SEED)
    for _ in range(NUM_EPOCHS):
        order = torch.from_numpy(shuffle.permutation(len(digits.labels)))
        yield from (batch for batch in order.split(BATCH_SIZE) if len(batch) == BATCH_SIZE)


def follow(ema: DigitClassifier, model: DigitClassifier) -> None:
    """Move the averaged model towards the trained one; counters stay, as in the averages of common training tools."""
    for averaged, current in zip(ema.state_dict().values(), model.state_dict().values(), strict=True):
        if averaged.is_floating_point():
            averaged.lerp_(current, 1 - EMA_DECAY)


def write_checkpoints(folder: Path, trained: TrainedModel) -> None:
    """Write one and the same model the ways that people save models, and once more beside its moving average."""
    state_dict = trained.model.state_dict()
    torch.save(state_dict, folder / "digits.pt")
    torch.save(trained.model, folder / "digits_module.pt")
    save_file(state_dict, folder / "digits.safetensors")
    parallel_run = {"state_dict": {f"module.{name}": array for name, array in state_dict.items()}, "epoch": NUM_EPOCHS}
    torch.save(parallel_run, folder / "digits_legacy.pth", _use_new_zipfile_serialization=False)
    with_average = {"model": state_dict, "ema": trained.ema.state_dict(), "epoch": NUM_EPOCHS}
    torch.save(with_average, folder / "digits_ema.pt")
    for number, epoch in enumerate(trained.epochs, start=1):
        torch.save(epoch, folder / f"digits_epoch_{number}.pt")


def write_activations(folder: Path, model: DigitClassifier, digits: Digits) -> None:
    """Write what arrives at `bn2`, shape (16, 16, 4, 4) a batch: for ordinary pictures, and for washed-out ones."""
    batches = digits.images.split(ACTIVATION_BATCH_SIZE)[:NUM_ACTIVATION_BATCHES]
    for number, batch in enumerate(batches, start=1):
        np.save(folder / f"activations_{number}.npy", input_of_bn2(model, batch).numpy())
    washed_out = 0.5 + 0.5 * batches[0]
    np.save(folder / "activations_washed_out.npy", input_of_bn2(model, washed_out).numpy())
    save_file({"bn2.input": input_of_bn2(model, batches[0]).bfloat16()}, folder / "activations_bfloat16.safetensors")


@torch.no_grad()
def write_recording(folder: Path, model: DigitClassifier, digits: Digits) -> None:
    """Record what arrives at every batch-normalization layer for training pictures, computed in float64."""
    exact = copy.deepcopy(model).double().train()
    with bncli.record(exact, folder / "digits_run.safetensors", force=True):
        for batch in digits.images.split(BATCH_SIZE)[:NUM_RECORDED_BATCHES]:
            exact(batch)


@torch.no_grad()
def input_of_bn2(model: DigitClassifier, images: torch.Tensor) -> torch.Tensor:
    """Return what the second batch-normalization layer of a model in eval mode receives, computed in float64."""
    exact = copy.deepcopy(model).double()
    return exact.conv2(exact.bn1(exact.conv1(images)).relu()).float()


@torch.no_grad()
def accuracy(model: DigitClassifier, digits: Digits) -> float:
    """Return the fraction of pictures that the model reads correctly."""
    return (model(digits.images.float()).argmax(dim=1) == digits.labels).double().mean().item()


if __name__ == "__main__":
    main()
