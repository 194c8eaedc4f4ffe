"""Compares formulas for batch normalization on data that is hard to average, against exact rational arithmetic.

python -m benchmarks.accuracy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tests.contracts.test_named_hard_cases import FLOAT32_CASES
from tests.helpers.exact_normalization import exact_mean_and_var, exact_output, units_in_the_last_place
from tests.helpers.measured_accuracy import Layer, measured_accuracy

if TYPE_CHECKING:
    from collections.abc import Callable

EPS = 1e-5


def torch_in(shape: tuple[int, ...], layout: str) -> Callable[[Any], tuple[float, Any]]:
    """Return torch's own kernel on one channel, in an array of the given shape and memory layout."""

    def measure(values: Any) -> tuple[float, Any]:
        x = torch.from_numpy(values.copy())
        if layout == "channels last":
            x = torch.stack([x, x], dim=-1).reshape(*shape, 2).movedim(-1, 1)
        else:
            x = x.reshape(shape)
        channels = x.shape[1]
        running_mean, running_var = torch.zeros(channels), torch.ones(channels)
        y = torch.nn.functional.batch_norm(x, running_mean, running_var, training=True, momentum=1.0, eps=EPS)
        count = len(values)
        return float(running_var[0]) * (count - 1) / count, y.movedim(1, -1).reshape(count, channels)[:, 0].numpy()

    return measure


def fvcore(values: Any) -> tuple[float, Any]:
    """The precise statistics of fvcore, on one batch: float32 mean and mean of squares by torch."""
    x = torch.from_numpy(values)
    mean, square = x.mean(), (x * x).mean()
    var = square - mean * mean
    return float(var), ((x - mean) * torch.rsqrt(var + EPS)).numpy()


def keras(values: Any) -> tuple[float, Any]:
    """Keras: two passes in float32, then `x * inv + (beta - mean * inv)`."""
    mean = values.mean()
    var = np.square(values - mean).mean()
    inverse = np.float32(1) / np.sqrt(var + np.float32(EPS))
    return float(var), values * inverse + (-mean * inverse)


def flax(values: Any) -> tuple[float, Any]:
    """Flax by default: `max(0, E[x^2] - E[x]^2)` in float32, then `(x - mean) * mul`."""
    mean = values.mean()
    var = np.maximum(np.float32(0), np.square(values).mean() - np.square(mean))
    return float(var), (values - mean) * (np.float32(1) / np.sqrt(var + np.float32(EPS)))


FORMULAS: dict[str, Callable[[Any], tuple[float, Any]]] = {
    "torch": torch_in((1, 1, -1, 1), "contiguous"),
    "torch channels last": torch_in((1, -1, 1), "channels last"),
    "torch (N, C)": torch_in((-1, 1), "contiguous"),
    "fvcore": fvcore,
    "Keras": keras,
    "Flax": flax,
}


def errors(values: Any, var: float, y: Any) -> str:
    """Return the relative error of a variance and the largest error of an output, in units of max(|y|, 1)."""
    mean, exact_var = exact_mean_and_var(values)
    exact = exact_output(values, mean, exact_var, EPS)
    relative = abs(var - float(exact_var)) / float(exact_var) if exact_var else (0.0 if var == 0 else np.inf)
    distance = np.abs(y.astype(np.longdouble) - exact) / units_in_the_last_place(exact, "float32", smallest=1.0)
    largest = np.where(np.isnan(distance), np.inf, distance).max()
    return f"{relative:.0e} / {float(largest):.1e}"


def main() -> None:
    """Print one row for each set of data."""
    np.seterr(all="ignore")
    torch.set_num_threads(1)
    print("float32; relative error of the variance / largest error of the output in units of max(|y|, 1)")
    print(f"| data | bncli | {' | '.join(FORMULAS)} |")
    print("|---|" + "---|" * (1 + len(FORMULAS)))
    for name, wide in FLOAT32_CASES.items():
        values = wide.astype(np.float32)
        ours = measured_accuracy(values, "float32", Layer(EPS), np.random.default_rng(0))
        cells = [f"{ours.var:.0e} / {ours.output:.2f}"]
        cells += [errors(values, *formula(values)) for formula in FORMULAS.values()]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
