"""Times running averages beside a copy, scipy, pandas and loops, and simulate-momentum beside torch's layer.

python -m benchmarks.simulation --steps 1000000 --channels 64
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.paired_runs import paired_runs
from bncli.analysis.running_trajectory import TrajectorySettings, trajectory
from bncli.core.gaussian_batches import GaussianBatches
from bncli.core.running_average import running_average
from bncli.core.running_statistics import fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Work = Callable[[], Any]

MOMENTUM = 0.01
STRIDE = 1000
COPY, CUMULATIVE, LOOP = "warm copy", "bncli, every step, cumulative", "NumPy loop, every step"
LAYER_SHAPE = (32, 64, 14, 14)
IMPORTS = "import numpy, numpy.random, typer, rich.console"
SIMULATE = [sys.executable, "-m", "bncli", "simulate-momentum", "--mean", "3", "--steps", "10000"]
COMMANDS = {
    "bare imports": [sys.executable, "-c", IMPORTS],
    "table": SIMULATE,
    "json": [*SIMULATE, "--format", "json"],
    "float32": [*SIMULATE, "--dtype", "float32"],
    "float16": [*SIMULATE, "--dtype", "float16"],
    "bfloat16": [*SIMULATE, "--dtype", "bfloat16"],
    "a checkpoint's layer": [*SIMULATE[:4], "--steps", "10000", "--checkpoint", "samples/digits.pt", "--layer", "bn2"],
}


def in_turns(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Return the median seconds of each work; all are run once in each round, after one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(each[1:]) for name, each in seconds.items()}


def peak_mib(work: Work) -> float:
    """Return the most memory that a work takes beside its input."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def averages(batches: NDArray[np.float64]) -> dict[str, Work]:
    """Return ways to the running average of the batches, each with the name of what it gives."""
    target, initial = np.zeros_like(batches), np.zeros(batches.shape[1])
    works: dict[str, Work] = {
        COPY: lambda: np.copyto(target, batches),
        "bncli, every step": lambda: running_average(initial, batches, MOMENTUM),
        CUMULATIVE: lambda: running_average(initial, batches, None),
        f"bncli, every {STRIDE}th": lambda: running_average(initial, batches, MOMENTUM, STRIDE),
        LOOP: lambda: looped(batches),
    }
    if importlib.util.find_spec("scipy"):
        from scipy.signal import lfilter  # noqa: PLC0415 - optional

        works["scipy.signal.lfilter, every step"] = lambda: lfilter([MOMENTUM], [1, MOMENTUM - 1], batches, axis=0)
    if importlib.util.find_spec("pandas"):
        from pandas import DataFrame  # noqa: PLC0415 - optional

        frame = DataFrame(np.concatenate([initial[None], batches]))  # pandas starts at the first row
        works["pandas ewm, every step"] = lambda: frame.ewm(alpha=MOMENTUM, adjust=False).mean().to_numpy()[1:]
    return works


