"""What `bncli record` needs of the digits: a function that makes the model, and one that makes the batches."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

from samples.digit_classifier import DigitClassifier

NUM_TRAINING_IMAGES = 1500
BATCH_SIZE = 32


def make_model() -> DigitClassifier:
    """Return a classifier as it is before training; `--weights` gives it trained ones."""
    return DigitClassifier()


def make_loader() -> DataLoader[tuple[torch.Tensor, ...]]:
    """Return the training pictures with their labels, in batches of 32, in the order in which they come."""
    bunch = load_digits()
    images = torch.from_numpy(bunch.images).float().unsqueeze(1) / 16
    training = TensorDataset(images[:NUM_TRAINING_IMAGES], torch.from_numpy(bunch.target)[:NUM_TRAINING_IMAGES])
    return DataLoader(training, BATCH_SIZE)
