"""Tests of the choice of a format for the saved array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bncli.cli.array_output import array_output, check_suffix
from bncli.core.named_arrays import ArraySpec
from bncli.errors import InvalidUsage
from bncli.formats.detection import open_named_arrays

SPEC = ArraySpec("x", (2, 3), "float32")


@pytest.mark.parametrize(("name", "expected"), [("a.npy", "npy"), ("a", "npy"), ("A.SAFETENSORS", "safetensors")])
def test_the_suffix_chooses_the_format(tmp_path: Path, name: str, expected: str) -> None:
    with array_output(tmp_path / name, SPEC, force=False) as writer:
        writer.write(0, np.arange(6, dtype=np.float32))
    with open_named_arrays(tmp_path / name) as arrays:
        assert arrays.format == expected
        (array,) = arrays.specs
        np.testing.assert_array_equal(arrays.read(array), np.arange(6).reshape(2, 3))


@pytest.mark.parametrize("name", ["a.pt", "a.npz", "a.csv"])
def test_a_format_that_is_not_written_is_refused(name: str) -> None:
    with pytest.raises(InvalidUsage, match=r"\.npy or \.safetensors"):
        check_suffix(Path(name))


def test_nothing_is_left_of_an_array_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), array_output(tmp_path / "a.npy", SPEC, force=False):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
