"""Adds a document to the summary page of a step of GitHub Actions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bncli.errors import OutputFailed
from bncli.renderers.base import Surface

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.reports.document import Document


def add_to_step_summary(document: Document, environ: Mapping[str, str] = os.environ) -> None:
    """Append a document as Markdown to the file that GITHUB_STEP_SUMMARY names; without it do nothing.

    Raises:
        OutputFailed: the file cannot be written.
    """
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from bncli.renderers import markdown  # of use on a runner only

    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(markdown.render(document, Surface()))
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror}") from error
