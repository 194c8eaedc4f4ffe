"""Random changes of files: of their bytes, and of the members of zips, whose checksums are made right again."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

TELLING_BYTES = b'\x00\x01\x7f\x80\xff().RQbcegjortu}]{[",:'
"""Extremes of numbers, the opcodes that do the most in a pickle, and what JSON is made of."""
_FRONT_BYTES = 2000
_MAX_CHANGES = 3


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with up to three things changed: some bytes, their order, or how many there are.

    Of half of the zips one member is changed, and the zip is put together again around it.
    """
    if content.startswith(b"PK\3\4") and rng.random() < 0.5:
        return _with_a_member_mutated(content, rng)
    for _ in range(int(rng.integers(1, _MAX_CHANGES + 1))):
        content = _changed(content, rng)
    return content


def _changed(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    if not changed:
        return bytes(rng.bytes(4))
    # Half of the changes go to the front, where pickles and headers are.
    at = int(rng.integers(min(len(content), _FRONT_BYTES) if rng.integers(2) else len(content)))
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


def _with_a_member_mutated(content: bytes, rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        members = source.infolist()
        chosen = int(rng.integers(len(members)))
        for number, member in enumerate(members):
            inner = source.read(member)
            if number == chosen:
                inner = _changed(inner, rng)
            target.writestr(member.filename, inner, member.compress_type)
    return buffer.getvalue()
