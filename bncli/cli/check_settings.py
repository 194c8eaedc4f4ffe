"""What a run of `check` goes by: options of the command line over the project's settings, each with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from bncli.cli.baseline_file import read_baseline
from bncli.errors import require_choice
from bncli.light_dataclass import dataclass
from bncli.rules.base import SEVERITIES, TARGETS, order_of
from bncli.rules.baseline import NOTHING_ACCEPTED, Baseline
from bncli.rules.catalogue import RULES
from bncli.rules.outcome import SettingInForce
from bncli.rules.selection import select_rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.cli.project_settings import ProjectSettings
    from bncli.rules.base import Rule, Severity
    from bncli.rules.finding import Finding

FailOn: TypeAlias = "Severity | Literal['never']"
FAIL_ON_CHOICES: tuple[FailOn, ...] = (*SEVERITIES, "never")


@dataclass(frozen=True, slots=True)
class GivenOptions:
    """The options as the command line gives them; `None` or empty where it does not."""

    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    target: Sequence[str] = ()
    fail_on: str | None = None
    baseline: Path | None = None


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """The settings in force."""

    rules: tuple[Rule, ...]
    fail_on: FailOn
    baseline: Baseline
    told: tuple[SettingInForce, ...]
    """Settings that are not the default ones, to be shown with their origin."""

    def fails(self, findings: Sequence[Finding]) -> bool:
        """Return whether any finding is as grave as the one that the run is to fail on."""
        if self.fail_on == "never":
            return False
        return any(order_of(each.severity) <= order_of(self.fail_on) for each in findings)


def check_settings(given: GivenOptions, project: ProjectSettings) -> CheckSettings:
    """Return what is in force.

    Raises:
        InvalidUsage: a rule, a target or a severity does not exist, or the baseline is none.
    """
    told: list[SettingInForce] = []

    def winner(name: str, option: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
        words = _words(option or default)
        if words:
            told.append(SettingInForce(name, ", ".join(words), "command line" if option else str(project.path)))
        return words

    select = winner("select", given.select, project.select)
    ignore = winner("ignore", given.ignore, project.ignore)
    targets = winner("target", given.target, project.target)
    fail_on = winner("fail-on", [given.fail_on] if given.fail_on else [], [project.fail_on] if project.fail_on else [])
    baseline_path = given.baseline or project.baseline
    if baseline_path is not None:
        origin = "command line" if given.baseline else str(project.path)
        told.append(SettingInForce("baseline", str(baseline_path), origin))
    for target in targets:
        require_choice(target, TARGETS, "target")
    return CheckSettings(
        rules=select_rules(RULES, select, ignore, targets),
        fail_on=_fail_on(fail_on),
        baseline=NOTHING_ACCEPTED if baseline_path is None else read_baseline(baseline_path),
        told=tuple(told),
    )


def _words(items: Sequence[str]) -> tuple[str, ...]:
    """Return the words of lists that commas separate, each once."""
    return tuple(dict.fromkeys(word.strip() for item in items for word in item.split(",") if word.strip()))


def _fail_on(words: tuple[str, ...]) -> FailOn:
    return require_choice(words[0], FAIL_ON_CHOICES, "fail-on") if words else "error"
