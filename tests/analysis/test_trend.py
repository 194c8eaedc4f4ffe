from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.analysis.channel_filter import ChannelFilter
from bncli.analysis.divergence import Divergence
from bncli.analysis.trend import Death, Trend, select_layers, trend
from bncli.errors import InputNotFound
from tests.helpers.builders import checkpoint, layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint


def file(counter: int, *layers: BatchNormLayer) -> Checkpoint:
    return checkpoint(*(layers or (layer(num_batches_tracked=counter),)), path=Path(f"step{counter}.pt"))


def named(name: str, counter: int, **changed: Any) -> BatchNormLayer:
    return layer(name=name, label=name, num_batches_tracked=counter, **changed)


def of_variances(*variances: list[float], step: int = 100) -> Trend:
    return trend(
        [
            file(index * step, named("bn", index * step, running_var=np.array(var, np.float32)))
            for index, var in enumerate(variances, 1)
        ]
    )


def test_files_are_put_in_order_and_updates_counted_between_them() -> None:
    found = trend([file(300), file(100), file(150)])
    assert [each.path.stem for each in found.checkpoints] == ["step100", "step150", "step300"]
    assert found.layers[0].updates == (50, 150)
    assert found.order == "counter"


def test_without_counters_no_updates_are_told() -> None:
    found = trend([checkpoint(layer(num_batches_tracked=None), path=Path(f"e{index}.pt")) for index in (2, 1)])
    assert found.layers[0].updates == (None,)
    assert found.order == "name"


def test_the_series_are_those_of_the_arrays() -> None:
    weight = np.array([1.0, -2, 3, -4])
    found = trend([file(1, named("bn", 1)), file(2, named("bn", 2, running_mean=np.full(4, -2.0), weight=weight))])
    (bn,) = found.layers
    assert bn.mean[1] == 2
    first = layer()
    assert bn.var[0] == pytest.approx(float(np.median(first.running_var)))
    scale = np.abs(weight) / np.sqrt(first.running_var.astype(float) + 1e-5)
    assert bn.scale[1] == pytest.approx(float(np.median(scale)))


def test_a_channel_dies_where_it_is_dead_for_good() -> None:
    found = of_variances([1, 1e-20, 1, 1e-20], [1, 1e-25, 1e-20, 1], [1e-20, 1e-30, 1e-25, 1], [1e-25, 1e-35, 1e-30, 1])
    (bn,) = found.layers
    assert [(death.channel, death.first_dead) for death in bn.deaths] == [(0, 2), (2, 1)]
    assert all(isinstance(death, Death) for death in bn.deaths)
    assert bn.num_dead == (2, 2, 3, 3)


def test_variances_that_run_away_are_found_and_broken_ones_too() -> None:
    assert of_variances([1] * 4, [10] * 4, [100] * 4).layers[0].divergence == Divergence("growing", "variance", 0)
    broken = of_variances([1] * 4, [1, 1, np.inf, 1])
    assert broken.layers[0].divergence == Divergence("not-finite", "variance", 1)


def test_a_layer_without_channels_does_not_diverge() -> None:
    empty = np.zeros(0, np.float32)
    arrays = dict.fromkeys(("running_mean", "running_var", "weight", "bias"), empty)
    (bn,) = trend([file(counter, named("bn", counter, num_features=0, **arrays)) for counter in (1, 2)]).layers
    assert (bn.divergence, bn.num_dead) == (None, (0, 0))


def test_momenta_are_recovered_between_neighbours() -> None:
    start = np.array([1e-6, 1e-7, 1, 1])
    falls = [start, np.append(start[:2] * 0.9**20, [1, 1]), np.append(start[:2] * 0.9**20 * 0.99**20, [1, 1])]
    found = of_variances(*[fall.tolist() for fall in falls], step=20)
    momenta = [each.low for each in found.momenta if each is not None]
    assert momenta == pytest.approx([0.1, 0.01], abs=1e-6)


def test_layers_that_some_file_lacks_or_has_in_another_width_are_named() -> None:
    wide = np.ones(5)
    wider = named("c", 100, num_features=5, running_mean=wide, running_var=wide, weight=wide, bias=wide)
    first = file(100, named("a", 100), wider)
    last = file(200, named("a", 200), named("b", 200), named("c", 200))
    found = trend([first, last])
    assert [each.label for each in found.layers] == ["a"]
    assert found.partial == ("b", "c")


def test_layers_that_only_earlier_files_have_are_named_too() -> None:
    files = [
        file(1, named("a", 1), named("gone", 1), named("once", 1)),
        file(2, named("a", 2), named("gone", 2), named("new", 2)),
        file(3, named("a", 3), named("new", 3)),
    ]
    found = trend(files)
    assert [each.label for each in found.layers] == ["a"]
    assert found.partial == ("new", "gone", "once")


def test_layers_are_chosen_by_their_names_in_the_last_file() -> None:
    found = trend([file(step, named("a", step), named("b", step)) for step in (1, 2)])
    assert [each.label for each in select_layers(found, ["b*"]).layers] == ["b"]
    assert len(select_layers(found, ()).layers) == 2
    with pytest.raises(InputNotFound, match="'c'"):
        select_layers(found, ["c"])


def test_a_condition_chooses_layers_by_their_channels_in_the_last_file() -> None:
    found = trend([file(step, named("a", step), named("b", 10 * step)) for step in (1, 2)])
    chosen = select_layers(found, (), ChannelFilter.parse("num_batches_tracked > 10"))
    assert [each.label for each in chosen.layers] == ["b"]
