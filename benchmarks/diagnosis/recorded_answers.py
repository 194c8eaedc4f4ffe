"""What a recording adds: the rules about data, and how far the statistics lie from those of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

import bncli
from benchmarks.diagnosis.training import Recipe, feed_through, new_net
from bncli.analysis.layer_settings import GivenSettings
from bncli.analysis.population_estimate import EstimateSettings
from bncli.cli.calibration_wiring import calibrate_file
from bncli.cli.file_check import check_file
from bncli.rules.catalogue import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.diagnosis.digits import Feed

_DATA_RULES = tuple(rule for rule in RULES if rule.needs_recording)
_NUM_PICTURES = 512
_FEWEST_BATCHES = 16


@dataclass(frozen=True)
class RecordedAnswers:
    """What `check --recording` and `calibrate` say."""

    codes: frozenset[str]
    """Rules about data that give an error or a warning."""
    shift: float
    """How far `calibrate` moves the means: root mean square over the channels of the layer that moves most, in old
    standard deviations."""


def recorded_answers(path: Path, feed: Feed, seed: int) -> RecordedAnswers:
    """Record batches of a feed in train mode, with a state dict of the default network, and hold both together."""
    net = new_net(Recipe(), seed)
    net.load_state_dict(torch.load(path))
    recording = path.with_name("run.safetensors")
    with bncli.record(net, recording):
        feed_through(net, feed, max(_FEWEST_BATCHES, _NUM_PICTURES // feed.batch_size), seed + 500)
    given = GivenSettings()
    findings = check_file(path, _DATA_RULES, given, recording=recording).findings
    estimate = EstimateSettings("pooled", None, 0.0)
    new = path.with_name("calibrated.pt")
    calibration, _ = calibrate_file(path, [recording], new, estimate, given=given, globs=(), force=False)
    return RecordedAnswers(
        codes=frozenset(finding.code for finding in findings if finding.severity != "info"),
        shift=max(float(np.sqrt(np.mean(np.square(layer.mean_shift)))) for layer in calibration.layers),
    )
