from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from bncli.errors import InvalidUsage
from bncli.recording.batch_norm_modules import batch_norm_modules
from bncli.recording.observation import Observation
from tests.helpers.recordings import pictures, small_network

if TYPE_CHECKING:
    from bncli.recording.spool import SpooledLayer


def observe(model: nn.Module) -> tuple[Observation, list[str], list[int]]:
    """Return an observation that has begun, the names it introduces, and the steps after which it calls."""
    introduced: list[str] = []
    done: list[int] = []

    def introduce(layer: SpooledLayer) -> int:
        introduced.append(layer.name)
        return len(introduced) - 1

    observation = Observation(model, batch_norm_modules(model), introduce, lambda: done.append(observation.step))
    observation.begin()
    return observation, introduced, done


def test_layers_are_introduced_once_in_the_order_of_their_first_batch() -> None:
    model = small_network()
    observation, introduced, _ = observe(model)
    for batch in pictures(2):
        model(batch)
    assert introduced == ["1", "5"]
    assert observation.indices == {"1": 0, "5": 1}


def test_every_forward_pass_is_told_when_it_is_over() -> None:
    model = small_network()
    _, _, done = observe(model)
    for batch in pictures(3):
        model(batch)
    assert done == [0, 1, 2]


def test_a_forward_pass_that_raises_is_a_step_and_the_next_one_another() -> None:
    model = small_network()
    observation, _, _ = observe(model)
    for batch in (pictures(1)[0], torch.zeros(1, 3, 3, 3), pictures(1)[0]):
        try:
            model(batch)
        except RuntimeError:
            continue
    assert observation.step == 2
    assert [head.step for head, _ in observation.fetch()] == [0, 0, 2, 2]


def test_batches_on_a_device_are_measured_without_asking_it_for_a_value() -> None:
    # A tensor on "meta" has a device and no values: whatever would wait for one raises.
    model = small_network()
    observation, _, done = observe(model)
    model.to("meta")
    for batch in pictures(3):
        model(batch.to("meta"))
    assert done == [0, 1, 2]
    assert not observation.is_free_to_fetch
    with pytest.raises(NotImplementedError, match="meta"):
        list(observation.fetch())


def test_a_model_that_calls_itself_makes_one_step() -> None:
    class Recursive(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(2)

        def forward(self, x: torch.Tensor, depth: int = 1) -> torch.Tensor:
            return self(self.norm(x), depth - 1) if depth else x

    model = Recursive()
    observation, _, _ = observe(model)
    model(torch.randn(3, 2), 3)
    assert observation.step == 0


def test_what_a_layer_will_refuse_is_not_measured() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2)).eval()
    observation, _, _ = observe(model)
    for x in (torch.zeros(3, 4), torch.zeros(3, 2, dtype=torch.int64), torch.zeros(2)):
        try:
            model(x)
        except (RuntimeError, ValueError, NotImplementedError):
            continue
    assert list(observation.fetch()) == []


def test_an_empty_batch_has_nothing_to_measure() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2)).eval()
    observation, _, _ = observe(model)
    model(torch.zeros(0, 2))
    assert list(observation.fetch()) == []


def test_the_mode_of_each_layer_is_noted() -> None:
    model = small_network()
    model[1].eval()
    observation, _, _ = observe(model)
    model(pictures(1)[0])
    assert [head.is_training for head, _ in observation.fetch()] == [False, True]


def test_a_copy_of_the_model_that_is_made_meanwhile_is_not_observed() -> None:
    model = small_network()
    observation, introduced, done = observe(model)
    model(pictures(1)[0])
    whole, part = copy.deepcopy(model), copy.deepcopy(model[1])
    whole(pictures(1)[0])
    part(torch.full((2, 4, 3, 3), 100.0))
    model(pictures(1)[0])
    assert introduced == ["1", "5"]
    assert done == [0, 1]
    assert [head.step for head, _ in observation.fetch()] == [0, 0, 1, 1]
    observation.end()
    whole(pictures(1)[0])
    assert observation.step == 1


def test_a_pass_that_only_traces_the_model_has_nothing_to_measure() -> None:
    model = small_network().eval()
    observation, introduced, _ = observe(model)
    torch.export.export(model, (pictures(1)[0],))
    assert introduced == []
    assert list(observation.fetch()) == []


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_trace_has_no_operators_of_the_hooks() -> None:
    expected = str(torch.jit.trace(small_network().eval(), pictures(1)[0], check_trace=False).inlined_graph).count(
        "aten::"
    )
    model = small_network().eval()
    observation, _, _ = observe(model)
    program = torch.jit.trace(model, pictures(1)[0], check_trace=False)
    assert str(program.inlined_graph).count("aten::") == expected
    assert list(observation.fetch()) == []


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # by torch, at the first forward derivative
def test_under_torch_func_the_batch_is_measured_that_a_plain_call_would_show() -> None:
    model = small_network().eval()
    observation, _, _ = observe(model)
    x = pictures(1)[0]
    model(x)
    (_, first), (_, second) = observation.fetch()
    parameters = {name: values.detach() for name, values in model.named_parameters()}
    fetched = []

    def loss(parameters: dict[str, torch.Tensor]) -> torch.Tensor:
        y = torch.func.functional_call(model, parameters, (x,))
        fetched.extend(statistics for _, statistics in observation.fetch())
        return y.square().sum()

    torch.func.grad(loss)(parameters)
    torch.func.jvp(model, (x,), (torch.ones_like(x),))
    fetched.extend(statistics for _, statistics in observation.fetch())
    for row, expected in zip(fetched, [first, second, first, second], strict=True):
        assert row.tolist() == expected.tolist()


def test_many_batches_at_once_are_refused_as_none_of_them_can_be_seen() -> None:
    model = small_network().eval()
    _, introduced, _ = observe(model)
    with pytest.raises(InvalidUsage, match="layer 1 runs under torch.vmap"):
        torch.func.vmap(model)(torch.stack(pictures(2)))
    assert introduced == []
