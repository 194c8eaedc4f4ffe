"""Faults of models that are averages of others."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import AveragedModel

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.saving import copied, save_state, trained_net, trained_state
from benchmarks.diagnosis.training import Recipe, new_net, train
from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

_DECAY = 0.95
_ON = Recipe(num_steps=60, learning_rate=0.02)


def _follow(average: nn.Module, net: nn.Module) -> None:
    """Move the parameters of an average, and nothing else."""
    with torch.no_grad():
        for mean, parameter in zip(average.parameters(), net.parameters(), strict=True):
            mean.lerp_(parameter, 1 - _DECAY)


def _ema_without_buffers(seed: int, folder: Path) -> Specimen:
    net = new_net(Recipe(), seed)
    average = copy.deepcopy(net)
    before = save_state(copied(average.state_dict()), folder, "before")
    train(net, Recipe(), seed, lambda _: _follow(average, net))
    return Specimen(save_state(average.state_dict(), folder), before)


def _teacher_with_stale_buffers(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    teacher = copy.deepcopy(net)
    before = save_state(copied(teacher.state_dict()), folder, "before")
    train(net, _ON, seed + 100, lambda _: _follow(teacher, net))
    return Specimen(save_state(teacher.state_dict(), folder), before)


def _swa_not_re_estimated(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    average = AveragedModel(net)
    train(net, _ON, seed + 100, lambda step: average.update_parameters(net) if step % 10 == 0 else None)
    before = save_state(copied(net.state_dict()), folder, "before")
    return Specimen(save_state(average.module.state_dict(), folder), before)


def _averaged_files(seed: int, folder: Path) -> Specimen:
    states = [trained_state(seed), trained_net_state_later(seed, 41), trained_net_state_later(seed, 60)]
    mean = {name: sum(state[name].float() for state in states) / len(states) for name in states[0]}
    return Specimen(save_state(mean, folder), save_state(states[0], folder, "before"))


def _averaged_siblings(seed: int, folder: Path) -> Specimen:
    """A soup of fine-tuned siblings with equal counters, which stay whole numbers as float32."""
    states = [trained_net_state_later(seed, 40), trained_net_state_later(seed, 40, batches=7)]
    mean = {name: sum(state[name].float() for state in states) / len(states) for name in states[0]}
    return Specimen(save_state(mean, folder), save_state(states[0], folder, "before"))


def _ema_of_floats_only(seed: int, folder: Path) -> Specimen:
    net = new_net(Recipe(), seed)
    average = copy.deepcopy(net)

    def follow(_: int) -> None:
        for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - _DECAY)

    train(net, Recipe(num_steps=200), seed, follow)
    before = save_state(copied(net.state_dict()), folder, "before")
    return Specimen(save_state(average.state_dict(), folder), before)


def trained_net_state_later(seed: int, num_steps: int, batches: int = 0) -> dict[str, torch.Tensor]:
    """Return the state after an ordinary run and some steps more, on other batches."""
    net = trained_net(seed)
    recipe = Recipe(num_steps=num_steps, learning_rate=0.02)
    return copied(train(net, recipe, seed + 100 + batches).state_dict())


AVERAGED_MODELS = (
    Case("ema-without-buffers", "an average of parameters, from the start", _ema_without_buffers,
         codes=faults("BN201"), verdict=Verdict.STATS_FROZEN),
    Case("teacher-with-stale-buffers", "an average of parameters, of a trained model", _teacher_with_stale_buffers,
         verdict=Verdict.STATS_FROZEN,
         data=Feed(),
         unseen="statistics and weights are sound apart; `diff` with the average as it began"),
    Case("swa-not-re-estimated", "averaged weights with the last model's statistics", _swa_not_re_estimated,
         verdict=Verdict.STATS_FROZEN,
         data=Feed(),
         unseen="the statistics are sound, but of other weights; `diff` with the last model"),
    Case("averaged-files", "three checkpoints averaged, counters included", _averaged_files,
         codes=faults("BN104"), verdict=Verdict.AVERAGED_OR_EDITED),
    Case("averaged-siblings", "a soup of models with equal counters", _averaged_siblings,
         codes=faults("BN104"), verdict=Verdict.AVERAGED_OR_EDITED),
    Case("ema-of-floats-only", "an average that leaves integers out", _ema_of_floats_only,
         codes=faults("BN203"), verdict=Verdict.REWOUND),
)  # fmt: skip
