"""The page of rules is what its script makes of the rules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bncli.rules.catalogue import EXPLANATIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "rules.md"
    command = [sys.executable, "-W", "error", ROOT / "docs" / "make_rules.py", made]
    subprocess.run(command, check=True, cwd=ROOT)
    assert PAGE.read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), "make docs writes it again"


@pytest.mark.parametrize("rule", EXPLANATIONS, ids=lambda rule: rule.code)
def test_every_rule_has_its_section(rule: object) -> None:
    assert f"## {rule.code} {rule.name}" in PAGE.read_text(encoding="utf-8").splitlines()


def test_every_command_that_the_page_names_exists() -> None:
    names = set(re.findall(r"`bncli ([a-z-]+)", PAGE.read_text(encoding="utf-8")))
    assert names <= {"check", "rule", "diff", "normalize", "simulate-momentum", "trend"}
