"""Tests of `bncli trend`, on a run that is really trained and on the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = ROOT / "samples"
RUN = [*(SAMPLES / f"digits_epoch_{number}.pt" for number in (3, 1, 2)), SAMPLES / "digits.pt"]
MOMENTUM = 0.2


@pytest.fixture
def dying_run(tmp_path: Path) -> list[Path]:
    """Return five files of a layer of which three channels die after the second."""
    generator = torch.Generator().manual_seed(0)
    bn = nn.BatchNorm1d(6, momentum=MOMENTUM)
    files = []
    with torch.no_grad():
        for number in range(5):
            for _ in range(70):
                x = torch.randn(16, 6, generator=generator)
                if number >= 2:
                    x[:, :3] = 0
                bn(x)
            files.append(tmp_path / f"epoch_{number + 8}.pt")
            torch.save({f"bn.{name}": value.clone() for name, value in bn.state_dict().items()}, files[-1])
    return files


def test_the_samples_are_put_in_the_order_of_their_counters() -> None:
    document = json_of("trend", *RUN)
    assert document["order"] == "counter"
    assert [file["num_batches_tracked"] for file in document["files"]] == [46, 92, 138, 184]
    assert [layer["updates"] for layer in document["layers"]] == [[46, 46, 46]] * 4
    assert all(layer["divergence"] is None for layer in document["layers"])


def test_channels_die_when_they_do_and_give_the_momentum_away(dying_run: list[Path]) -> None:
    document = json_of("trend", *reversed(dying_run))
    (layer,) = document["layers"]
    assert {death["channel"] for death in layer["deaths"]} == {0, 1, 2}
    # 0.8 ** 70 is about 2e-7, so that the threshold is passed in the second file after the death.
    assert {death["first_dead"] for death in layer["deaths"]} == {3}
    momenta = [found for found in document["momenta"] if found is not None]
    assert momenta
    assert all(found["low"] <= MOMENTUM <= found["high"] for found in momenta)
    table = invoke("trend", *dying_run).stdout
    assert all(135 <= death["latest_update"] <= 145 for death in layer["deaths"]), "the truth is 140"
    assert "bn[0] is dead from file 4 on; nothing reached it after update 1" in table
    assert "The weight of the new batch was 0.2:" in table


def test_channels_that_rest_at_the_floor_tell_the_momentum(tmp_path: Path) -> None:
    files = []
    for counter in (1000, 2000):
        state = nn.BatchNorm1d(3).state_dict(prefix="bn.")
        state["bn.running_var"] = torch.tensor([4 * 2.0**-149, 1, 1])
        state["bn.num_batches_tracked"] = torch.tensor(counter)
        files.append(tmp_path / f"{counter}.pt")
        torch.save(state, files[-1])
    floor = json_of("trend", *files)["floor_momentum"]
    assert (floor["low"], floor["high"], floor["num_channels"]) == (0.1, 0.125, 1)


def test_a_table_draws_sparklines_and_degrades_to_ascii() -> None:
    assert "▁" in invoke("trend", *RUN).stdout
    plain = invoke("trend", *RUN, encoding="ascii")
    assert (plain.exit_code, plain.stderr) == (0, "")
    assert plain.stdout.isascii()
    assert "#" in plain.stdout


@pytest.mark.parametrize("output_format", ["markdown", "html", "csv"])
def test_the_other_formats_take_series(output_format: str) -> None:
    completed = invoke("trend", *RUN, "--format", output_format)
    assert (completed.exit_code, completed.stderr) == (0, "")
    assert "bn4" in completed.stdout


def test_csv_holds_every_value_of_a_series() -> None:
    lines = invoke("trend", *RUN, "--columns", "layer,var", "-f", "csv").stdout.splitlines()
    assert lines[0] == "layer,var"
    values = [float(value) for value in lines[1].split(",")[1].split()]
    assert values == json_of("trend", *RUN)["layers"][0]["var"]


def test_series_sort_by_their_last_value() -> None:
    layers = json_of("trend", *RUN, "--sort", "-var")["layers"]
    assert [layer["var"][-1] for layer in layers] == sorted((layer["var"][-1] for layer in layers), reverse=True)


def test_one_file_is_no_trend() -> None:
    completed = invoke("trend", RUN[0])
    assert completed.exit_code == 2
    assert "two or more checkpoints" in completed.stderr


def test_columns_and_layers_are_chosen_as_in_inspect() -> None:
    assert "num_dead" in invoke("trend", *RUN, "--columns", "help").stdout
    assert [layer["name"] for layer in json_of("trend", *RUN, "--layer", "bn2")["layers"]] == ["bn2"]
    assert len(json_of("trend", *RUN, "--top", "2")["layers"]) == 2
