"""Faults of statistics in half precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.saving import save_module, save_state
from benchmarks.diagnosis.training import Recipe, new_net, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _trained_in(dtype: torch.dtype, momentum: float) -> Callable[[int, Path], Specimen]:
    feed = Feed(batch_size=16)
    recipe = Recipe(momentum=momentum, dtype=dtype, num_steps=round(4.8 / momentum), learning_rate=0.02, feed=feed)

    def make(seed: int, folder: Path) -> Specimen:
        return Specimen(save_module(train(new_net(recipe, seed), recipe, seed), folder))

    return make


def _halved_beyond_range(seed: int, folder: Path) -> Specimen:
    recipe = Recipe(feed=Feed(scale=2e4))
    net = train(new_net(recipe, seed), recipe, seed).half()
    return Specimen(save_state(net.state_dict(), folder))


LOW_PRECISION = (
    Case("bfloat16-buffers", "trained in bfloat16, buffers included", _trained_in(torch.bfloat16, 0.1),
         codes=faults("BN502")),
    Case("bfloat16-buffers-0.03", "the same at momentum 0.03", _trained_in(torch.bfloat16, 0.03),
         codes=faults("BN502")),
    Case("float16-buffers-0.01", "trained in float16 at momentum 0.01", _trained_in(torch.float16, 0.01),
         codes=faults("BN502")),
    Case("halved-beyond-range", "16-bit pictures, then model.half()", _halved_beyond_range, codes=faults("BN101")),
)  # fmt: skip
