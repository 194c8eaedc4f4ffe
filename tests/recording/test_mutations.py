from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.batch_evidence import batch_evidence
from bncli.errors import BncliError
from bncli.recording.opening import open_recording
from tests.helpers.mutation_seeds import RECORDINGS
from tests.helpers.mutations import mutated

if TYPE_CHECKING:
    from pathlib import Path

MUTATIONS = 300


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_changed_at_random_is_read_or_refused_and_never_a_crash(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    RECORDINGS[name](path)
    content = path.read_bytes()
    rng = np.random.default_rng(len(content))
    refusals: list[str] = []
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(content, rng))
        try:
            with open_recording(path) as recording:
                for layer in recording.layers():
                    batch_evidence(layer)
        except BncliError as error:
            refusals.append(error.message)
    assert all(str(path) in message for message in refusals)
    assert MUTATIONS / 50 < len(refusals) < MUTATIONS * 49 / 50
