"""BN309: two layers have the same statistics, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.name_parts import parts_of
from bncli.rules.base import Observation, Rule, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

FEWEST_CHANNELS = 8

_WORDS_OF_COPIES = frozenset(
    {"average", "averaged", "avg", "best", "copy", "ema", "k", "momentum", "offline", "shadow", "swa", "target",
     "teacher"}
)  # fmt: skip
"""Words in the names of networks that are copies of another one in the same file, on purpose."""


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    first_of: dict[bytes, CheckedLayer] = {}
    for layer in file.layers:
        if layer.num_features < FEWEST_CHANNELS or layer.is_initial.all() or not layer.is_live.any():
            continue
        first = first_of.setdefault(layer.mean.tobytes() + layer.var.tobytes(), layer)
        if first is not layer and not _are_in_copies(first.name, layer.name):
            yield Observation(
                layer=layer.name,
                severity="warning",
                value=float(layer.num_features),
                threshold=float(FEWEST_CHANNELS),
                message=(
                    f"mean and variance of all {layer.num_features:,} channels are those of {first.name} bit for bit: "
                    "one module stands in two places, or one layer was loaded into both"
                ),
            )


def _are_in_copies(first: str, second: str) -> bool:
    """Return whether the paths part at names one of which says that its network is a copy of the other."""
    parts, other_parts = list(parts_of(first)), list(parts_of(second))
    for end in (-1, 0):
        while parts and other_parts and parts[end] == other_parts[end]:
            parts.pop(end)
            other_parts.pop(end)
    words = {word.lower() for part in (*parts, *other_parts) for word in part.split("_")}
    return bool(words & _WORDS_OF_COPIES)


RULE = Rule(
    code="BN309",
    name="duplicate-stats",
    severity="warning",
    summary="Two layers have bit-identical running means and variances.",
    rationale=(
        "Different layers see different inputs, so equal statistics are no chance. Either one module object is used in "
        "two places, and mixes what arrives at both, or a loading script wrote one layer's buffers into another. "
        "Arrays that are the same memory in the file are listed once and are not meant; nor are networks whose name "
        "says that they are a copy, such as ema or teacher; nor layers that are still initial, or dead as a whole."
    ),
    thresholds=(
        Threshold(
            FEWEST_CHANNELS, "channels from which on equal statistics are no chance", "On none of 714 published layers."
        ),
    ),
    remedy="Look whether the module is one object under two names; give each place its own, or load each layer itself.",
    snippet="""\
names = [name for name, module in model.named_modules(remove_duplicate=False) if module is bn]
print(names)  # more than one: the module is shared
""",
    references=("keras-team/keras#8794", "pytorch/pytorch#1738"),
    evaluate=_evaluate,
)
