from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.cli.step_summary import add_to_step_summary
from bncli.errors import OutputFailed
from bncli.renderers import markdown
from bncli.renderers.base import Surface
from tests.helpers.documents import SMALL

if TYPE_CHECKING:
    from pathlib import Path


def test_the_document_is_appended_as_markdown(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n", encoding="utf-8")
    add_to_step_summary(SMALL, {"GITHUB_STEP_SUMMARY": str(page)})
    assert page.read_text(encoding="utf-8") == "before\n" + markdown.render(SMALL, Surface())


@pytest.mark.parametrize("environ", [{}, {"GITHUB_STEP_SUMMARY": ""}])
def test_without_a_page_nothing_happens(environ: dict[str, str]) -> None:
    add_to_step_summary(SMALL, environ)


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed, match="Is a directory"):
        add_to_step_summary(SMALL, {"GITHUB_STEP_SUMMARY": str(tmp_path)})
