"""Layers and files for the rules of `check`: a healthy one by default, from which a test changes one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from bncli.core.batch_norm_layer import Setting
from bncli.rules.catalogue import RULES
from bncli.rules.checked_file import CheckedFile, checked_file
from bncli.rules.evaluation import evaluate
from bncli.rules.selection import select_rules
from tests.helpers.builders import checkpoint, layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.named_arrays import Skipped
    from bncli.rules.base import Observation, Rule, Target
    from bncli.rules.finding import Finding

NUM_CHANNELS = 16


def healthy(name: str = "bn", **changed: Any) -> BatchNormLayer:
    """Return a trained layer of 16 channels that no rule speaks of. A `(channel, value)` pair changes one value.

    `eps` and `momentum` may be given as numbers: the file then holds them.
    """
    rng = np.random.default_rng(crc32(name.encode(errors="surrogatepass")))
    arrays: dict[str, Any] = {
        "running_mean": rng.normal(0, 0.5, NUM_CHANNELS).astype(np.float32),
        "running_var": rng.uniform(0.5, 2, NUM_CHANNELS).astype(np.float32),
        "weight": rng.uniform(0.5, 1.5, NUM_CHANNELS).astype(np.float32),
        "bias": rng.normal(0, 0.3, NUM_CHANNELS).astype(np.float32),
    }
    for role in arrays.keys() & changed.keys():
        if isinstance(changed[role], dict):
            for channel, value in changed[role].items():
                arrays[role][channel] = value
            changed[role] = arrays[role]
    for setting in {"eps", "momentum"} & changed.keys():
        changed[setting] = Setting(changed[setting], "stored")
    fields = {"name": name, "label": name, "num_features": NUM_CHANNELS, **arrays, **changed}
    return layer(**fields)


def file_of(
    *layers: BatchNormLayer,
    skipped: tuple[Skipped, ...] = (),
    affine_layers: tuple[str, ...] = (),
    is_averaged: bool = False,
) -> CheckedFile:
    """Return a file of these layers as rules see it."""
    return checked_file(checkpoint(*layers, skipped=skipped), affine_layers, is_averaged)


def observed(rule: Rule, *layers: BatchNormLayer, **file: Any) -> list[Observation]:
    """Return what one rule observes in a file of these layers."""
    return list(rule.evaluate(file_of(*layers, **file)))


def only(rule: Rule, *layers: BatchNormLayer, **file: Any) -> Observation:
    """Return the one observation that a rule makes."""
    (observation,) = observed(rule, *layers, **file)
    return observation


def findings_of(file: CheckedFile, *targets: Target) -> tuple[Finding, ...]:
    """Return what all rules in force find."""
    return evaluate(file, select_rules(RULES, targets=targets))


@dataclass(frozen=True)
class Twins:
    """Two files that differ in one state: the rule's own, and nothing else."""

    faulty: CheckedFile
    sound: CheckedFile
    companions: frozenset[str] = frozenset()
    """Codes of other rules that necessarily hold in that state too."""
