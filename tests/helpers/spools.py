"""Writes spools without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.running_statistics import RunningStatistics
from bncli.recording.spool import RowHead, SpooledLayer, SpoolWriter

if TYPE_CHECKING:
    from pathlib import Path


def write_spool(path: Path, num_steps: int = 3, is_finished: bool = True) -> Path:
    """Write a spool of layers `a` (2 channels) and `b` (1 channel), each in every step, and return its path."""
    rng = np.random.default_rng(5)
    with path.open("wb") as file:
        writer = SpoolWriter(file, {"model": "Net"})
        for index, (name, width) in enumerate((("a", 2), ("b", 1))):
            writer.introduce(SpooledLayer(name, "BatchNorm2d", width, 1e-5, 0.1))
            writer.start(index, RunningStatistics(np.zeros(width), np.ones(width), 4))
        for step in range(num_steps):
            for index, width in enumerate((2, 1)):
                writer.row(RowHead(index, True, step, 40, 8), rng.uniform(0.5, 1, (4, width)))
        if is_finished:
            for index, width in enumerate((2, 1)):
                writer.end(index, RunningStatistics(np.full(width, 0.3), np.ones(width), 4 + num_steps))
            writer.finish({"num_steps": num_steps, "recomputed": {"a": 2, "b": 2}})
    return path
