from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.formats.byte_source import ByteSource
from bncli.formats.keras_models.configuration import read_configuration
from bncli.formats.keras_models.weights import open_weights
from bncli.formats.regions import FileRegion
from tests.helpers.keras_files import configuration, normalization, variables, write_keras_2

if TYPE_CHECKING:
    from pathlib import Path


def test_a_configuration_given_wins_over_the_one_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    write_keras_2(path, {"bn": variables()}, configuration(normalization("bn", epsilon=0.1)))
    given = read_configuration('{"class_name": "BatchNormalization", "config": {"name": "bn", "epsilon": 0.2}}')
    for config, eps in ((None, 0.1), (given, 0.2)):
        source = ByteSource(path)
        with open_weights(source, "keras-hdf5", FileRegion(source, 0, source.size), config) as opened:
            assert opened.hints["bn"].settings["eps"] == eps


def test_a_file_that_cannot_be_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    write_keras_2(path, {"bn": variables()})
    path.write_bytes(path.read_bytes()[:900])
    source = ByteSource(path)
    with pytest.raises(OSError, match="truncated|open file"):
        open_weights(source, "keras-hdf5", FileRegion(source, 0, source.size), None)
    source.close()
