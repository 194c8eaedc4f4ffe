from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from bncli.recording.opening import open_recording
from bncli.recording.sealing import write_sealed
from bncli.recording.spool_reader import SpoolReader
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    with SpoolReader(write_spool(tmp_path / "r.part")) as spool, (tmp_path / "r").open("wb") as file:
        write_sealed(spool, file)
    return tmp_path / "r"


def test_the_library_of_the_format_reads_each_statistic_as_one_array(sealed: Path) -> None:
    arrays = load_file(sealed)
    assert arrays["a.batch_mean"].shape == (3, 2)
    assert arrays["b.num_values"].tolist() == [40, 40, 40]
    assert {str(array.dtype) for array in arrays.values()} == {"float64", "float32", "int64", "uint8"}
    with safe_open(sealed, framework="np") as file:
        assert file.metadata()["bncli_recording"] == "1"


def test_a_spool_and_its_sealed_file_hold_the_same(sealed: Path) -> None:
    with open_recording(sealed) as finished, SpoolReader(sealed.with_name("r.part")) as spool:
        assert finished.layer_names == spool.layer_names == ("a", "b")
        assert (finished.num_steps, finished.provenance) == (spool.num_steps, spool.provenance)
        for ours, theirs in zip(finished.layers(), spool.layers(), strict=True):
            for field in ("step", "num_values", "num_samples", "is_training", "mean", "biased_var", "sample_mean_var"):
                np.testing.assert_array_equal(getattr(ours.rows, field), getattr(theirs.rows, field))
            assert (ours.eps, ours.momentum, ours.num_recomputed) == (theirs.eps, theirs.momentum, 2)
            assert ours.start is not None
            assert theirs.start is not None
            np.testing.assert_array_equal(ours.start.var, theirs.start.var)
            assert ours.start.num_batches_tracked == theirs.start.num_batches_tracked


def test_arrays_are_aligned_to_their_elements(sealed: Path) -> None:
    content = sealed.read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert (8 + length) % 8 == 0