def looped(batches: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running average after every batch, row by row."""
    values, value = np.empty_like(batches), np.zeros(batches.shape[1])
    for row, batch in enumerate(batches):
        value = values[row] = value + MOMENTUM * (batch - value)
    return values


def every_stride(values: NDArray[np.float64], num_steps: int) -> NDArray[np.float64]:
    """Return every `STRIDE`-th of the values of a run, which may be all that there are."""
    return values if len(values) < num_steps else values[STRIDE - 1 :: STRIDE]


def farthest_off(works: dict[str, Work], batches: NDArray[np.float64]) -> dict[str, float]:
    """Return how far each way to an average is from the loop, or from plain means, in any `STRIDE`-th step."""
    counts = np.arange(1.0, len(batches) + 1)[:, None]
    references = {
        CUMULATIVE: every_stride(np.cumsum(batches, axis=0, dtype=np.longdouble) / counts, len(batches)),
        LOOP: every_stride(looped(batches), len(batches)),
    }
    return {
        name: float(np.abs(every_stride(work(), len(batches)) - references.get(name, references[LOOP])).max())
        for name, work in works.items()
        if name != COPY
    }


def torch_steps(num_steps: int, *, draws: bool) -> Work:
    """Return the work of so many training steps of a layer, with or without the drawing of its batches."""
    import torch  # noqa: PLC0415 - takes a second

    layer, batch = torch.nn.BatchNorm2d(LAYER_SHAPE[1]), torch.randn(LAYER_SHAPE)

    def work() -> None:
        with torch.no_grad():
            for _ in range(num_steps):
                layer(torch.randn(LAYER_SHAPE) if draws else batch)

    return work


def simulated_steps(num_steps: int, kept: str) -> Work:
    """Return the work of so many steps of the same layer, simulated."""
    num_features = LAYER_SHAPE[1]
    values = LAYER_SHAPE[0] * LAYER_SHAPE[2] * LAYER_SHAPE[3]
    source = GaussianBatches(np.zeros(num_features), np.ones(num_features), values)
    settings = TrajectorySettings(
        (0.1,), num_steps, fresh(num_features), kept_steps="last" if kept == "last" else "sampled"
    )
    return lambda: trajectory(source, settings)


def print_averages(num_steps: int, num_features: int, rounds: int) -> None:
    """Print the table of ways to an average."""
    batches = np.random.default_rng(0).normal(3, 1, (num_steps, num_features))
    works = averages(batches)
    seconds = in_turns(works, rounds)
    print(f"\nrunning average of {num_steps:,} steps by {num_features} channels, momentum {MOMENTUM}\n")
    print("| | ms | ns per element | times a copy | peak MiB | off by |\n|---|---|---|---|---|---|")
    errors = farthest_off(works, batches)
    for name, each in seconds.items():
        ratio, per_element = each / seconds[COPY], each / batches.size * 1e9
        error = f"{errors[name]:.0e}" if name in errors else "-"
        print(
            f"| {name} | {each * 1e3:.0f} | {per_element:.2f} | {ratio:.2f} | {peak_mib(works[name]):.0f} | {error} |"
        )


def print_layers(rounds: int) -> None:
    """Print the table beside a layer of torch."""
    num_steps = {"torch": 100, "ours": 20_000}
    works = {
        "torch.nn.BatchNorm2d and torch.randn": (torch_steps(num_steps["torch"], draws=True), num_steps["torch"]),
        "torch.nn.BatchNorm2d alone": (torch_steps(num_steps["torch"], draws=False), num_steps["torch"]),
        "bncli, trajectory": (simulated_steps(num_steps["ours"], "sampled"), num_steps["ours"]),
        "bncli, final values": (simulated_steps(num_steps["ours"], "last"), num_steps["ours"]),
    }
    seconds = in_turns({name: work for name, (work, _) in works.items()}, rounds)
    per_step = {name: seconds[name] / steps * 1e6 for name, (_, steps) in works.items()}
    print(
        f"\ntraining steps on batches of {' x '.join(map(str, LAYER_SHAPE))}; {num_steps['ours']:,} steps simulated\n"
    )
    print("| | us per step | times a simulated trajectory |\n|---|---|---|")
    for name, each in per_step.items():
        print(f"| {name} | {each:.2f} | {each / per_step['bncli, trajectory']:.2f} |")


def print_commands(rounds: int) -> None:
    """Print the table of whole processes."""
    timings = paired_runs(COMMANDS, rounds)
    print("whole process, 10,000 steps\n\n| | ms | times bare imports | peak MiB |\n|---|---|---|---|")
    for name, timing in timings.items():
        ratio = timing.seconds / timings["bare imports"].seconds
        print(f"| {name} | {timing.seconds * 1e3:.0f} | {ratio:.2f} | {timing.peak_mib:.0f} |")


def main() -> None:
    """Print the three tables, from the repository's root."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    # First, for a child process is told to have had the memory that its parent holds at that time.
    print_commands(2 * options.rounds + 1)
    print_averages(options.steps, options.channels, options.rounds)
    print_layers(options.rounds)


if __name__ == "__main__":
    main()
