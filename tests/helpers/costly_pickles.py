"""Pickles of a megabyte or two that would take gigabytes of memory, or a time that grows with their square."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.hostile_files import (
    PROTOCOL_2,
    dictionary,
    global_,
    integer,
    tensor,
    text,
    tuple_of,
    write_torch_zip,
)

if TYPE_CHECKING:
    from pathlib import Path

LONG = "k" * 1000
"""A name that is not too long, to stand before very many others."""


def pickle(path: Path, value: bytes) -> None:
    path.write_bytes(PROTOCOL_2 + value + b".")


def colliding_tuples(count: int) -> list[tuple[int, int]]:
    """Return pairs of integers that all have one hash, as CPython computes it (a variant of xxHash)."""
    modulus, first, second, fifth = 2**64, 11400714785074694791, 14029467366897019727, 2870177450012600261

    def mixed(state: int, lane: int) -> int:
        state = (state + lane * second) % modulus
        return ((state << 31 | state >> 33) % modulus * first) % modulus

    pairs: list[tuple[int, int]] = []
    lane = 1
    while len(pairs) < count:
        other = (12345 - mixed(fifth, lane)) * pow(second, -1, modulus) % modulus
        if other < 2**60:
            pairs.append((lane, other))
        lane += 1
    return pairs


def collision(path: Path) -> None:
    keys = (integer(first) + integer(second) + b"\x86N" for first, second in colliding_tuples(60_000))
    pickle(path, b"}(" + b"".join(keys) + b"u")


def collision_of_chunks(path: Path) -> None:
    module = "torch.distributed.checkpoint.metadata."
    entries = b"".join(
        global_(f"{module}MetadataIndex")
        + b")\x81"
        + dictionary(fqn=text("a"), offset=tuple_of(integer(first), integer(second)))
        + b"b"
        + global_("m.Place")
        + b")\x81}b"
        for first, second in colliding_tuples(20_000)
    )
    state = dictionary(state_dict_metadata=b"}", storage_data=b"}(" + entries + b"u")
    path.mkdir()
    pickle(path / ".metadata", global_(f"{module}Metadata") + b")\x81" + state + b"b")


def key_of_shared_tuples(path: Path) -> None:
    shared = b"(" + b"K\x01" * 1000 + b"tq\x000(" + b"h\x00" * 1000 + b"tq\x010(" + b"h\x01" * 1000 + b"t"
    pickle(path, b"}" + shared + b"Ns")


def doubling(start: bytes, end: bytes) -> bytes:
    """Return instructions that remember, as number 60, a container that doubles sixty times."""
    return b"".join(start + b"h%ch%c" % (n, n) + end + b"q%c0" % (n + 1) for n in range(60))


def element_with_a_doubling_key(path: Path) -> None:
    lists = b"]q\x000" + doubling(b"(", b"l")
    pickle(path, lists + global_("m.C") + b")\x81h<}K\x01K\x01ss")


def element_with_a_doubling_tuple(path: Path) -> None:
    tuples = b")q\x000" + doubling(b"", b"\x86")
    pickle(path, tuples + global_("m.C") + b")\x81(h<}K\x01K\x01s\x86e")


def lists_behind_a_long_name(path: Path) -> None:
    pickle(path, b"}" + text(LONG) + b"(" + b"]]a" * 330_000 + b"ls")


def references_behind_a_long_name(path: Path) -> None:
    pickle(path, b"]K\x01aq\x01}" + text(LONG) + b"(" + b"h\x01" * 490_000 + b"ls\x86")


def names_of_one_container(path: Path) -> None:
    layer = b"q\x01".join([b"}(" + text("running_mean") + tensor() + text("running_var") + tensor() + b"u", b""])
    write_torch_zip(path, b"}(" + text("a") + layer + text(LONG) + b"(" + b"h\x01" * 490_000 + b"lu")


def names_of_one_layer(path: Path) -> None:
    remembered = text("running_mean") + b"q\x020" + text("running_var") + b"q\x030" + tensor() + b"q\x000"
    layer = b"}(h\x02h\x00h\x03h\x00u"
    names = b"".join(b"\x8c\x05%05x" % number + layer for number in range(20_000))
    write_torch_zip(path, remembered + b"}(" + names + b"u")


def objects_of_one_dictionary(path: Path) -> None:
    entries = b"".join(integer(number) + b"N" for number in range(100_000))
    pickle(path, b"}(" + entries + b"uq\0" + global_("m.C") + b"q\1](" + b"h\1)\x81h\0b" * 100_000 + b"e")


def objects_of_one_tuple(path: Path) -> None:
    pickle(path, b"(" + b"N" * 400_000 + b"tq\0" + global_("m.C") + b"q\1](" + b"h\1h\0\x81" * 100_000 + b"e")


def modules_of_one_dictionary(path: Path) -> None:
    entries = b"".join(integer(number) + b"N" for number in range(100_000))
    keys = b"".join(text(part) + b"q%c0" % at for at, part in enumerate(("_parameters", "_buffers", "_modules"), 2))
    module = b"h\1)\x81}(h\2h\0h\3}h\4}ub"
    shared = b"}(" + entries + b"uq\0" + global_("m.C") + b"q\1" + keys
    pickle(path, shared + b"](" + module * 30_000 + b"e")
