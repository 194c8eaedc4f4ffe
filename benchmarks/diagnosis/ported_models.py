"""Faults of models that came from another framework, or go to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from benchmarks.diagnosis.case import OTHER_SETTINGS, Case, Specimen, faults
from benchmarks.diagnosis.digit_net import DigitNet, layers_of
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.odd_training import LONG, with_dead_filters, without_padding
from benchmarks.diagnosis.saving import save_module, save_state, trained_net, trained_state
from benchmarks.diagnosis.training import Recipe, new_net, train
from bncli.analysis.verdicts import Verdict
from bncli.formats.onnx_file import NodeSettings, onnx_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LAYERS = ("blocks.0.bn", "blocks.1.bn", "blocks.2.bn")


class OnePassBatchNorm(nn.BatchNorm2d):
    """Batch normalization whose variance is E[x^2] - E[x]^2 in float32, as some kernels compute it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize with the batch, and average its statistics."""
        mean = x.mean((0, 2, 3))
        var = (x * x).mean((0, 2, 3)) - mean * mean
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var, self.momentum)
            self.num_batches_tracked += 1
        centred = x - mean[:, None, None]
        return (
            centred * torch.rsqrt(var.clamp(min=0) + self.eps)[:, None, None] * self.weight[:, None, None]
            + (self.bias[:, None, None])
        )


def _with_variances(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[int, Path], Specimen]:
    """Return a run with three dead filters whose variances are stored otherwise."""

    def make(seed: int, folder: Path) -> Specimen:
        net = with_dead_filters(new_net(LONG, seed), LONG, seed)
        before = save_state(net.state_dict(), folder, "before")
        for layer in layers_of(net):
            layer.running_var = change(layer.running_var)
        return Specimen(save_state(net.state_dict(), folder), before)

    return make


def _one_pass_variance(seed: int, folder: Path) -> Specimen:
    torch.manual_seed(seed)
    recipe = Recipe(feed=Feed(scale=0.002, offset=300.0), learning_rate=0.01)
    net = without_padding(DigitNet(norm=OnePassBatchNorm))
    return Specimen(save_state(train(net, recipe, seed).state_dict(), folder))


def _mean_and_variance_swapped(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    for layer in _LAYERS:
        mean, var = f"{layer}.running_mean", f"{layer}.running_var"
        state[mean], state[var] = state[var], state[mean]
    return Specimen(save_state(state, folder), save_state(trained_state(seed), folder, "before"))


def _standard_deviation_by_name(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    for layer in _LAYERS:
        state[f"{layer}.running_std"] = state.pop(f"{layer}.running_var").sqrt()
    return Specimen(save_state(state, folder))


def _standard_deviation(seed: int, folder: Path) -> Specimen:
    state = trained_state(seed)
    for layer in _LAYERS:
        state[f"{layer}.running_var"] = state[f"{layer}.running_var"].sqrt()
    return Specimen(save_state(state, folder), save_state(trained_state(seed), folder, "before"))


def _eps_of_another_framework(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    before = save_module(net, folder, "before")
    for layer in layers_of(net):
        layer.eps = 1e-3
    return Specimen(save_module(net, folder), before)


def _with_eps(eps: float) -> Callable[[int, Path], Specimen]:
    def make(seed: int, folder: Path) -> Specimen:
        recipe = Recipe(eps=eps)
        return Specimen(save_module(train(new_net(recipe, seed), recipe, seed), folder))

    return make


def _exported(settings: NodeSettings) -> Callable[[int, Path], Specimen]:
    def make(seed: int, folder: Path) -> Specimen:
        arrays = {name: tensor.numpy() for name, tensor in trained_state(seed).items()}
        path = folder / "model.onnx"
        path.write_bytes(onnx_file(arrays, _LAYERS, settings))
        return Specimen(path, save_state(trained_state(seed), folder, "before"))

    return make


PORTED_MODELS = (
    Case("eps-subtracted", "a converter subtracted eps from the variances", _with_variances(lambda var: var - 1e-5),
         codes=faults("BN102"), consequences=faults("BN301", "BN306"), verdict=Verdict.AVERAGED_OR_EDITED),
    Case("eps-added", "eps added to the variances before storing", _with_variances(lambda var: var + 1e-5),
         codes=faults("BN603"), consequences=faults("BN306", "BN302"), verdict=Verdict.AVERAGED_OR_EDITED),
    Case("one-pass-variance", "E[x^2] - E[x]^2 in float32 on inputs of 300", _one_pass_variance,
         codes=faults("BN102"), consequences=faults("BN307", "BN301", "BN306", "BN302", "BN505")),
    Case("mean-and-variance-swapped", "two arrays in the wrong order", _mean_and_variance_swapped,
         codes=faults("BN102"), consequences=faults("BN306", "BN307", "BN505"), verdict=Verdict.AVERAGED_OR_EDITED),
    Case("standard-deviation-by-name", "running_std in place of running_var", _standard_deviation_by_name,
         codes=faults("BN603")),
    Case("standard-deviation", "a standard deviation under the variance's name", _standard_deviation,
         verdict=Verdict.AVERAGED_OR_EDITED,
         data=Feed(), unseen="positive numbers of the same order; `diff` with the original"),
    Case("eps-of-another-framework", "eps 1e-3 in place of 1e-5", _eps_of_another_framework,
         verdict=OTHER_SETTINGS,
         unseen="1e-3 is an ordinary eps; `diff` of two whole modules"),
    Case("eps-1e-12", "an eps that float16 loses", _with_eps(1e-12), codes=faults("BN602")),
    Case("eps-0.1", "an eps as large as a variance", _with_eps(0.1), codes=faults("BN602")),
    Case("exported-in-train-mode", "ONNX nodes with training_mode=1", _exported(NodeSettings(training_mode=True)),
         codes=faults("BN506")),
    Case("onnx-momentum-reversed", "PyTorch's 0.1 written as ONNX's decay", _exported(NodeSettings(decay=0.1)),
         codes=faults("BN601")),
)  # fmt: skip
