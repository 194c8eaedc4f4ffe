"""Faults of train and eval mode: the wrong one, or the right one at the wrong time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digit_net import layers_of
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.saving import copied, save_state, trained_net
from benchmarks.diagnosis.training import Recipe, feed_through, new_net, train
from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

_SHORT = Recipe(num_steps=60, learning_rate=0.01)


def _after(net: nn.Module, before: dict[str, object], folder: Path) -> Specimen:
    return Specimen(save_state(net.state_dict(), folder), save_state(before, folder, "before"))


def _never_in_train_mode(seed: int, folder: Path) -> Specimen:
    recipe = Recipe(learning_rate=0.01)
    net = new_net(recipe, seed).eval()
    before = copied(net.state_dict())
    return _after(train(net, recipe, seed), before, folder)


def _fine_tuned_in_eval_mode(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed).eval()
    before = copied(net.state_dict())
    return _after(train(net, _SHORT, seed + 100), before, folder)


def _validated_in_train_mode(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    before = copied(net.state_dict())
    feed_through(net, Feed(inverts=True), 40, seed + 100)
    return _after(net, before, folder)


def _frozen_but_in_train_mode(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    before = copied(net.state_dict())
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name.startswith("head"))
    return _after(train(net, replace(_SHORT, feed=Feed(inverts=True)), seed + 100), before, folder)


def _only_backbone_drifts(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    before = copied(net.state_dict())
    for layer in layers_of(net):
        layer.weight.requires_grad_(False)
        layer.bias.requires_grad_(False)
    return _after(train(net, _SHORT, seed + 100), before, folder)


def _statistics_not_tracked(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    for layer in layers_of(net)[1:]:
        layer.track_running_stats = False
        layer.running_mean = layer.running_var = layer.num_batches_tracked = None
    return Specimen(save_state(train(net, _SHORT, seed + 100).state_dict(), folder))


FORGOTTEN_MODES = (
    Case("never-in-train-mode", "trained from scratch without model.train()", _never_in_train_mode,
         codes=faults("BN201"), verdict=Verdict.STATS_FROZEN),
    Case("fine-tuned-in-eval-mode", "model.train() forgotten after a validation", _fine_tuned_in_eval_mode,
         verdict=Verdict.STATS_FROZEN,
         data=Feed(), unseen="the statistics are sound, but those of the parent's weights; `diff` with the parent"),
    Case("validated-in-train-mode", "model.eval() forgotten before a validation", _validated_in_train_mode,
         verdict=Verdict.LEAKY_FREEZE,
         data=Feed(), unseen="the statistics are those of other data, nothing else; `diff` with the checkpoint before"),
    Case("frozen-but-in-train-mode", "backbone frozen by requires_grad=False, new domain", _frozen_but_in_train_mode,
         verdict=Verdict.LEAKY_FREEZE,
         data=Feed(), unseen="a frozen layer looks like any other; `diff` with the parent"),
    Case("affine-frozen-stats-drift", "scale and shift frozen, weights trained on", _only_backbone_drifts,
         verdict=Verdict.LEAKY_FREEZE,
         data=Feed(), unseen="a layer whose scale stands still looks like any other; `diff` with the parent"),
    Case("statistics-not-tracked", "track_running_stats switched off above the stem", _statistics_not_tracked,
         codes=faults("BN103")),
)  # fmt: skip
