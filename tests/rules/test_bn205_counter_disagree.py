from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.rules.bn205_counter_disagree import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def counted(*counters: float | None) -> list[object]:
    return [healthy(f"bn{index}", num_batches_tracked=counter) for index, counter in enumerate(counters)]


TWINS = Twins(faulty=file_of(*counted(1000, 2000)), sound=file_of(*counted(2000, 2000)))


def test_a_whole_multiple_names_the_layers_that_ran_more_often() -> None:
    seen = only(RULE, *counted(1000, 2000, 1000, 2000))
    assert (seen.layer, seen.severity, seen.value) == ("bn1", "warning", 2)
    assert "2 layers (bn1, bn3) counted 2,000 updates, 2 times the 1,000 of 2 layers" in seen.message


@pytest.mark.parametrize(
    ("high", "is_whole"), [(1990, True), (1989, False), (2010, True), (2011, False), (2500, False)]
)
def test_half_a_percent_decides_what_is_whole(high: int, is_whole: bool) -> None:
    assert only(RULE, *counted(1000, high)).severity == ("warning" if is_whole else "info")


def test_large_ratios_are_near_some_whole_number_by_chance() -> None:
    assert only(RULE, *counted(1000, 8000)).severity == "warning"
    assert only(RULE, *counted(1000, 9000)).severity == "info"


def test_few_updates_are_near_a_whole_multiple_by_chance() -> None:
    assert only(RULE, *counted(3, 6)).severity == "info"
    assert only(RULE, *counted(4, 8)).severity == "warning"


def test_staged_training_is_told_with_the_counter_of_the_parent() -> None:
    seen = only(RULE, *counted(*[1_905_515] * 55, *[343_102] * 15))
    assert (seen.layer, seen.severity, seen.value) == (None, "info", 1_562_413)
    assert "15 layers 343,102, 55 layers 1,905,515" in seen.message
    assert "1,562,413 updates before the newest" in seen.message


def test_the_multiple_is_told_of_the_counter_that_most_layers_share() -> None:
    (first, second) = observed(RULE, *counted(100, 200, 200, 200, 400))
    assert "2 times the 100 of 1 layer" in first.message
    assert "2 times the 200 of 3 layers" in second.message


@pytest.mark.parametrize("counters", [(400, 400, 400, 100), (300, 300, 100, 100), (200, 200, 200, 100)])
def test_a_large_multiple_or_a_last_layer_that_counts_less_first_points_to_stages(counters: tuple[int, ...]) -> None:
    seen = only(RULE, *counted(*counters))
    assert seen.severity == "warning"
    who = "this one was" if counters.count(min(counters)) == 1 else "these were"
    assert f": {who} added or unfrozen later, or the former run" in seen.message
    assert (seen.remedy or "").startswith("Nothing, if part of the model is newer")


@pytest.mark.parametrize("counters", [(200, 200, 100, 100), (100, 200), (100, 200, 200)])
def test_twice_as_many_updates_first_point_to_a_double_run(counters: tuple[int, ...]) -> None:
    seen = only(RULE, *counted(*counters))
    assert "run 2 times a step, by reuse on several inputs or by activation checkpointing, unless" in seen.message
    assert seen.remedy is None


def gan(**counters: int) -> list[BatchNormLayer]:
    return [healthy(f"{name}.{index}", num_batches_tracked=each) for name, each in counters.items() for index in (1, 4)]


@pytest.mark.parametrize("generator", [300, 150])
def test_the_networks_of_a_gan_have_steps_of_their_own(generator: int) -> None:
    seen = only(RULE, *gan(netG=generator, netD=450))
    assert (seen.layer, seen.severity, abs(seen.value or 0)) == (None, "info", 450 - generator)
    assert f"(discriminator 450, generator {generator})" in seen.message
    assert observed(RULE, *gan(netG=450, netD=450)) == []


def test_within_a_network_of_a_gan_layers_are_compared() -> None:
    seen = observed(RULE, *gan(netG=300, netD=450), healthy("netD.7", num_batches_tracked=900))
    assert [(each.layer, each.severity) for each in seen] == [("netD.7", "warning"), (None, "info")]


@pytest.mark.parametrize("counters", [(5, 5, 5), (0, 5), (None, 5), (7.5, 5), (-3, 5), ()])
def test_only_positive_whole_counters_are_compared(counters: tuple[float | None, ...]) -> None:
    assert observed(RULE, *counted(*counters)) == []
