"""Faults of how a network is trained: its rates, its data, its length."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digit_net import layers_of
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.saving import copied, module_of_run, save_state, state_of_run, trained_net
from benchmarks.diagnosis.training import Recipe, feed_through, new_net, train
from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

LONG = Recipe(num_steps=320)
"""Long enough for the variance of a dead channel to decay."""


def _momentum_zero(seed: int, folder: Path) -> Specimen:
    recipe = Recipe(momentum=0.0)
    net = new_net(recipe, seed)
    before = save_state(copied(net.state_dict()), folder, "before")
    return Specimen(save_state(train(net, recipe, seed).state_dict(), folder), before)


def _momentum_zero_in_fine_tuning(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    before = save_state(copied(net.state_dict()), folder, "before")
    for layer in layers_of(net):
        layer.momentum = 0.0
    train(net, Recipe(num_steps=60, learning_rate=0.01), seed + 100)
    return Specimen(save_state(net.state_dict(), folder), before)


def with_dead_filters(net: nn.Module, recipe: Recipe, seed: int, num_filters: int = 3) -> nn.Module:
    """Train a network, some filters of whose second convolution die after a few steps."""

    def kill(step: int) -> None:
        if step > 20:
            with torch.no_grad():
                net.blocks[1].conv.weight[:num_filters] = 0

    return train(net, recipe, seed, kill)


def _dead_filters(seed: int, folder: Path) -> Specimen:
    net = with_dead_filters(new_net(LONG, seed), LONG, seed)
    return Specimen(save_state(net.state_dict(), folder))


def _dead_layer(seed: int, folder: Path) -> Specimen:
    net = with_dead_filters(new_net(LONG, seed), LONG, seed, num_filters=8)
    return Specimen(save_state(net.state_dict(), folder))


def without_padding(net: nn.Module) -> nn.Module:
    """Return a network whose first layer sees no border of zeros, which vary enough beside a large mean."""
    net.blocks[0].conv.padding = (0, 0)
    return net


def _inputs_in_kelvin(seed: int, folder: Path) -> Specimen:
    recipe = Recipe(feed=Feed(offset=300.0), learning_rate=0.01)
    net = without_padding(new_net(recipe, seed))
    return Specimen(save_state(train(net, recipe, seed).state_dict(), folder))


def _one_scale_runs_away(seed: int, folder: Path) -> Specimen:
    """A learning rate per parameter group that was meant for something else."""
    net = trained_net(seed)
    with torch.no_grad():
        layers_of(net)[1].weight[2] *= 60
    return Specimen(save_state(train(net, Recipe(num_steps=20, learning_rate=1e-4), seed).state_dict(), folder))


def _probed_when_new(seed: int, folder: Path) -> Specimen:
    net = new_net(Recipe(), seed)
    feed_through(net, Feed(batch_size=2), 1, seed)
    return Specimen(save_state(net.state_dict(), folder))


_DECAYED = Recipe(num_steps=640, weight_decay=0.05)
_COLLAPSED = replace(LONG, weight_decay=0.2)

ODD_TRAINING = (
    Case("momentum-0.9", "TensorFlow's decay pasted as PyTorch's momentum", module_of_run(Recipe(momentum=0.9)),
         codes=faults("BN601")),
    Case("momentum-0.99", "Keras' decay pasted as PyTorch's momentum", module_of_run(Recipe(momentum=0.99)),
         codes=faults("BN601")),
    Case("momentum-0.997", "the decay of TensorFlow's ResNets, pasted", module_of_run(Recipe(momentum=0.997)),
         codes=faults("BN601")),
    Case("momentum-0.9-given", "the same in a state dict, with --momentum 0.9", state_of_run(Recipe(momentum=0.9)),
         codes=faults("BN601"), momentum=0.9),
    Case("momentum-0.3", "a momentum that averages six batches", module_of_run(Recipe(momentum=0.3)),
         codes=faults("BN206")),
    Case("momentum-0", "statistics never move", _momentum_zero, codes=faults("BN201"),
         verdict=Verdict.MOMENTUM_ZERO_OR_DEAD),
    Case("momentum-0-in-fine-tuning", "statistics stay the parent's", _momentum_zero_in_fine_tuning,
         verdict=Verdict.MOMENTUM_ZERO_OR_DEAD,
         data=Feed(), unseen="the statistics are the parent's, which are sound; `diff` with the parent"),
    Case("saved-after-10-steps", "too few updates for the default momentum", state_of_run(Recipe(num_steps=10)),
         codes=faults("BN204")),
    Case("slow-momentum", "momentum 0.003 for 120 steps", module_of_run(Recipe(momentum=0.003)), codes=faults("BN204")),
    Case("probed-when-new", "a forward pass in train mode before training", _probed_when_new, codes=faults("BN203")),
    Case("dead-filters", "three filters die in training", _dead_filters, codes=faults("BN301"),
         consequences=faults("BN306", "BN303")),
    Case("dead-layer", "all filters of a layer die", _dead_layer, codes=faults("BN301"),
         consequences=faults("BN303", "BN304", "BN306")),
    Case("decayed-scales", "weight decay of 0.05 on scales and shifts too", state_of_run(_DECAYED),
         codes=faults("BN303"), consequences=faults("BN301", "BN306", "BN302", "BN505")),
    Case("collapsed-scales", "weight decay of 0.2 on scales and shifts too", state_of_run(_COLLAPSED),
         codes=faults("BN301"), consequences=faults("BN303", "BN306", "BN302", "BN505")),
    Case("huge-learning-rate", "a learning rate of 30", state_of_run(Recipe(learning_rate=30.0)),
         codes=faults("BN101", "BN301", "BN304", "BN306"), consequences=faults("BN303", "BN307")),
    Case("one-scale-runs-away", "a learning rate meant for another group", _one_scale_runs_away,
         codes=faults("BN306"), consequences=faults("BN503"), targets=("int8",)),
    Case("inputs-in-kelvin", "inputs of 300 plus or minus 1", _inputs_in_kelvin,
         codes=faults("BN307"), consequences=faults("BN501")),
    Case("16-bit-pictures", "values up to 65,535, for float16", state_of_run(Recipe(feed=Feed(scale=2e4))),
         codes=faults("BN501"), targets=("fp16",)),
    Case("tiny-inputs", "inputs of 0.01: eps counts", state_of_run(Recipe(feed=Feed(scale=0.01))),
         codes=faults("BN302", "BN505")),
)  # fmt: skip
