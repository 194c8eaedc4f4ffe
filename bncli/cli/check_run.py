"""Checks several files: one that cannot be read is told and passed over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from bncli.cli.endings import ending_of
from bncli.cli.file_check import check_file
from bncli.errors import BncliError, InvalidUsage
from bncli.rules.outcome import Outcome, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.layer_settings import GivenSettings
    from bncli.cli.check_settings import CheckSettings
    from bncli.rules.base import Rule
    from bncli.rules.baseline import Baseline
    from bncli.rules.outcome import FileOutcome


def check_files(
    paths: Sequence[Path],
    settings: CheckSettings,
    given: GivenSettings,
    globs: Sequence[str] = (),
    where: ChannelFilter | None = None,
    recording: Path | None = None,
) -> Outcome:
    """Return what is found in all files that can be read; the others are told on stderr.

    Raises:
        BncliError: none of the files can be read; it is the error of the last one.
        InvalidUsage: only rules about data are in force, and there is no recording.
    """
    rules = _in_force(settings.rules, recording)
    files: list[FileOutcome] = []
    failures: list[tuple[Path, BncliError]] = []
    for path in paths:
        try:
            files.append(check_file(path, rules, given, globs, where, recording))
        except BncliError as error:
            failures.append((path, error))
    for _, failure in failures if files else failures[:-1]:
        for line in ending_of(failure).lines:
            typer.echo(line, err=True)
    if not files:
        raise failures[-1][1]
    unreadable = tuple(UnreadableFile(path, error.message) for path, error in failures)
    return Outcome(tuple(files), unreadable, rules, settings.told, recording)


def _in_force(rules: tuple[Rule, ...], recording: Path | None) -> tuple[Rule, ...]:
    """Return the rules that can say something: those about data need a recording.

    Raises:
        InvalidUsage: none is left.
    """
    able = tuple(rule for rule in rules if recording is not None or not rule.needs_recording)
    if not able:
        raise InvalidUsage(
            f"{rules[0].code} looks at batches of data, and no --recording is given",
            hint="bncli record makes one, and so does bncli.record(model, path) in a training loop",
        )
    return able


def accepting(outcome: Outcome, baseline: Baseline) -> Outcome:
    """Return an outcome without the findings that a baseline knows; they are only counted."""

    def without_known(file: FileOutcome) -> FileOutcome:
        new = tuple(finding for finding in file.findings if not baseline.knows(finding))
        return replace(file, findings=new, num_known=len(file.findings) - len(new))

    return replace(outcome, files=tuple(without_known(file) for file in outcome.files))
