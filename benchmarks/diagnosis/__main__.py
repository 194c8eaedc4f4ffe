"""Trains small networks with one fault each, and counts how often `check` and `diff` name it.

python -m benchmarks.diagnosis                  the seeds of the report: 3 to 7
python -m benchmarks.diagnosis --seeds 0 1 2    those that thresholds may be chosen on
python -m benchmarks.diagnosis --update docs/diagnosis.md
"""

from __future__ import annotations

import argparse
import os
import re
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.diagnosis.report import report
from benchmarks.diagnosis.scores import scored, totals
from benchmarks.diagnosis.seed_run import answers, judged, use_one_thread

REPORT_SEEDS = (3, 4, 5, 6, 7)
"""None that thresholds were chosen on."""
_TABLES = re.compile(r"(<!-- tables -->\n).*(<!-- end of tables -->)", re.DOTALL)


def main() -> None:
    """Run every case with every seed, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=REPORT_SEEDS, metavar="SEED")
    parser.add_argument("--case", nargs="+", default=(), metavar="NAME", help="only these cases")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the tables into this document")
    arguments = parser.parse_args()
    names = frozenset(arguments.case)
    with ProcessPoolExecutor(arguments.processes, get_context("spawn"), initializer=use_one_thread) as pool:
        said = list(pool.map(partial(answers, names), arguments.seeds))
    faulty, healthy = judged(names, said)
    text = report(scored(faulty), scored(healthy), totals(faulty, healthy), arguments.seeds)
    print(text)
    if arguments.update:
        document = arguments.update.read_text(encoding="utf-8")
        arguments.update.write_text(_TABLES.sub(lambda found: found[1] + text + found[2], document), encoding="utf-8")


if __name__ == "__main__":
    main()
