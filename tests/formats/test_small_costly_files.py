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
from tests.helpers.costly_pickles import (
    LONG,
    colliding_tuples,
    collision,
    collision_of_chunks,
    doubling,
    element_with_a_doubling_key,
    element_with_a_doubling_tuple,
    key_of_shared_tuples,
    lists_behind_a_long_name,
    modules_of_one_dictionary,
    names_of_one_container,
    names_of_one_layer,
    objects_of_one_dictionary,
    objects_of_one_tuple,
    pickle,
    references_behind_a_long_name,
)
from tests.helpers.hostile_files import (
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
ENDLESS = "k" * 60_000


def test_the_tuples_of_this_test_collide() -> None:
    assert len({hash(pair) for pair in colliding_tuples(100)}) == 1


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


def view_with_a_gap_in_deflated_zeros(path: Path) -> None:
    zeros = storage(num_elements=2**26)
    layer = {role: tensor((2,), (2**26 - 1,), of=zeros) for role in ("bn.running_mean", "bn.running_var")}
    write_torch_zip(path, dictionary(**layer), {"0": bytes(2**28)}, zipfile.ZIP_DEFLATED)


def views_that_overlap_behind_deflated_zeros(path: Path) -> None:
    layers = {
        f"l{n}.{role}": tensor((8,), offset=2**25 - 20_000 + n, of=storage(num_elements=2**25))
        for n in range(1000)
        for role in ("running_mean", "running_var")
    }
    write_torch_zip(path, dictionary(**layers), {"0": bytes(2**27)}, zipfile.ZIP_DEFLATED)


def views_of_two_deflated_storages_by_turns(path: Path) -> None:
    layers = {
        f"l{n}.{role}": tensor((2,), offset=2**24 - 20_000 + 4 * n, of=storage(key, 2**24))
        for n in range(1000)
        for key, role in (("0", "running_mean"), ("1", "running_var"))
    }
    write_torch_zip(path, dictionary(**layers), dict.fromkeys("01", bytes(2**26)), zipfile.ZIP_DEFLATED)


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
    view_with_a_gap_in_deflated_zeros,
    views_that_overlap_behind_deflated_zeros,
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
    views_of_two_deflated_storages_by_turns,
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
