"""Tests of what the update counters tell."""

from __future__ import annotations

from bncli.analysis.lineage import CounterGroup, lineage
from tests.helpers.builders import layer


def test_layers_are_grouped_by_their_counter_in_order_of_appearance() -> None:
    layers = [layer(num_batches_tracked=counter) for counter in (7, 9, 7, None, 0.5)]
    assert lineage(layers) == (
        CounterGroup(7, 2),
        CounterGroup(9, 1),
        CounterGroup(None, 1),
        CounterGroup(0.5, 1),
    )
