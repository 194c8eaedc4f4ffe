"""Writes a document in the format, and to the place, that the options name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bncli.atomic_file import atomic_file, check_writable
from bncli.cli.kept_inputs import require_apart
from bncli.cli.terminal_surface import COLOR_CHOICES, file_surface, terminal_surface
from bncli.errors import InvalidUsage, OutputFailed, near_miss, require_choice
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.renderers.base import Renderer
    from bncli.reports.document import Document

_DEFAULT_FORMAT = "table"


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """The options that say where a result goes. Made before any computing, so that a wrong one is told at once.

    Raises:
        InvalidUsage: no such format, or no such choice of colour, or the file is one of the inputs.
        OutputExists: the file is there already and `force` is not given.
        OutputFailed: the file cannot be written there.
    """

    format: str | None = None
    """Name of a renderer; `None` chooses by the suffix of `path`, and `table` without one."""
    path: Path | None = None
    """File to write; `None` is stdout."""
    force: bool = False
    """Whether a file that exists is replaced."""
    color: str = "auto"
    """`auto`, `always` or `never`."""
    kind: str | None = None
    """Kind of the document, where formats for that kind alone may be chosen."""
    inputs: tuple[Path | None, ...] = ()
    """Files that are read, and so never written; `None` for those that are not given."""

    def __post_init__(self) -> None:
        _choose_renderer(self)
        require_choice(self.color, COLOR_CHOICES, "--color")
        if self.path is not None:
            require_apart("--output", self.path, self.inputs)
            check_writable(self.path, force=self.force)

    @property
    def draws_plots(self) -> bool:
        """Whether the chosen format shows a document's plots."""
        return _choose_renderer(self).draws_plots


def emit(document: Document, options: OutputOptions) -> None:
    """Write a document to stdout, or as a whole to a file in UTF-8.

    Raises:
        OutputFailed: the text could not be written.
        BrokenPipeError: the reader of stdout left.
    """
    renderer = _choose_renderer(options)
    if options.path is None:
        _write_to_stdout(renderer.render(document, terminal_surface(sys.stdout, options.color)))
    else:
        text = renderer.render(document, file_surface(options.color))
        with atomic_file(options.path, force=options.force) as file:
            file.write(text.encode())


def _write_to_stdout(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"standard output: {error.strerror}") from error


def _choose_renderer(options: OutputOptions) -> Renderer:
    from bncli.renderers.catalogue import RENDERERS

    if options.format is not None:
        named = RENDERERS.get(options.format)
        if named is None or not _fits(named, options):
            fitting = [renderer.name for renderer in RENDERERS.values() if _fits(renderer, options)]
            raise InvalidUsage(f"unknown format '{options.format}'", hint=near_miss(options.format, fitting))
        return named
    if options.path is None:
        return RENDERERS[_DEFAULT_FORMAT]
    suffix = options.path.suffix.lower()
    of_suffix = next((each for each in RENDERERS.values() if suffix in each.suffixes), RENDERERS[_DEFAULT_FORMAT])
    if not _fits(of_suffix, options):
        raise InvalidUsage(
            f"--output {options.path}: the format {of_suffix.name} is that of bncli {of_suffix.only_kind} alone",
            hint="--format says what to write instead, whatever the suffix",
        )
    return of_suffix


def _fits(renderer: Renderer, options: OutputOptions) -> bool:
    return renderer.only_kind in {None, options.kind}
