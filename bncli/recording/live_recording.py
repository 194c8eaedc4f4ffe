"""`bncli.record`: writes the batch statistics of a live model to a file while its own loop runs."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from bncli.errors import BncliError, InvalidUsage
from bncli.light_dataclass import dataclass
from bncli.recording.batch_norm_modules import batch_norm_modules, running_statistics
from bncli.recording.compiled_models import run_eagerly
from bncli.recording.observation import Observation
from bncli.recording.opening import spool_path
from bncli.recording.spool_file import open_spool, seal_spool, told_as_output

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch.nn import Module
    from torch.nn.modules.batchnorm import _BatchNorm

    from bncli.core.running_statistics import RunningStatistics
    from bncli.recording.spool import SpooledLayer, SpoolWriter

_MOST_STEPS_BUFFERED = 32
"""Steps between two fetches from a device: what a killed run loses at most."""


@contextmanager
def record(model: Module, path: str | os.PathLike[str], *, force: bool = False) -> Iterator[None]:
    """Record what enters the batch-normalization layers of a model while the block runs.

    The block is the caller's own loop, of training or of evaluation. Model, gradients and modes stay as that loop makes
    them; afterwards the hooks are gone, also if it raises. While it runs, `path` with `.part` added grows; when it
    ends, that becomes `path`, a safetensors file. If it raises or is killed, the `.part` stays and can be read too.

    Args:
        model: any torch module that has batch normalization; it may be wrapped by DistributedDataParallel or compiled.
            A compiled model runs uncompiled meanwhile.
        path: the recording to write. Where torch.distributed runs several ranks, each writes its own: `{rank}` in the
            name is replaced.
        force: whether files that exist are replaced.

    Raises:
        NoBatchNormLayers: the model has none.
        InvalidUsage: the model is a `DataParallel` over several devices, or several ranks would write one file.
        OutputExists: the file, or the `.part` of a run that ended early, is there already.
        OutputFailed: the file cannot be written, now or in the middle of the block.
    """
    target = _path_of_rank(path)
    modules = batch_norm_modules(model)
    starts = {name: running_statistics(module) for name, module in modules.items()}
    provenance = {"made_by": "bncli.record", "model": type(model).__name__}
    with ExitStack() as stack:
        spool = stack.enter_context(open_spool(target, provenance, force=force))
        live = _LiveRecording(spool, spool_path(target), modules, starts)
        observation = Observation(model, modules, live.introduce, lambda: live.step_done(observation))
        stack.enter_context(run_eagerly(model, may_compile_later=True))
        stack.callback(observation.end)
        observation.begin()
        try:
            yield
        except BaseException:
            with suppress(BncliError):  # what is on its way already is the error to tell
                live.write(observation)
            raise
        live.finish(observation)
    seal_spool(target, force=force)


@dataclass(slots=True)
class _LiveRecording:
    """The file side of a recording: what the observation tells goes to the spool."""

    _spool: SpoolWriter
    _path: Path
    _modules: Mapping[str, _BatchNorm]
    _starts: dict[str, RunningStatistics | None]
    """Before the first step, by layer; `None` also for a lazy layer that has no buffers yet."""
    _num_layers: int = 0
    _last_written: int = -1

    def introduce(self, layer: SpooledLayer) -> int:
        """Write a layer's settings and statistics at the start, and return its index."""
        start = self._starts[layer.name] or running_statistics(self._modules[layer.name])
        with told_as_output(self._path):
            self._spool.introduce(layer)
            if start is not None:
                self._spool.start(self._num_layers, start)
        self._num_layers += 1
        return self._num_layers - 1

    def step_done(self, observation: Observation) -> None:
        """Write what was measured, at once from a CPU, now and then from a device that has to be waited for."""
        if observation.is_free_to_fetch or observation.step - self._last_written >= _MOST_STEPS_BUFFERED:
            self.write(observation)
            self._last_written = observation.step

    def write(self, observation: Observation) -> None:
        """Write everything that was measured, and flush it."""
        with told_as_output(self._path):
            for head, statistics in observation.fetch():
                self._spool.row(head, statistics)
            self._spool.flush()

    def finish(self, observation: Observation) -> None:
        """Write the rest, the statistics at the end, and that the recording is complete."""
        self.write(observation)
        with told_as_output(self._path):
            for name, index in observation.indices.items():
                end = running_statistics(self._modules[name])
                if end is not None:
                    self._spool.end(index, end)
            summary = {"num_steps": observation.step + 1, "recomputed": dict(observation.recomputed)}
            self._spool.finish(summary)
            self._spool.flush()


def _path_of_rank(path: str | os.PathLike[str]) -> Path:
    """Return where this process writes.

    Raises:
        InvalidUsage: several ranks would write the same file.
    """
    from pathlib import Path  # noqa: PLC0415

    from torch import distributed  # noqa: PLC0415

    text = str(path)
    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return Path(text)
    if "{rank}" not in text:
        raise InvalidUsage(
            f"{text}: all {distributed.get_world_size()} ranks would write this file",
            hint="put {rank} into its name; calibrate takes the recordings of all ranks together",
        )
    return Path(text.replace("{rank}", str(distributed.get_rank())))
