"""Normalizes many drawn channels and holds every one against exact arithmetic and against torch.

python -m benchmarks.fuzz_normalize --cases 20000
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field

import numpy as np
import torch

from tests.helpers.adversarial import FAMILIES, Values, draw
from tests.helpers.exact_normalization import units_in_the_last_place
from tests.helpers.measured_accuracy import Accuracy, Layer, measured_accuracy

LIMIT = 2.0**-48
OUTPUT_LIMIT = {"float16": 0.501, "bfloat16": 0.501, "float32": 0.501, "float64": 4.0}
EPS = 1e-5


@dataclass
class Worst:
    """The largest errors so far, and in which family."""

    cases: int = 0
    broken: int = 0
    worse_than_torch: int = 0
    largest: dict[str, tuple[float, str]] = field(default_factory=dict)

    def take(self, name: str, value: float, family: str) -> None:
        """Keep a value if it is the largest of its name."""
        if not value <= self.largest.get(name, (-1.0, ""))[0]:
            self.largest[name] = (value, family)


def fuzz(dtype: str, cases: int, seed: int) -> Worst:
    """Return the largest errors over many cases of one element type, a third of them with weight and bias."""
    rng = np.random.default_rng([seed, list(OUTPUT_LIMIT).index(dtype)])
    worst = Worst()
    for case in range(cases):
        family = list(FAMILIES)[case % len(FAMILIES)]
        values = draw(family, dtype, rng)
        layer = Layer(EPS, float(rng.normal(1, 0.5)), float(rng.normal())) if case % 3 == 0 else Layer(EPS)
        accuracy = measured_accuracy(values, dtype, layer, rng)
        worst.cases += 1
        worst.take("variance, in 2^-53", accuracy.var * 2**53, family)
        worst.take("mean, in 2^-53 of the mean absolute value", accuracy.mean * 2**53, family)
        worst.take("output, in units in the last place", accuracy.output, family)
        within = accuracy.var <= LIMIT and accuracy.mean <= LIMIT and accuracy.output <= OUTPUT_LIMIT[dtype]
        worst.broken += not within
        if dtype in {"float32", "float64"} and layer == Layer(EPS):
            distance = torch_distance(values, dtype, accuracy)
            worst.take("torch's output, in units of max(|y|, 1)", distance, family)
            worst.worse_than_torch += not accuracy.output <= max(distance, OUTPUT_LIMIT[dtype])
    return worst


def torch_distance(values: Values, dtype: str, accuracy: Accuracy) -> float:
    """Return how far the output of torch's contiguous kernel is from exact."""
    x = torch.from_numpy(values).reshape(1, 1, -1, 1)
    y = torch.nn.functional.batch_norm(x, None, None, training=True, eps=EPS).reshape(-1).numpy()[accuracy.chosen]
    unit = units_in_the_last_place(accuracy.exact, dtype, smallest=1.0)
    error = np.abs(y.astype(np.longdouble) - accuracy.exact) / unit
    return float(np.where(np.isnan(error), np.inf, error).max())


def main() -> int:
    """Print the largest errors of each element type; the exit code is 1 where a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="cases for each element type")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    num_broken = 0
    for dtype in OUTPUT_LIMIT:
        worst = fuzz(dtype, options.cases, options.seed)
        num_broken += worst.broken + worst.worse_than_torch
        print(f"{dtype}: {worst.cases} cases, {worst.broken} beyond a bound, {worst.worse_than_torch} worse than torch")
        for name, (value, family) in sorted(worst.largest.items()):
            print(f"  largest {name}: {value:.7g} ({family})", flush=True)
    return 1 if num_broken else 0


if __name__ == "__main__":
    sys.exit(main())
