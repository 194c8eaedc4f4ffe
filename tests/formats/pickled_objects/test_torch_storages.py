from __future__ import annotations

from typing import Any

import pytest

from bncli.formats.pickled_objects.torch_storages import Storage, storage_of
from bncli.formats.pickles.inert import GlobalName

FLOATS = GlobalName("torch.FloatStorage")


@pytest.mark.parametrize(
    ("persistent_id", "storage"),
    [
        (("storage", FLOATS, "3", "cuda:0", 12), Storage("3", "float32", 12, 4)),
        (("storage", FLOATS, 94_000, "cpu", 12, None), Storage("94000", "float32", 12, 4)),
        (("storage", FLOATS, "3", "cpu", 12, ("9", 2, 5)), Storage("3", "float32", 5, 4, offset=2)),
        (("storage", GlobalName("torch.cuda.HalfStorage"), "3", "cpu", 0), Storage("3", "float16", 0, 2)),
        (("storage", GlobalName("torch.storage.UntypedStorage"), "3", "cpu", 8), Storage("3", "untyped", 8, 1)),
    ],
)
def test_a_storage_is_what_its_id_says(persistent_id: Any, storage: Storage) -> None:
    assert storage_of(persistent_id) == storage


def test_bytes_are_elements_times_their_width() -> None:
    assert Storage("0", "float64", 12, 8).size_bytes == 96


@pytest.mark.parametrize(
    "persistent_id",
    [
        None,
        "storage",
        (),
        ("storage", FLOATS, "3", "cpu"),
        ("module", FLOATS, "3", "cpu", 12),
        ("storage", "torch.FloatStorage", "3", "cpu", 12),
        ("storage", GlobalName("os.FloatStorage"), "3", "cpu", 12),
        ("storage", GlobalName("torch.Tensor"), "3", "cpu", 12),
        ("storage", FLOATS, None, "cpu", 12),
        ("storage", FLOATS, ("3",), "cpu", 12),
        ("storage", FLOATS, "3", "cpu", -1),
        ("storage", FLOATS, "3", "cpu", True),
        ("storage", FLOATS, "3", "cpu", 2**62),
        ("storage", FLOATS, "3", "cpu", 1.0),
        ("storage", FLOATS, "3", "cpu", 12, ("9", -1, 5)),
        ("storage", FLOATS, "3", "cpu", 12, ("9", 1)),
    ],
)
def test_an_id_that_torch_would_not_write_is_refused(persistent_id: Any) -> None:
    with pytest.raises(ValueError, match=r"storage|persistent|unpack"):
        storage_of(persistent_id)
