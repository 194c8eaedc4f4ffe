from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_run_from_start_to_end_finds_the_gap_and_mends_it(tmp_path: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "samples/examples/mend_digits.py", "--epochs", "1", "--folder", tmp_path],
        cwd=ROOT, capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert (completed.returncode, completed.stderr) == (0, "")
    assert "BN401" in completed.stdout
    before, after = (float(each) for each in re.findall(r"in eval mode, (?:before|after): +([\d.]+)", completed.stdout))
    assert after > before + 0.05
