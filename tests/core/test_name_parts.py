from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bncli.core.name_parts import parts_of

_NAMES = st.text("ab./", max_size=12)


@given(name=_NAMES)
def test_every_dot_and_every_slash_parts_a_name(name: str) -> None:
    assert list(parts_of(name)) == re.split(r"[./]", name)
