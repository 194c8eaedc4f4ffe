"""Completes the names of layers in the shell, from the files that already stand on the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - typer looks the annotations up when it runs

from bncli.errors import BncliError

if TYPE_CHECKING:
    from collections.abc import Iterator


_HARMLESS = r"[\w./:@%+=,-]+"
"""Names that mean themselves to every shell. What is completed lands on the user's command line as it is."""


def complete_layer(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the layers that begin with what is typed; a file that cannot be read has none.

    A layer is offered by its label, and by its stored name once what is typed goes beyond the label. Names that a shell
    would take for more than a name are left out: they come from the file.
    """
    offered = (name for path in _files(ctx) for name in _layer_names(path))
    return [name for name in dict.fromkeys(offered) if name.startswith(incomplete) and re.fullmatch(_HARMLESS, name)]


def _files(ctx: typer.Context) -> Iterator[Path]:
    """Yield the files on the line that may have layers: that of --checkpoint, or else the arguments.

    While an option's value is being typed, typer leaves the arguments before it unassigned, in `ctx.args`.
    """
    checkpoint = ctx.params.get("checkpoint")
    words = [checkpoint] if checkpoint else ctx.args
    yield from (path for path in map(Path, words) if path.exists())  # so that no other machine is asked


def _layer_names(path: Path) -> list[str]:
    # What reads a file is imported when there is one to read: options are declared on every run.
    from bncli.recording.opening import is_recording, open_recording

    try:
        if is_recording(path):
            with open_recording(path) as recording:
                return list(recording.layer_names)
        return _stored_names(path)
    except (BncliError, OSError):
        return []


def _stored_names(path: Path) -> list[str]:
    from bncli.analysis.layer_settings import GivenSettings
    from bncli.cli.opened_checkpoint import open_checkpoint

    layers = open_checkpoint(path, GivenSettings()).checkpoint.layers
    return [layer.label for layer in layers] + [layer.name for layer in layers]
