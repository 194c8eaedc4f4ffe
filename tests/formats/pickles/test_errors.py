from __future__ import annotations

from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle


def test_a_truncated_pickle_says_how_many_bytes_it_needs() -> None:
    error = TruncatedPickle(70)
    assert error.needed == 70
    assert "70" in str(error)
    assert isinstance(error, BrokenPickle)
