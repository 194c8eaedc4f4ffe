"""How recording with many ranks scales, from a model of its cost: `python benchmarks/rank_scaling.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass

BYTES_PER_CHANNEL = 32
"""Four float64 in a row of a message."""
BATCHES_PER_EXCHANGE = 8


@dataclass(frozen=True, slots=True)
class Machines:
    """What the model of cost goes by."""

    seconds_per_batch: float = 0.1
    """Forward pass of one batch on one rank."""
    bytes_per_second: float = 1e9
    """Into the first rank, and onto its disk."""
    latency: float = 50e-6
    """Of one step of a collective."""


def seconds(num_batches: int, num_ranks: int, num_channels: int, machines: Machines) -> tuple[float, float, float]:
    """Return the seconds that go into forward passes, into moving rows, and into waiting for collectives."""
    compute = math.ceil(num_batches / num_ranks) * machines.seconds_per_batch
    moving = num_batches * BYTES_PER_CHANNEL * num_channels / machines.bytes_per_second if num_ranks > 1 else 0.0
    rounds = math.ceil(num_batches / (num_ranks * BATCHES_PER_EXCHANGE))
    waiting = rounds * 3 * machines.latency * math.ceil(math.log2(num_ranks)) if num_ranks > 1 else 0.0
    return compute, moving, waiting


def main() -> None:
    """Print a Markdown table for two networks and up to 4,096 ranks."""
    machines = Machines()
    networks = {"ResNet-18 (4,800 channels)": 4_800, "ResNet-50 (26,560 channels)": 26_560}
    num_batches = 100_000
    print("| ranks | " + " | ".join(f"{name}: seconds, speed-up, share of moving rows" for name in networks) + " |")
    print("|---" * (1 + len(networks)) + "|")
    for num_ranks in (1, 2, 4, 8, 64, 256, 1024, 4096):
        cells = []
        for num_channels in networks.values():
            alone = sum(seconds(num_batches, 1, num_channels, machines))
            parts = seconds(num_batches, num_ranks, num_channels, machines)
            cells.append(f"{sum(parts):,.0f} s, {alone / sum(parts):,.1f}x, {100 * parts[1] / sum(parts):.0f} %")
        print(f"| {num_ranks:,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
