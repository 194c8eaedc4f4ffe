from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.errors import BncliError
from bncli.formats.detection import open_named_arrays
from tests.helpers.format_files import STATE, WRITERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MUTATIONS_PER_FILE = 300
TELLING_BYTES = b"\x00\x01\x7f\x80\xff().RQbcegjortu}]"
"""Extremes of numbers, and the opcodes that do the most in a pickle."""


def deflated_torch_zip(path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({name: torch.from_numpy(values.copy()) for name, values in STATE.items()}, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            target.writestr(member, source.read(member))


def module(path: Path) -> None:
    torch.save(torch.nn.Sequential(torch.nn.Conv1d(1, 2, 1), torch.nn.BatchNorm1d(2)), path)


def old_module(path: Path) -> None:
    torch.save(torch.nn.BatchNorm1d(2), path, _use_new_zipfile_serialization=False)


def deflated_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **STATE)


SEEDS: dict[str, Callable[[Path], object]] = {
    **WRITERS,
    "torch-zip, deflated": deflated_torch_zip,
    "torch-zip of a module": module,
    "torch-legacy of a module": old_module,
    "npz, deflated": deflated_npz,
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with one thing changed: some bytes, their order, or how many there are."""
    changed = bytearray(content)
    # Half of the changes go to the front, where pickles and headers are.
    at = int(rng.integers(min(len(content), 2000) if rng.random() < 0.5 else len(content)))
    count = int(rng.integers(1, 9))
    match int(rng.integers(6)):
        case 0:
            changed[at] ^= 1 << int(rng.integers(8))
        case 1:
            changed[at] = TELLING_BYTES[int(rng.integers(len(TELLING_BYTES)))]
        case 2:
            changed[at : at + count] = rng.bytes(count)
        case 3:
            del changed[at : at + count]
        case 4:
            changed[at:at] = changed[max(0, at - 4 * count) : at]
        case _:
            changed[at : at + 4] = int(rng.integers(2**32)).to_bytes(4, "little")
    return bytes(changed)


@pytest.mark.parametrize("name", SEEDS)
def test_a_file_changed_at_random_is_read_or_refused_and_never_a_crash(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    torch.manual_seed(0)
    SEEDS[name](path)
    content = path.read_bytes()
    rng = np.random.default_rng(len(content))
    refusals: list[str] = []
    for _ in range(MUTATIONS_PER_FILE):
        path.write_bytes(mutated(content, rng))
        try:
            with open_named_arrays(path) as arrays:
                arrays.read_many(arrays.specs)
        except BncliError as error:
            refusals.append(error.message)
    assert all(str(path) in message for message in refusals)
    assert MUTATIONS_PER_FILE / 50 < len(refusals) < MUTATIONS_PER_FILE * 49 / 50
