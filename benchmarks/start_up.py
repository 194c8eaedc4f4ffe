"""Times how long commands take on small inputs, beside the bare imports that they cannot do without.

python -m benchmarks.start_up
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.paired_runs import paired_runs

PYTHON = [sys.executable, "-c"]
BNCLI = [sys.executable, "-m", "bncli"]
COMMANDS = {
    "python": [*PYTHON, "pass"],
    "import numpy": [*PYTHON, "import numpy"],
    "import numpy, typer": [*PYTHON, "import numpy, typer"],
    "import torch": [*PYTHON, "import torch"],
    "bncli --help": [*BNCLI, "--help"],
    "bncli normalize": [*BNCLI, "normalize", "samples/input_a.npy"],
    "bncli inspect checkpoint": [*BNCLI, "inspect", "checkpoint", "samples/digits.pt"],
    "bncli simulate-momentum": [*BNCLI, "simulate-momentum", "--steps", "1000"],
}


def main() -> None:
    """Print the median time and the peak memory of each command, run from the repository's root."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    timings = paired_runs(COMMANDS, parser.parse_args().rounds)
    print("| command | ms | MiB |\n|---|---|---|")
    for name, timing in timings.items():
        print(f"| `{name}` | {timing.seconds * 1000:.0f} | {timing.peak_mib:.0f} |")


if __name__ == "__main__":
    main()
