"""What a run of `check` has found: file by file, with the rules that were in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.rules.base import Rule
    from bncli.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What was found in one file."""

    path: Path
    format: str
    """The format's name, such as `torch-zip`."""
    layers: tuple[str, ...]
    """Stored names of the layers that were checked."""
    num_channels: int
    """Channels of all of them."""
    findings: tuple[Finding, ...]
    """The worst first; without those that the baseline knows."""
    num_known: int = 0
    """Findings that the baseline knows."""
    num_left_out: int = 0
    """Recorded batches of eval mode that the evidence leaves out, because there are some of train mode; of the layer
    that has most."""
    is_averaged: bool = False
    """Whether torch's AveragedModel wrote it."""
    is_of_training: bool = False
    """Whether the recording that it was checked against is of the training that led to it."""
    is_calibratable: bool = False
    """Whether `bncli calibrate` is sure to take it together with the recording that it was checked against."""

    @property
    def num_clean_layers(self) -> int:
        """Layers without an error or a warning."""
        faulty = {finding.layer for finding in self.findings if finding.severity != "info"}
        return sum(layer not in faulty for layer in self.layers)


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not be checked."""

    path: Path
    message: str
    """Why, in one line that names the file."""


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting of the run that is not the default one."""

    name: str
    """As on the command line, without dashes."""
    value: str
    origin: str
    """`command line`, or the file that it stands in."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in all files."""

    files: tuple[FileOutcome, ...]
    unreadable: tuple[UnreadableFile, ...]
    rules: tuple[Rule, ...]
    """Those in force."""
    settings: tuple[SettingInForce, ...] = ()
    recording: Path | None = None
    """The batches that the files were checked against."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all files, file by file."""
        return tuple(finding for file in self.files for finding in file.findings)
