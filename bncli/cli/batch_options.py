"""What the options of `simulate-momentum` say about its batches, checked against each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.core.gaussian_batches import SCENARIOS
from bncli.errors import InvalidUsage, require_choice
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEFAULT_SYNTHETIC_SIZE = 32
"""Values per channel of a synthetic batch."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Where the batches come from: files, a checkpoint's layer, or else a normal population."""

    paths: Sequence[Path] = ()
    array: str | None = None
    channel_axis: int | None = None
    batch_size: int | None = None
    """Samples per batch of a file, or values per channel of a synthetic batch."""
    checkpoint: Path | None = None
    layer: str | None = None
    mean: float | None = None
    std: float | None = None
    scenario: str | None = None
    seed: int | None = None
    ghost_batch: int | None = None
    """Samples of the parts that a recorded batch is normalized in; `None` normalizes it as a whole."""
    updates_per_step: int = 1
    """How often a recorded batch updates the running statistics."""

    def __post_init__(self) -> None:
        """Refuse options that contradict each other, and values that no population has."""
        if self.paths:
            self._refuse_two_sources()
        else:
            self._refuse_file_options()
        if self.ghost_batch is not None and self.updates_per_step != 1:
            raise InvalidUsage("--ghost-batch says how many updates a batch makes, and so does --updates-per-step")
        if not self.paths and self.checkpoint is None and self.layer is not None:
            raise InvalidUsage("--layer names a layer of a checkpoint or a recording, and neither is given")
        if self.checkpoint is not None and (self.mean is not None or self.std is not None):
            raise InvalidUsage("the population is either that of --checkpoint or that of --mean and --std")
        if self.mean is not None and not math.isfinite(self.mean):
            raise InvalidUsage(f"--mean is {self.mean:g}: give a finite number")
        if self.std is not None and not 0 <= self.std < math.inf:
            raise InvalidUsage(f"--std is {self.std:g}: give a finite number that is not negative")
        if self.scenario is not None:
            require_choice(self.scenario, SCENARIOS, "scenario")

    def refuse_recording_options(self) -> None:
        """Refuse options of recordings where the batches come from elsewhere.

        Raises:
            InvalidUsage: one was given.
        """
        given = {
            "--layer": self.checkpoint is None and self.layer is not None,
            "--ghost-batch": self.ghost_batch is not None,
            "--updates-per-step": self.updates_per_step != 1,
        }
        for name, is_given in given.items():
            if is_given:
                what = "the batches are not from one" if len(self.paths) != 1 else f"{self.paths[0]} is none"
                raise InvalidUsage(f"{name} is of a recording, and {what}", hint="--batch-size cuts files into batches")

    def _refuse_two_sources(self) -> None:
        options = {
            "--checkpoint": self.checkpoint,
            "--mean": self.mean,
            "--std": self.std,
            "--scenario": self.scenario,
            "--seed": self.seed,
        }
        given = [name for name, value in options.items() if value is not None]
        if given:
            raise InvalidUsage(
                f"batches come either from files or from a population: {', '.join(given)} contradicts the files",
                hint="leave out the files, or the options of the population",
            )

    def _refuse_file_options(self) -> None:
        if self.array is not None:
            raise InvalidUsage("--array names an array of a file, and no file is given")
        if self.channel_axis is not None:
            raise InvalidUsage("--channel-axis is of arrays in files, and no file is given")
        if self.batch_size == 1:
            raise InvalidUsage("--batch-size is 1: a single value per channel has no variance", hint="give 2 or more")
