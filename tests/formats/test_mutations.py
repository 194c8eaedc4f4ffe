from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.errors import BncliError
from bncli.formats.detection import open_named_arrays
from tests.helpers.format_files import files_below
from tests.helpers.mutation_seeds import SEEDS
from tests.helpers.mutations import mutated

if TYPE_CHECKING:
    from pathlib import Path

MUTATIONS_PER_FILE = 300


@pytest.mark.parametrize("name", SEEDS)
def test_a_file_changed_at_random_is_read_or_refused_and_never_a_crash(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    torch.manual_seed(0)
    SEEDS[name](path)
    contents = {file: file.read_bytes() for file in files_below(tmp_path)}
    rng = np.random.default_rng(sum(map(len, contents.values())))
    refusals: list[str] = []
    for number in range(MUTATIONS_PER_FILE):
        file, content = list(contents.items())[number % len(contents)]
        file.write_bytes(mutated(content, rng))
        try:
            with open_named_arrays(path) as arrays:
                arrays.read_many(arrays.specs)
        except BncliError as error:
            refusals.append(error.message)
        file.write_bytes(content)
    assert all(str(path) in message for message in refusals)
    assert MUTATIONS_PER_FILE / 50 < len(refusals) < MUTATIONS_PER_FILE * 49 / 50
