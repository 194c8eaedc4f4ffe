"""Every fault of the benchmark, family by family; ordinary runs stand in `healthy_runs`."""

from __future__ import annotations

from benchmarks.diagnosis.averaged_models import AVERAGED_MODELS
from benchmarks.diagnosis.changed_files import CHANGED_FILES
from benchmarks.diagnosis.forgotten_modes import FORGOTTEN_MODES
from benchmarks.diagnosis.low_precision import LOW_PRECISION
from benchmarks.diagnosis.odd_training import ODD_TRAINING
from benchmarks.diagnosis.poisoned_batches import POISONED_BATCHES
from benchmarks.diagnosis.ported_models import PORTED_MODELS
from benchmarks.diagnosis.repeated_layers import REPEATED_LAYERS
from benchmarks.diagnosis.unseen_faults import UNSEEN_FAULTS

FAULTS = (
    *FORGOTTEN_MODES,
    *POISONED_BATCHES,
    *ODD_TRAINING,
    *AVERAGED_MODELS,
    *REPEATED_LAYERS,
    *CHANGED_FILES,
    *PORTED_MODELS,
    *LOW_PRECISION,
    *UNSEEN_FAULTS,
)
