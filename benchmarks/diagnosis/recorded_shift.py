"""What a recording adds: how far a checkpoint's statistics lie from those of the data that the model is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

import bncli
from benchmarks.diagnosis.training import Recipe, feed_through, new_net
from bncli.analysis.layer_settings import GivenSettings
from bncli.analysis.population_estimate import EstimateSettings
from bncli.cli.calibration_wiring import calibrate_file

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.diagnosis.digits import Feed

_NUM_BATCHES = 16


def recorded_shift(path: Path, feed: Feed, seed: int) -> float:
    """Return how far `calibrate` moves the means of a state dict of the default network.

    It is the root mean square over the channels of the layer that moves most, in old standard deviations.
    """
    net = new_net(Recipe(), seed)
    net.load_state_dict(torch.load(path))
    recording = path.with_name("run.safetensors")
    with bncli.record(net, recording):
        feed_through(net, feed, _NUM_BATCHES, seed + 500)
    estimate = EstimateSettings("pooled", None, 0.0)
    new = path.with_name("calibrated.pt")
    calibration, _ = calibrate_file(path, [recording], new, estimate, given=GivenSettings(), globs=(), force=False)
    return max(float(np.sqrt(np.mean(np.square(layer.mean_shift)))) for layer in calibration.layers)
