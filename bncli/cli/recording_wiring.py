"""Runs `record`: from its options to a recording and a report of what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bncli.cli.kept_inputs import require_apart
from bncli.cli.output import emit
from bncli.cli.progress import StepProgress
from bncli.cli.standard_streams import stdout_kept_for_results
from bncli.core.rounding import FLOAT_DTYPES
from bncli.errors import require_choice
from bncli.light_dataclass import dataclass
from bncli.recording.loader_recording import LoaderOptions, LoaderRecording
from bncli.recording.model_source import load_model
from bncli.recording.opening import open_recording, spool_path
from bncli.recording.rank_group import FIRST_RANK, rank_group
from bncli.recording.run_environment import choose_device, seed_everything, share_cores, torch_dtype
from bncli.recording.user_code import call_factory
from bncli.reports.recording import recording_document

if TYPE_CHECKING:
    from bncli.cli.output import OutputOptions
    from bncli.recording.module_modes import BatchNormMode

_MODES: dict[str, BatchNormMode] = {"train": "train", "eval": "eval"}


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """The options as the command line gives them.

    Raises:
        InvalidUsage: no such mode or dtype, or the output, or the file that grows beside it, is one of the inputs.
    """

    model: str
    weights: Path | None
    loader: str
    steps: int | None
    bn_mode: str
    train_all: bool
    device: str
    dtype: str | None
    seed: int
    sharded_loader: bool
    timeout: float
    output: Path
    force: bool

    def __post_init__(self) -> None:
        require_choice(self.bn_mode, _MODES, "--bn-mode")
        if self.dtype is not None:
            require_choice(self.dtype, FLOAT_DTYPES, "dtype")
        for written in (self.output, spool_path(self.output)):
            require_apart("--output", written, (self.weights, Path(self.model)))


def record_and_report(options: RecordOptions, destination: OutputOptions) -> None:
    """Write the recording; the first rank reports.

    Raises:
        BncliError: the model, the loader or the output cannot be used, or another rank failed.
    """
    with stdout_kept_for_results():  # the user's code may print as it likes
        rank = _record(options)
    if rank == FIRST_RANK:
        with open_recording(options.output) as finished:
            emit(
                recording_document(finished.path, finished.num_steps, finished.provenance, finished.layers()),
                destination,
            )


def _record(options: RecordOptions) -> int:
    """Write the recording, together with the other ranks, and return which rank this process is."""
    group = rank_group(options.timeout)
    share_cores(group.size)
    where = choose_device(options.device)
    seed_everything(options.seed)
    source = load_model(options.model, options.weights)
    loader = call_factory(options.loader, "--loader")
    seed_everything(options.seed)  # so that what a shuffled loader draws does not depend on how the model was made
    recording = LoaderRecording(
        source=source,
        loader=loader,
        target=options.output,
        provenance=_provenance(options, source.text),
        options=LoaderOptions(
            where=where,
            kind=None if options.dtype is None else torch_dtype(options.dtype),
            mode=_MODES[options.bn_mode],
            trains_everything=options.train_all,
            num_steps=options.steps,
            is_sharded=options.sharded_loader,
        ),
        force=options.force,
    )
    with StepProgress("recording", _num_batches(options, loader), is_shown=group.rank == FIRST_RANK) as progress:
        recording.run(group, progress.advance)
    group.close()
    return group.rank


def _provenance(options: RecordOptions, model: str) -> dict[str, Any]:
    """Return what the recording says about itself: nothing that another number of ranks would change."""
    return {
        "made_by": "bncli record",
        "model": model,
        "weights": None if options.weights is None else options.weights.name,
        "loader": options.loader,
        "bn_mode": options.bn_mode,
        "train_all": options.train_all,
        "dtype": options.dtype,
        "seed": options.seed,
    }


def _num_batches(options: RecordOptions, loader: Any) -> int | None:
    """Return how many batches are to come, for the progress; `None` where the loader does not know."""
    try:
        length = len(loader)
    except Exception:  # noqa: BLE001 - the user's own code, and no recording need fail for want of a number
        return options.steps
    return length if options.steps is None else min(length, options.steps)
