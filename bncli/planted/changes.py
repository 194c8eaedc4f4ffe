"""What can happen to a model between two checkpoints: one example for each verdict of `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.verdicts import Verdict
from bncli.formats.onnx_file import NodeSettings
from bncli.planted.base import PlantedChange
from bncli.planted.small_model import LAYERS, NUM_UPDATES, SmallModel, healthy_model

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

PARENT = healthy_model()
"""What all of them come from."""

_OTHER = healthy_model(seed=1)
_STATISTICS = ("running_mean", "running_var")
_PARAMETERS = ("weight", "bias")
_LATER = NUM_UPDATES + 1000


def _moved(
    roles: Collection[str], *, counter: int = NUM_UPDATES, layers: Collection[str] = tuple(LAYERS)
) -> SmallModel:
    """Return the parent with some arrays of some layers a third of the way to another model."""
    names = [f"{layer}.{role}" for layer in layers for role in roles]
    moved = {name: (2 * _values(PARENT, name) + _values(_OTHER, name)) / 3 for name in names}
    return PARENT.with_arrays({name: m.astype(np.float32) for name, m in moved.items()}).with_counter(counter, layers)


def _values(model: SmallModel, name: str) -> NDArray[np.float64]:
    return model.arrays[name].astype(np.float64)


def _all(verdict: Verdict) -> tuple[Verdict, ...]:
    return (verdict,) * len(LAYERS)


CHANGES = (
    PlantedChange(
        name="trained",
        story="1,000 steps of training",
        after=_moved((*_STATISTICS, *_PARAMETERS), counter=_LATER),
        verdicts=_all(Verdict.TRAINED),
    ),
    PlantedChange(
        name="leaky_freeze",
        story="frozen by requires_grad=False, but left in train mode",
        after=_moved(_STATISTICS, counter=_LATER),
        verdicts=_all(Verdict.LEAKY_FREEZE),
    ),
    PlantedChange(
        name="backbone_frozen",
        story="a frozen stem below two layers that are trained",
        after=_moved((*_STATISTICS, *_PARAMETERS), counter=_LATER, layers=("block1.bn", "block2.bn")),
        verdicts=(Verdict.FULLY_FROZEN, Verdict.TRAINED, Verdict.TRAINED),
    ),
    PlantedChange(
        name="stats_frozen",
        story="trained with the layers in eval mode",
        after=_moved(_PARAMETERS),
        verdicts=_all(Verdict.STATS_FROZEN),
    ),
    PlantedChange(
        name="momentum_zero",
        story="trained with momentum 0: updates that move nothing",
        after=_moved(_PARAMETERS, counter=_LATER),
        verdicts=_all(Verdict.MOMENTUM_ZERO_OR_DEAD),
    ),
    PlantedChange(
        name="averaged",
        story="a moving average of weights and statistics",
        after=_moved((*_STATISTICS, *_PARAMETERS)),
        verdicts=_all(Verdict.AVERAGED_OR_EDITED),
    ),
    PlantedChange(
        name="re_estimated",
        story="statistics reset and estimated anew from 200 batches",
        after=_moved(_STATISTICS, counter=200),
        verdicts=_all(Verdict.RE_ESTIMATED),
    ),
    PlantedChange(
        name="other_rank",
        story="another rank of the same run, which saw other batches",
        after=_moved(_STATISTICS),
        verdicts=_all(Verdict.RANKS_DISAGREE),
        options=("--ranks",),
    ),
    PlantedChange(
        name="rewound",
        story="an older checkpoint of another run",
        after=_moved((*_STATISTICS, *_PARAMETERS), counter=1000),
        verdicts=_all(Verdict.REWOUND),
    ),
    PlantedChange(
        name="exported",
        story="the same layers, exported to ONNX",
        after=SmallModel(PARENT.arrays, NodeSettings()),
        verdicts=_all(Verdict.IDENTICAL),
    ),
)
