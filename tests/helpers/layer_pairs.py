"""Pairs of small networks, of which one thing was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.analysis.comparison import Comparison, compare
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def named(name: str, **changed: Any) -> BatchNormLayer:
    """Return a healthy layer of a name."""
    return layer(name=name, label=name, **changed)


def trained(name: str, num_updates: int = 50) -> BatchNormLayer:
    """Return the layer of a name after some updates."""
    return leaked(name, num_updates, weight=layer().weight * 2)  # type: ignore[operator]


def leaked(name: str, num_updates: int = 50, **changed: Any) -> BatchNormLayer:
    """Return the layer of a name after updates that moved its statistics alone."""
    moved = {"num_batches_tracked": 100 + num_updates, "running_mean": layer().running_mean + 1}  # type: ignore[operator]
    return named(name, **(moved | changed))


def leaky_backbone() -> Comparison:
    """Return two files of a backbone of two layers that leaked, and of a head that was trained."""
    names = ("backbone.bn1", "backbone.bn2", "head.bn1")
    return compare([named(name) for name in names], [leaked(names[0]), leaked(names[1]), trained(names[2])])
