"""Runs a model over the batches of a loader and records them, alone or together with other ranks."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Any

from bncli.light_dataclass import dataclass
from bncli.recording.batch_norm_modules import batch_norm_modules, running_statistics
from bncli.recording.compiled_models import run_eagerly
from bncli.recording.loader_share import model_arguments, refuse_what_gives_no_batches, share_of
from bncli.recording.model_fingerprint import model_fingerprint, text_fingerprint
from bncli.recording.module_modes import modes_for_recording
from bncli.recording.observation import Observation
from bncli.recording.opening import spool_path
from bncli.recording.program_observation import ProgramObservation
from bncli.recording.rank_loop import RankRun, on_first_rank
from bncli.recording.shared_spool import SharedSpool
from bncli.recording.spool_file import open_spool, seal_spool
from bncli.recording.user_code import run_user_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from torch import device, dtype
    from torch.nn import Module
    from torch.nn.modules.batchnorm import _BatchNorm

    from bncli.recording.model_source import ModelSource
    from bncli.recording.module_modes import BatchNormMode
    from bncli.recording.rank_group import RankGroup
    from bncli.recording.spool import SpooledLayer

_MESSAGE_VERSION = 1


@dataclass(frozen=True, slots=True)
class LoaderOptions:
    """How a loader is recorded."""

    where: device
    kind: dtype | None = None
    """Type of the model's and the batches' floating-point numbers; `None` leaves them."""
    mode: BatchNormMode = "train"
    trains_everything: bool = False
    """Whether other modules, dropout among them, are in train mode too."""
    num_steps: int | None = None
    """Batches in all, over all ranks; `None` takes the whole loader."""
    is_sharded: bool = False
    """Whether the loader gives each rank its share already."""

    def fingerprint(self) -> int:
        """Return a number for all that must be the same on every rank: all but the device."""
        return text_fingerprint(f"{self.kind} {self.mode} {self.trains_everything} {self.num_steps} {self.is_sharded}")


@dataclass(frozen=True, slots=True)
class LoaderRecording:
    """What is recorded, and where to."""

    source: ModelSource
    loader: Any
    """An iterable of batches."""
    target: Path
    """Written by the first rank alone."""
    provenance: Mapping[str, Any]
    """What the recording says about itself."""
    options: LoaderOptions
    force: bool = False
    """Whether files that are there are replaced."""

    def run(self, group: RankGroup, advance: Callable[[int], None]) -> None:
        """Write the recording. The model is left as it was, also after an error.

        Args:
            group: the ranks.
            advance: told how many batches all ranks have done since the last call.

        Raises:
            NoBatchNormLayers: the model has none.
            InvalidUsage: the ranks differ in model or options.
            UserCodeFailed: the loader gives no batches, the model has no values or no room on the device, or it or the
                loader raised, on any rank; what was recorded stays in the `.part`.
            LostRank: another rank is gone; likewise.
            OutputExists, OutputFailed: the file cannot be written.
        """
        refuse_what_gives_no_batches(self.loader)
        model = self._moved_model()
        modules = {} if self.source.is_program else batch_norm_modules(model)
        group.require_equal(
            {
                "the version of their messages": lambda: _MESSAGE_VERSION,
                "the model or its weights": lambda: model_fingerprint(model),
                "the options": self.options.fingerprint,
            }
        )
        with ExitStack() as stack:
            spool = on_first_rank(group, lambda: self._open(stack, modules))
            layers: list[SpooledLayer] = []
            observation = self._watch(stack, modules, layers)
            RankRun(group, observation, self._calls(model, group, observation), layers, spool).run(advance)
            observation.end()
            if spool is not None:
                spool.finish()
        on_first_rank(group, lambda: seal_spool(self.target, force=self.force))

    def _moved_model(self) -> Module:
        where, kind = self.options.where, self.options.kind
        model: Module = run_user_code(lambda: self.source.model.to(where), f"moving the model to {where}")
        return model if kind is None else model.to(kind)

    def _open(self, stack: ExitStack, modules: Mapping[str, _BatchNorm]) -> SharedSpool:
        writer = stack.enter_context(open_spool(self.target, self.provenance, force=self.force))
        running = {name: running_statistics(module) for name, module in modules.items()}
        return SharedSpool(writer, spool_path(self.target), running)

    def _watch(
        self, stack: ExitStack, modules: Mapping[str, _BatchNorm], new_layers: list[SpooledLayer]
    ) -> Observation | ProgramObservation:
        """Put modes and watchers in place until the stack unwinds; layers that a batch reaches join `new_layers`."""
        import torch  # noqa: PLC0415

        indices = count()

        def introduce(layer: SpooledLayer) -> int:
            new_layers.append(layer)
            return next(indices)

        stack.enter_context(torch.no_grad())
        observation: Observation | ProgramObservation
        if self.source.is_program:
            observation = ProgramObservation(
                self.source.model, introduce, normalizes_with_batch=self.options.mode == "train"
            )
        else:
            everything = self.options.trains_everything
            modes = modes_for_recording(self.source.model, modules, self.options.mode, trains_everything=everything)
            stack.enter_context(modes)
            stack.enter_context(run_eagerly(self.source.model, may_compile_later=False))
            observation = Observation(self.source.model, modules, introduce, lambda: None)
        stack.callback(observation.end)
        observation.begin()
        return observation

    def _calls(
        self, model: Module, group: RankGroup, observation: Observation | ProgramObservation
    ) -> Iterator[Callable[[], Any]]:
        options = self.options
        batches = self.loader if options.is_sharded else share_of(self.loader, group.rank, group.size)
        most = None if options.num_steps is None else len(range(group.rank, options.num_steps, group.size))
        if most == 0:
            return
        for number, batch in enumerate(batches, start=1):
            args, kwargs = model_arguments(batch, options.where, options.kind)
            if isinstance(observation, ProgramObservation):
                observation.step += 1
            yield lambda args=args, kwargs=kwargs: model(*args, **kwargs)  # type: ignore[misc]
            if number == most:
                return
