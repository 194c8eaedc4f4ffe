"""Tests of the search for holes in `benchmarks/fuzz_readers.py`, which is run for long now and then."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.fuzz_readers import PICKLES, RECORDINGS, fuzz, is_sound, write_pickles, write_recordings
from bncli.formats.detection import all_formats
from tests.helpers.format_files import WRITERS
from tests.helpers.mutation_seeds import SEEDS
from tests.helpers.mutations import mutated

if TYPE_CHECKING:
    from pathlib import Path

NUM_INPUTS = 40


def test_every_format_is_searched() -> None:
    assert {file_format.name for file_format in all_formats()} <= set(SEEDS)


def test_the_outcome_counts_every_input(tmp_path: Path) -> None:
    folder = tmp_path / "npy"
    folder.mkdir()
    WRITERS["npy"](folder / "file")
    outcome = fuzz(folder, NUM_INPUTS, 0)
    assert outcome["inputs"] == outcome["read"] + sum(outcome["refused"].values()) == NUM_INPUTS
    assert is_sound(outcome)


def test_the_pickle_machine_is_searched_alone(tmp_path: Path) -> None:
    write_pickles(tmp_path / PICKLES)
    outcome = fuzz(tmp_path / PICKLES, NUM_INPUTS, 0)
    assert (outcome["inputs"], is_sound(outcome)) == (NUM_INPUTS, True)


def test_recordings_are_searched_with_what_is_computed_from_them(tmp_path: Path) -> None:
    write_recordings(tmp_path / RECORDINGS)
    outcome = fuzz(tmp_path / RECORDINGS, NUM_INPUTS, 0)
    assert (outcome["inputs"], is_sound(outcome)) == (NUM_INPUTS, True)
    assert 0 < outcome["read"] < NUM_INPUTS


def test_a_reader_that_ends_early_is_a_failure(tmp_path: Path) -> None:
    outcome = fuzz(tmp_path / "nothing", NUM_INPUTS, 0)
    assert outcome["failures"]
    assert not is_sound(outcome)


@pytest.mark.parametrize(
    "fault",
    [{"failures": ["x"]}, {"events": ["import os"]}, {"slowest_seconds": 1.5}, {"peak_mebibytes": 2000.0}],
)
def test_each_kind_of_fault_is_unsound(fault: dict[str, object]) -> None:
    sound = {"failures": [], "events": [], "slowest_seconds": 0.1, "peak_mebibytes": 40.0}
    assert is_sound(sound)
    assert not is_sound(sound | fault)


def test_a_change_depends_on_the_seed_alone_and_leaves_zips_whole_half_of_the_time() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in "abc":
            archive.writestr(name, bytes(range(256)))
    content = buffer.getvalue()
    changed = [mutated(content, np.random.default_rng(seed)) for seed in range(100)]
    assert changed == [mutated(content, np.random.default_rng(seed)) for seed in range(100)]
    num_whole = 0
    for result in changed:
        with contextlib.suppress(zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
            num_whole += zipfile.ZipFile(io.BytesIO(result)).testzip() is None
    assert 30 < num_whole < 90
