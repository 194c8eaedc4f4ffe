"""One channel of data that is hard to average, drawn from families of known trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bncli.core.rounding import round_to_bfloat16

if TYPE_CHECKING:
    from collections.abc import Callable

Values: TypeAlias = "np.ndarray[tuple[int], Any]"

PRECISION_BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_LARGEST_EXPONENT = {"float16": 10, "bfloat16": 120, "float32": 120, "float64": 1000}
_SMALLEST_EXPONENT = {"float16": -14, "bfloat16": -125, "float32": -125, "float64": -1000}


def draw(family: str, dtype: str, rng: np.random.Generator, most_values: int = 11_585) -> Values:
    """Return the finite values of one channel, at least two; those of bfloat16 are held in float32."""
    count = int(2 ** rng.uniform(1, np.log2(most_values)))
    limits = (_SMALLEST_EXPONENT[dtype], _LARGEST_EXPONENT[dtype])
    usual = (max(limits[0], -60), min(limits[1], 60))
    scale = 2.0 ** rng.uniform(*(usual if rng.random() < 0.9 else limits))
    with np.errstate(all="ignore"):
        x = FAMILIES[family](count, PRECISION_BITS[dtype], rng) * scale
        values = round_to_bfloat16(x) if dtype == "bfloat16" else x.astype(dtype)
    finite = values[np.isfinite(values)]
    return finite if len(finite) > 1 else np.ones(2, values.dtype)


def _large_mean(count: int, bits: int, rng: np.random.Generator) -> Values:
    return 2.0 ** rng.uniform(0, bits) * rng.choice([-1, 1]) + rng.standard_normal(count)


def _one_ulp(count: int, bits: int, rng: np.random.Generator) -> Values:
    x = np.ones(count)
    x[rng.integers(count)] += 2.0 ** (1 - bits)
    return x


def _outlier(count: int, bits: int, rng: np.random.Generator) -> Values:
    x = rng.standard_normal(count)
    x[rng.integers(count)] *= 2.0 ** rng.uniform(0, 8 if bits == PRECISION_BITS["float16"] else 40)
    return x


def _lognormal(count: int, bits: int, rng: np.random.Generator) -> Values:
    spread = rng.uniform(0, 2 if bits == PRECISION_BITS["float16"] else 10)
    return np.exp(rng.standard_normal(count) * spread) * rng.choice([-1, 1], count)


def _two_clusters(count: int, bits: int, rng: np.random.Generator) -> Values:
    return np.where(rng.random(count) < 0.5, 1.0, -1.0) * 2.0 ** rng.uniform(0, bits / 2) + rng.standard_normal(count)


def _periodic(count: int, _: int, rng: np.random.Generator) -> Values:
    return np.where(np.arange(count) % int(rng.integers(2, 6)), rng.random(), rng.standard_normal())


FAMILIES: dict[str, Callable[[int, int, np.random.Generator], Values]] = {
    "normal": lambda count, _, rng: rng.standard_normal(count),
    "large mean": _large_mean,
    "constant": lambda count, _, rng: np.full(count, rng.standard_normal()),
    "one ulp": _one_ulp,
    "outlier": _outlier,
    "lognormal": _lognormal,
    "two clusters": _two_clusters,
    "sorted": lambda count, _, rng: np.sort(rng.standard_normal(count)) * 10 + rng.integers(0, 1000),
    "periodic": _periodic,
    "rectified": lambda count, _, rng: np.maximum(rng.standard_normal(count), 0),
    "evenly spread": lambda count, _, rng: rng.random(count),
}
"""From name to a function of the number of values, the element type's precision and a source of chance."""
