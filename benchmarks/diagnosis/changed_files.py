"""Faults of files that lost something, or got it from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digit_net import layers_of
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.saving import save_state, trained_net, trained_state
from benchmarks.diagnosis.training import Recipe, new_net
from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    State = dict[str, torch.Tensor]


def _reset_before_saving(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    before = save_state(trained_state(seed), folder, "before")
    for layer in layers_of(net):
        layer.reset_running_stats()
    return Specimen(save_state(net.state_dict(), folder), before)


def _never_written_back(seed: int, folder: Path) -> Specimen:
    """A functional training loop that drops the updated buffers: counters and statistics stay those of the start."""
    state = trained_state(seed)
    fresh = new_net(Recipe(), seed).state_dict()
    return Specimen(save_state({n: fresh[n] if _is_buffer(n) else t for n, t in state.items()}, folder))


def _only_parameters_loaded(seed: int, folder: Path) -> Specimen:
    """A converter copied what `named_parameters` yields, and the model was trained on in eval mode since."""
    net = new_net(Recipe(), seed)
    net.load_state_dict(dict(trained_net(seed).named_parameters()), strict=False)
    return Specimen(save_state(net.state_dict(), folder))


def _one_layer_lost(seed: int, folder: Path) -> Specimen:
    """A renamed layer was skipped by strict=False, its statistics stayed new while the rest was loaded."""
    state = trained_state(seed)
    fresh = new_net(Recipe(), seed).state_dict()
    for role in ("running_mean", "running_var"):
        state[f"blocks.1.bn.{role}"] = fresh[f"blocks.1.bn.{role}"]
    return Specimen(save_state(state, folder))


def _widened(seed: int, folder: Path) -> Specimen:
    """Eight channels of a trained layer loaded into a new one of twelve."""
    state = trained_state(seed)
    wide = nn.BatchNorm2d(12)
    for role, tensor in wide.state_dict().items():
        if tensor.ndim:
            tensor[:8] = state[f"blocks.2.bn.{role}"]
            state[f"blocks.2.bn.{role}"] = tensor
    return Specimen(save_state(state, folder))


def _pruned_but_the_variance(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    for role in ("weight", "bias", "running_mean"):
        state[f"blocks.1.bn.{role}"] = state[f"blocks.1.bn.{role}"][:6]
    return Specimen(save_state(state, folder))


def _without_a_variance(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    del state["blocks.1.bn.running_var"]
    return Specimen(save_state(state, folder))


def _counter_reset(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    for name in state:
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros_like(state[name])
    return Specimen(save_state(state, folder), save_state(trained_state(seed), folder, "before"))


def _counter_from_memory_never_set(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    for name in state:
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0x7F5A_0000_0000_0000 + 977 * seed)
    return Specimen(save_state(state, folder))


def _weights_of_another_run(seed: int, folder: Path) -> Specimen:
    """Statistics of one run under the weights of another."""
    state, other = trained_state(seed), trained_state(seed + 1000)
    mixed = {name: other[name] if _is_buffer(name) else tensor for name, tensor in state.items()}
    return Specimen(save_state(mixed, folder), save_state(state, folder, "before"))


def _is_buffer(name: str) -> bool:
    return name.rpartition(".")[2] in {"running_mean", "running_var", "num_batches_tracked"}


CHANGED_FILES = (
    Case("reset-before-saving", "reset_running_stats before saving", _reset_before_saving, codes=faults("BN201"),
         verdict=Verdict.RE_ESTIMATED),
    Case("never-written-back", "a functional loop that drops the buffers", _never_written_back,
         codes=faults("BN201")),
    Case("only-parameters-loaded", "a converter that copies no buffers", _only_parameters_loaded,
         codes=faults("BN201")),
    Case("one-layer-lost", "one layer's statistics skipped by strict=False", _one_layer_lost, codes=faults("BN201")),
    Case("widened", "a narrower layer loaded into a wide one", _widened, codes=faults("BN202")),
    Case("pruned-but-the-variance", "channels pruned, one array forgotten", _pruned_but_the_variance,
         codes=faults("BN103")),
    Case("without-a-variance", "one key lost", _without_a_variance, codes=faults("BN103")),
    Case("counter-reset", "converted, counters at 0", _counter_reset, codes=faults("BN203"),
         verdict=Verdict.AVERAGED_OR_EDITED),
    Case("counter-from-memory-never-set", "a counter of astronomical size", _counter_from_memory_never_set,
         codes=faults("BN104")),
    Case("statistics-of-another-run", "buffers of one run, weights of another", _weights_of_another_run,
         verdict=Verdict.AVERAGED_OR_EDITED,
         data=Feed(), unseen="both are sound by themselves; `diff` with the right file, or `check --recording`"),
)  # fmt: skip
