from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.provenance import Provenance, holds_averaged_model, provenance
from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import layer


def fingerprints(*layers: object, names: tuple[str, ...] = ()) -> list[str]:
    return [found.fingerprint for found in provenance(layers, names)]  # type: ignore[arg-type]


def test_a_trained_layer_that_counted_its_updates_has_no_fingerprint() -> None:
    assert fingerprints(layer(), layer(num_batches_tracked=None)) == []


def test_trained_statistics_beside_a_counter_of_zero_were_not_trained_here() -> None:
    found = provenance([layer(label="a", num_batches_tracked=0), layer(label="b")], ())
    assert found == (Provenance("zero-counters", ("a",)),)


def test_an_untrained_layer_is_not_called_converted() -> None:
    ones, zeros = np.ones(4), np.zeros(4)
    fresh = layer(num_batches_tracked=0, running_mean=zeros, running_var=ones, weight=ones, bias=zeros)
    assert fingerprints(fresh) == []


def test_memory_that_was_never_written_to_is_not_called_converted() -> None:
    zeros = np.zeros(4)
    assert fingerprints(layer(num_batches_tracked=0, running_mean=zeros, running_var=zeros)) == []


def test_trained_parameters_beside_the_statistics_of_a_new_layer_lost_their_buffers() -> None:
    fresh = {"running_mean": np.zeros(4), "running_var": np.ones(4)}
    untrained = {"weight": np.ones(4), "bias": np.zeros(4)}
    assert fingerprints(layer(**fresh)) == ["initial-statistics"]
    assert fingerprints(layer(**fresh, **(untrained | {"bias": np.full(4, 0.1)}))) == ["initial-statistics"]
    assert fingerprints(layer(**fresh, **untrained)) == []
    assert fingerprints(layer(**fresh, weight=None, bias=None)) == []


def test_a_float_counter_is_that_of_an_average() -> None:
    assert fingerprints(layer(num_batches_tracked=150.5)) == ["float-counters"]
    assert fingerprints(layer(num_batches_tracked=150.0)) == ["float-counters"]


@pytest.mark.parametrize("name", ["n_averaged", "model.n_averaged"])
def test_torchs_averaging_wrapper_is_known_by_its_own_counter(name: str) -> None:
    assert fingerprints(layer(), names=(name, "bn.weight")) == ["averaging-wrapper"]
    assert holds_averaged_model([name])
    assert not holds_averaged_model(["head.n_averaged_over.weight"])
    assert fingerprints(layer(), names=("head.n_averaged_over.weight",)) == []


def test_a_variance_that_so_few_updates_cannot_have_made_is_noticed() -> None:
    def after(num_updates: int, var: float, momentum: float | None = 0.1) -> list[str]:
        setting = Setting(momentum, "assumed")
        return fingerprints(layer(running_var=np.full(4, var), num_batches_tracked=num_updates, momentum=setting))

    assert after(3, 0.3) == ["counters-too-small"]
    assert after(3, 0.9**3) == [], "constant batches leave just this"
    assert after(100, 0.3) == []
    assert after(3, 0.3, momentum=None) == [], "the cumulative average leaves nothing of the initial value"
