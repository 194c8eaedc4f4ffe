"""Faults that leave statistics of the ordinary kind: only data tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digits import Feed
from benchmarks.diagnosis.saving import save_state
from benchmarks.diagnosis.training import Recipe, new_net, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _fed(feed: Feed, num_steps: int = 120) -> Callable[[int, Path], Specimen]:
    recipe = Recipe(feed=feed, num_steps=num_steps)

    def make(seed: int, folder: Path) -> Specimen:
        return Specimen(save_state(train(new_net(recipe, seed), recipe, seed).state_dict(), folder))

    return make


UNSEEN_FAULTS = (
    Case("batch-size-2", "batches of two pictures", _fed(Feed(batch_size=2)),
         data=Feed(batch_size=2), unseen="the averages are noisier, not odd; `check --recording`"),
    Case("class-sorted-batches", "each batch of one class", _fed(Feed(is_sorted=True)),
         consequences=faults("BN304"),
         data=Feed(is_sorted=True),
         unseen="the statistics are those of one class, and ordinary; `check --recording`"),
    Case("inputs-0-to-255", "pictures that were not standardized", _fed(Feed(scale=96.0, offset=78.0)),
         unseen="the first layer absorbs the scale, harmless in float32; `check --target fp16`, once it does harm"),
    Case("other-domain", "trained on white on black, used on black on white", _fed(Feed(inverts=True)),
         data=Feed(), unseen="the file knows one domain only; `check --recording` with the other"),
)  # fmt: skip
