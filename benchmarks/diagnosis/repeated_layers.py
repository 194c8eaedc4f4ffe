"""Faults of layers that are run more than once a step, or in more than one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digit_net import DigitNet
from benchmarks.diagnosis.digits import Feed, batches
from benchmarks.diagnosis.saving import copied, save_state, trained_net
from benchmarks.diagnosis.training import Recipe, new_net, train
from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path


class SiameseNet(DigitNet):
    """A network whose first block sees a batch at once, and whose others see its halves one after the other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of both halves."""
        halves = []
        for half in self.blocks[0](x).chunk(2):
            features = half
            for block in self.blocks[1:]:
                features = block(features)
            halves.append(self.head(features.mean((2, 3))))
        return torch.cat(halves)


def _recomputed(seed: int, folder: Path) -> Specimen:
    net = new_net(Recipe(), seed)
    net.recomputes = True
    return Specimen(save_state(train(net, Recipe(), seed).state_dict(), folder))


def _run_on_both_halves(seed: int, folder: Path) -> Specimen:
    torch.manual_seed(seed)
    return Specimen(save_state(train(SiameseNet(), Recipe(), seed).state_dict(), folder))


def _one_module_in_two_places(seed: int, folder: Path) -> Specimen:
    torch.manual_seed(seed)
    shared = nn.BatchNorm2d(8)
    norms = iter((nn.BatchNorm2d(8), shared, shared))
    net = train(DigitNet(norm=lambda _: next(norms)), Recipe(), seed)
    return Specimen(save_state(copied(net.state_dict()), folder))  # copies, as safetensors or ONNX store them


def _loaded_into_the_wrong_layer(seed: int, folder: Path) -> Specimen:
    state = trained_net(seed).state_dict()
    for role in ("running_mean", "running_var"):
        state[f"blocks.2.bn.{role}"] = state[f"blocks.1.bn.{role}"].clone()
    return Specimen(save_state(state, folder))


def _ranks(seed: int, folder: Path) -> Specimen:
    """Two ranks with the same gradients and statistics of their own, on shards of different domains."""
    nets = [new_net(Recipe(), seed), new_net(Recipe(), seed)]
    optimizers = [torch.optim.SGD(net.parameters(), lr=0.05) for net in nets]
    feeds = [batches(Feed(), 120, seed), batches(Feed(inverts=True), 120, seed + 100)]
    for shards in zip(*feeds, strict=True):
        for net, (x, labels) in zip(nets, shards, strict=True):
            net.zero_grad()
            cross_entropy(net(x), labels).backward()
        for some, other in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
            mean = (some.grad + other.grad) / 2
            some.grad, other.grad = mean, mean.clone()
        for optimizer in optimizers:
            optimizer.step()
    paths = [save_state(net.state_dict(), folder, f"rank{rank}") for rank, net in enumerate(nets)]
    return Specimen(paths[1], paths[0])


REPEATED_LAYERS = (
    Case("recomputed", "activation checkpointing updates twice", _recomputed, codes=faults("BN205")),
    Case("run-on-both-halves", "a siamese network with shared layers", _run_on_both_halves, codes=faults("BN205")),
    Case("one-module-in-two-places", "one layer object behind two convolutions", _one_module_in_two_places,
         codes=faults("BN309", "BN205"), consequences=faults("BN306")),
    Case("loaded-into-the-wrong-layer", "one layer's statistics under two names", _loaded_into_the_wrong_layer,
         codes=faults("BN309")),
    Case("ranks-disagree", "ranks that never share statistics", _ranks, verdict=Verdict.RANKS_DISAGREE,
         data=Feed(), unseen="each rank's statistics are sound for its shard; `diff` of two ranks"),
)  # fmt: skip
