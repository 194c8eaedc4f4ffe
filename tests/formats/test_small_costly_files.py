"""Files of a megabyte or two that are made to take gigabytes of memory, or a time that grows with their square."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from tests.helpers.caffe_nets import layer, net
from tests.helpers.hostile_files import (
    PROTOCOL_2,
    dictionary,
    global_,
    integer,
    storage,
    tensor,
    text,
    tuple_of,
    write_torch_zip,
)
from tests.helpers.limited_reading import read_in_a_process_of_its_own
from tests.helpers.protobuf_bytes import bytes_field, number_field

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIME_LIMIT_SECONDS = 30
LONG = "k" * 1000
"""A name that is not too long, to stand before very many others."""
ENDLESS = "k" * 60_000


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


def test_the_tuples_of_this_test_collide() -> None:
    assert len({hash(pair) for pair in colliding_tuples(100)}) == 1


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


def one_element_repeated(path: Path) -> None:
    layers = {
        f"l{n}.{role}": tensor(shape=(2**26,), strides=(0,))
        for n in range(300)
        for role in ("running_mean", "running_var")
    }
    write_torch_zip(path, dictionary(**layers))


def one_storage_of_thousands_of_layers(path: Path) -> None:
    layers = {
        f"l{n}.{role}": tensor(shape=(100_000,), offset=n, of=storage(num_elements=103_000))
        for n in range(3000)
        for role in ("running_mean", "running_var")
    }
    write_torch_zip(path, dictionary(**layers), {"0": np.ones(103_000, np.float32).tobytes()})


def deflated_gigabytes(path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (201326592,), }"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("bn.running_mean.npy", "bn.running_var.npy"):
            with archive.open(name, "w") as member:
                member.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header)
                for _ in range(48):
                    member.write(bytes(2**24))


def list_of_one_chunk(path: Path) -> None:
    module = "torch.distributed.checkpoint.metadata."
    none = tuple_of(integer(0))
    chunk = global_(f"{module}ChunkStorageMetadata") + b")\x81" + dictionary(offsets=none, sizes=none) + b"b"
    properties = global_(f"{module}TensorProperties") + b")\x81" + tuple_of(global_("torch.float32")) + b"b"
    state = dictionary(properties=properties, size=none, chunks=b"h\2")
    entry = global_(f"{module}TensorStorageMetadata") + b")\x81" + state + b"b"
    place = dictionary(relative_path=text("x"), offset=integer(0), length=integer(0))
    stored = b"".join(
        global_(f"{module}MetadataIndex")
        + b")\x81"
        + dictionary(fqn=text(f"t{n}"), offset=none)
        + b"b"
        + (global_("m.Place") + b")\x81" + place + b"b")
        for n in range(5)
    )
    chunks = chunk + b"q\x010(" + b"h\x01" * 390_000 + b"lq\x020"
    tensors = dictionary(**{f"t{n}": entry for n in range(5)})
    metadata = dictionary(state_dict_metadata=tensors, storage_data=b"}(" + stored + b"u")
    path.mkdir()
    pickle(path / ".metadata", chunks + global_(f"{module}Metadata") + b")\x81" + metadata + b"b")


def chunk_of_a_doubling_name(path: Path) -> None:
    module = "torch.distributed.checkpoint.metadata."
    index = global_(f"{module}MetadataIndex") + b")\x81" + dictionary(fqn=b"h<", offset=tuple_of(integer(0))) + b"b"
    state = dictionary(state_dict_metadata=b"}", storage_data=b"}" + index + global_("m.C") + b")\x81}bs")
    path.mkdir()
    lists = b"]q\x000" + doubling(b"(", b"l")
    pickle(path / ".metadata", lists + global_(f"{module}Metadata") + b")\x81" + state + b"b")


def keys_of_a_map(path: Path) -> None:
    key = struct.pack(">BI", 0xDB, len(ENDLESS)) + ENDLESS.encode()
    path.write_bytes((b"\x81" + key) * 8 + struct.pack(">BI", 0xDD, 400_000) + b"\x01" * 400_000)


def lists_of_a_map(path: Path) -> None:
    key = struct.pack(">BI", 0xDB, len(LONG)) + LONG.encode()
    path.write_bytes(b"\x81" + key + struct.pack(">BI", 0xDD, 450_000) + b"\x91\x01" * 450_000)


def links_in_deep_groups(path: Path) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        group = file
        for _ in range(8):
            group = group.create_group(ENDLESS)
        for number in range(4000):
            group[str(number)] = h5py.SoftLink("/x")


def layers_of_a_long_model(path: Path) -> None:
    entry = {"class_name": "BatchNormalization", "config": {"name": "a"}}
    inner = {"class_name": "X" * 500_000, "config": {"layers": [entry] * 9000}}
    with h5py.File(path, "w") as file:
        file.create_group("layers")
    weights = path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [inner]}}))
        archive.writestr("model.weights.h5", weights)


def calls_of_calls_with_long_names(path: Path) -> None:
    def call_of(number: int, name: str) -> bytes:
        return bytes_field(3, name) + bytes_field(4, f"f{number}") + bytes_field(7, "d")

    functions = [
        bytes_field(1, f"f{number}") + bytes_field(7, call_of(number + 1, "n" * 8000)) * 2 + bytes_field(10, "d")
        for number in range(13)
    ]
    model = number_field(1, 8) + bytes_field(7, bytes_field(1, call_of(0, "x")))
    opset = bytes_field(8, bytes_field(1, "") + number_field(2, 17))
    path.write_bytes(model + opset + b"".join(bytes_field(25, function) for function in functions))


def one_endless_name(path: Path) -> None:
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"batch_stats." * 80_000 + "x": entry}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))


def norms_without_scale(path: Path) -> None:
    path.write_bytes(net(*[layer("BatchNorm", "a", top="t")] * 60_000))


REFUSED = [
    key_of_shared_tuples,
    names_of_one_container,
    one_element_repeated,
    one_storage_of_thousands_of_layers,
    deflated_gigabytes,
    list_of_one_chunk,
    chunk_of_a_doubling_name,
    keys_of_a_map,
    links_in_deep_groups,
    layers_of_a_long_model,
    calls_of_calls_with_long_names,
    one_endless_name,
]
READ = [
    collision,
    collision_of_chunks,
    element_with_a_doubling_key,
    element_with_a_doubling_tuple,
    lists_behind_a_long_name,
    references_behind_a_long_name,
    names_of_one_layer,
    objects_of_one_dictionary,
    objects_of_one_tuple,
    modules_of_one_dictionary,
    lists_of_a_map,
    norms_without_scale,
]


@pytest.mark.parametrize("write", REFUSED, ids=lambda write: write.__name__)
def test_a_small_file_that_asks_for_gigabytes_is_refused_with_one_line(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "evil")
    outcome = read_in_a_process_of_its_own(tmp_path / "evil", TIME_LIMIT_SECONDS)
    assert (outcome.returncode, outcome.stderr) == (3, "")
    assert "evil" in outcome.stdout
    assert "MemoryError" not in outcome.stdout
    assert outcome.stdout.count("\n") == 1


@pytest.mark.parametrize("write", READ, ids=lambda write: write.__name__)
def test_a_small_file_is_read_in_time_that_grows_with_its_size_alone(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "evil")
    outcome = read_in_a_process_of_its_own(tmp_path / "evil", TIME_LIMIT_SECONDS)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
