"""What the code text of a TorchScript program says about its normalization layers: read as lines, never executed."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from bncli.formats.traced_momentum import is_momentum_recorded
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bncli.core.named_arrays import SettingName

# Compiled on first use: files of other formats need none of them.
_CLASS = r"class (\w{1,256})\("
_CALL = "torch.batch_norm("
_END = "end"
"""A line that is outside of every class."""
# Lengths are bounded everywhere, so that no line can make the search slow.
_NUMBER = r"(-?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:e[-+]?[0-9]{1,4})?)"
_CONSTANT = rf"  (eps|momentum) : Final\[(?:float|int|NoneType)\] = (?:{_NUMBER}|None)\s*"
_BEGINNINGS_OF_CONSTANTS = ("  eps : ", "  momentum : ")
_END_OF_CALL = rf", (True|False), {_NUMBER}, {_NUMBER}, (?:True|False)\)"


@dataclass(frozen=True, slots=True)
class LayerCode:
    """The settings of a layer that stand in its code."""

    settings: Mapping[SettingName, float | None] = field(default_factory=dict)
    """In our conventions; a momentum that a trace cannot tell is left out."""
    training_mode: bool = False
    """Whether the layer was traced in train mode, so that it normalizes with batch statistics ever after."""


def codes_of_classes(text: str) -> Mapping[str, LayerCode]:
    """Return what a file of code says about the settings of each class in it.

    A scripted layer declares them as constants. A traced one only calls `torch.batch_norm` with numbers, of which the
    momentum may be that of a single step.
    """
    found: dict[str, LayerCode] = {}
    name, findings = None, _Findings()
    for line in (*text.split("\n"), _END):
        if line.startswith((" ", "\t")) or not line:
            findings.take_in(line)
            continue
        # Of the classes that a file declares, however many, only those that say something are kept.
        if name is not None and (findings.declared or findings.calls):
            found[name] = findings.concluded()
        beginning = re.match(_CLASS, line)
        name, findings = beginning[1] if beginning else None, _Findings()
    return found


class _Findings:
    """What the lines of one class have said so far."""

    def __init__(self) -> None:
        self.declared: dict[SettingName, float | None] = {}
        self.calls: set[tuple[bool, float, float]] = set()

    def take_in(self, line: str) -> None:
        constant = re.fullmatch(_CONSTANT, line) if line.startswith(_BEGINNINGS_OF_CONSTANTS) else None
        if constant is not None:
            self._declare(constant[1], constant[2])
        elif _CALL in line:
            end = re.search(_END_OF_CALL, line[line.index(_CALL) :])
            if end is not None:
                self.calls.add((end[1] == "True", float(end[2]), float(end[3])))

    def concluded(self) -> LayerCode:
        if self.declared or len(self.calls) != 1:
            return LayerCode(self.declared)
        ((is_training, momentum, eps),) = self.calls
        traced: dict[SettingName, float | None] = {"eps": eps}
        if is_momentum_recorded(momentum, is_training=is_training):
            traced["momentum"] = momentum
        return LayerCode(traced, is_training)

    def _declare(self, name: str, number: str | None) -> None:
        if name == "momentum":
            self.declared["momentum"] = None if number is None else float(number)
        elif number is not None:
            self.declared["eps"] = float(number)


def count_calls(texts: Iterable[str], function: str) -> int:
    """Return how often the code calls a function, such as `torch.conv2d`."""
    return sum(text.count(f"{function}(") for text in texts)
