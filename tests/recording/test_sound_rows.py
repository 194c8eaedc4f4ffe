from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bncli.core.recorded_layer import BatchRows
from bncli.recording.sound_rows import require_sound

ROWS = BatchRows(
    step=np.array([0, 1]),
    num_values=np.array([8, 4]),
    num_samples=np.array([4, 4]),
    is_training=np.array([True, False]),
    mean=np.array([[np.nan, -1.0], [np.inf, 2.0]]),
    mean_error=np.zeros((2, 2), np.float32),
    biased_var=np.array([[np.nan, 0.0], [np.inf, 1.0]]),
    sample_mean_var=np.array([[np.nan, 0.0], [np.inf, 1.0]], np.float32),
)


def test_what_batches_give_is_sound_nan_and_infinity_included() -> None:
    require_sound(ROWS)
    none = {name: getattr(ROWS, name)[:0] for name in BatchRows.__dataclass_fields__}
    require_sound(BatchRows(**none))


@pytest.mark.parametrize(
    ("field", "values", "fault"),
    [
        ("step", [0, -1], "negative number"),
        ("num_samples", [0, 4], "no samples"),
        ("num_values", [8, 3], "fewer values than samples"),
        ("num_values", [-(2**63), 4], "fewer values than samples"),
        ("num_values", [2**62, 2**62], "more values than can be counted"),
        ("biased_var", [[0.0, 1.0], [-1e-300, 1.0]], "a variance is negative"),
        ("sample_mean_var", [[0.0, -1.0], [1.0, 1.0]], "a variance is negative"),
    ],
)
def test_what_no_batch_gives_is_refused(field: str, values: list[object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        require_sound(replace(ROWS, **{field: np.array(values)}))
