"""Random changes of files: of their bytes, and of the members of zips, whose checksums are made right again."""

from __future__ import annotations

import io
import struct
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

TELLING_BYTES = b'\x00\x01\x7f\x80\xff().RQbcegjortu}]{[",:'
"""Extremes of numbers, the opcodes that do the most in a pickle, and what JSON is made of."""
_FRONT_BYTES = 2000
_MAX_CHANGES = 3
_OFFSET_IN_ENTRY = 42
"""Where an entry of a zip's directory tells where its member begins."""
_END_BYTES = 22
"""Length of a zip's end record without a comment."""


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
    members = list(_members(content))
    chosen = int(rng.integers(len(members)))
    members[chosen] = members[chosen]._replace(content=_changed(members[chosen].content, rng))
    bodies, entries, offset = [], [], 0
    for member in members:
        body, entry = _written_alone(member)
        bodies.append(body)
        entries.append(entry[:_OFFSET_IN_ENTRY] + offset.to_bytes(4, "little") + entry[_OFFSET_IN_ENTRY + 4 :])
        offset += len(body)
    directory = b"".join(entries)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), offset, 0)
    return b"".join((*bodies, directory, end))


class _Member(NamedTuple):
    name: str
    compress_type: int
    content: bytes


@lru_cache
def _members(content: bytes) -> list[_Member]:
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        return [_Member(member.filename, member.compress_type, source.read(member)) for member in source.infolist()]


@lru_cache  # of a zip's members all but one stay as they are, and most of the time went into writing them again
def _written_alone(member: _Member) -> tuple[bytes, bytes]:
    """Return what a zip holds of a member that is its first: header and content, and the entry in its directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr(zipfile.ZipInfo(member.name), member.content, member.compress_type)
    whole = buffer.getvalue()
    return whole[: target.start_dir], whole[target.start_dir : -_END_BYTES]
