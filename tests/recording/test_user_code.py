from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bncli.errors import InvalidUsage, UserCodeFailed
from bncli.recording.user_code import call_factory, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = """
class Made:
    @staticmethod
    def of_class(): return "nested"
def works(): return 7
def fails(): raise KeyError("weights")
def leaves(): raise SystemExit("no data here")
number = 3
"""


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "users_task.py").write_text(CODE)
    (tmp_path / "users_broken.py").write_text("import no_such_package")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in ("users_task", "users_broken"):
        sys.modules.pop(name, None)


def test_a_function_in_the_current_folder_is_found_and_called() -> None:
    assert call_factory("users_task:works", "--loader") == 7
    assert call_factory("users_task:Made.of_class", "--loader") == "nested"


@pytest.mark.parametrize("spec", ["users_task", "users_task:", ":works", ""])
def test_a_text_of_another_form_is_refused(spec: str) -> None:
    with pytest.raises(InvalidUsage, match="--loader is .*: give package.module:factory"):
        call_factory(spec, "--loader")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("users_task:fails", "--loader users_task:fails raised KeyError: 'weights'"),
        ("users_task:leaves", "--loader users_task:leaves raised SystemExit: no data here"),
        ("users_task:number", "--loader: users_task has no function number"),
        ("users_task:nothing", "--loader: users_task has no function nothing"),
        ("users_missing:f", "importing users_missing raised ModuleNotFoundError: No module named 'users_missing'"),
        ("users_broken:f", "importing users_broken raised ModuleNotFoundError: No module named 'no_such_package'"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(spec: str, words: str) -> None:
    with pytest.raises(UserCodeFailed) as caught:
        call_factory(spec, "--loader")
    assert words in caught.value.message


def test_an_exception_is_told_by_its_kind_and_first_line() -> None:
    assert told(ValueError("one\ntwo")) == "ValueError: one"
    assert told(StopIteration()) == "StopIteration"
