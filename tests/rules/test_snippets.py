"""The remedy that a rule shows is run on a model with the fault, and must help."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from bncli.rules.catalogue import RULES
from tests.helpers.remedies import NUM_CHANNELS, Patient, patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.rules.base import Rule

BY_CODE = {rule.code: rule for rule in RULES}


def set_channel(role: str, channel: int, value: float) -> Callable[[Patient], None]:
    def plant(seen: Patient) -> None:
        getattr(seen.model.bn, role)[channel] = value

    return plant


def set_setting(**settings: object) -> Callable[[Patient], None]:
    def plant(seen: Patient) -> None:
        for name, value in settings.items():
            setattr(seen.model.bn, name, value)

    return plant


def both(*plants: Callable[[Patient], None]) -> Callable[[Patient], None]:
    def plant(seen: Patient) -> None:
        for each in plants:
            each(seen)

    return plant


def forget_the_counter(seen: Patient) -> None:
    seen.model.bn.num_batches_tracked.zero_()
    seen.model.bn.momentum = None


def lose_statistics(seen: Patient) -> None:
    seen.model.bn.reset_running_stats()


def return_to_train_mode(seen: Patient) -> None:
    seen.model.train()


def change_nothing(_: Patient) -> None:
    """Leave the model healthy."""


def estimate_anew(seen: Patient) -> None:
    seen.model.producer.weight.mul_(10)  # variances above the residue, as in most models: they do not rule it out
    torch.optim.swa_utils.update_bn(seen.loader, seen.model)


def make_half(seen: Patient) -> None:
    seen.model.bn.half()
    seen.model.bn.momentum = 0.001


def kill_and_leave_the_weight(seen: Patient) -> None:
    seen.model.bn.running_var[2] = 1e-20


def add_eps(seen: Patient) -> None:
    seen.model.bn.running_var[:3] = 0
    seen.model.bn.running_var += seen.model.bn.eps


def add_a_bias_before_the_layer(seen: Patient) -> None:
    bias = torch.linspace(-1, 1, NUM_CHANNELS)
    seen.model.producer.bias = torch.nn.Parameter(bias)
    seen.model.bn.running_mean += bias


CURED = {
    "BN101": set_channel("running_var", 3, float("nan")),
    "BN102": set_channel("running_var", 3, -9e-6),
    "BN201": lose_statistics,
    "BN202": both(set_channel("running_mean", 1, 0.0), set_channel("running_var", 1, 1.0)),
    "BN203": forget_the_counter,
    "BN206": set_setting(momentum=0.3),
    "BN306": kill_and_leave_the_weight,
    "BN502": make_half,
    "BN503": set_channel("weight", 2, 60.0),
    "BN506": return_to_train_mode,
    "BN508": add_a_bias_before_the_layer,
    "BN601": set_setting(momentum=0.9),
    "BN602": set_setting(eps=0.5),
    "BN603": add_eps,
}
"""Faults of which nothing is left after the snippet."""


@pytest.mark.parametrize("code", CURED)
def test_the_snippet_removes_the_finding(code: str) -> None:
    seen = patient(CURED[code])
    assert len(seen.observations(BY_CODE[code])) == 1
    seen.run(BY_CODE[code])
    assert seen.observations(BY_CODE[code]) == []


@pytest.mark.parametrize("momentum", [0.0, 0.5, 1.0, -0.1, 10.0, float("nan")])
def test_a_momentum_that_is_not_the_other_frameworks_becomes_an_ordinary_one(momentum: float) -> None:
    seen = patient(set_setting(momentum=momentum))
    assert len(seen.observations(BY_CODE["BN601"])) == 1
    seen.run(BY_CODE["BN601"])
    assert seen.observations(BY_CODE["BN601"]) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_snippet_runs_on_a_trained_model(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    patient(change_nothing).run(rule)
    assert "Traceback" not in capsys.readouterr().err


def output(seen: Patient) -> torch.Tensor:
    with torch.no_grad():
        return seen.model(seen.loader[0])


@pytest.mark.parametrize(
    ("code", "plant"),
    [
        ("BN305", both(set_channel("bias", 1, 5.0), set_channel("weight", 1, 1.0))),
        ("BN307", set_channel("running_mean", 1, 50.0)),
        ("BN503", set_channel("weight", 2, 60.0)),
        ("BN508", add_a_bias_before_the_layer),
        ("BN303", change_nothing),
        ("BN304", change_nothing),
        ("BN308", change_nothing),
        ("BN309", change_nothing),
    ],
)
def test_the_snippet_leaves_what_the_model_computes_as_it_is(code: str, plant: Callable[[Patient], None]) -> None:
    seen = patient(plant)
    before = output(seen)
    seen.run(BY_CODE[code])
    torch.testing.assert_close(output(seen), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("code", "plant"),
    [
        ("BN305", both(set_channel("bias", 1, 5.0), set_channel("weight", 1, 1.0))),
        ("BN307", set_channel("running_mean", 1, 50.0)),
    ],
)
def test_a_snippet_that_moves_numbers_elsewhere_moves_the_finding_away(
    code: str, plant: Callable[[Patient], None]
) -> None:
    seen = patient(plant)
    assert len(seen.observations(BY_CODE[code])) == 1
    seen.run(BY_CODE[code])
    assert seen.observations(BY_CODE[code]) == []


def test_a_missing_statistic_is_named_and_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    def forget_the_variance(seen: Patient) -> None:
        seen.state = dict(seen.model.state_dict())
        del seen.state["bn.running_var"]
        seen.model.bn.running_var.fill_(1)

    seen = patient(forget_the_variance)
    assert [each.severity for each in seen.observations_in_state(BY_CODE["BN103"])] == ["warning"]
    seen.run(BY_CODE["BN103"])
    assert capsys.readouterr().out == "['bn.running_var']\n"
    assert not (seen.model.bn.running_var == 1).any()


@pytest.mark.parametrize("var", [-1e-4, -0.39])
def test_a_variance_that_no_eps_explains_is_estimated_and_not_set_to_zero(var: float) -> None:
    healthy, seen = patient(estimate_anew), patient(both(estimate_anew, set_channel("running_var", 2, var)))
    assert len(seen.observations(BY_CODE["BN102"])) == 1
    seen.run(BY_CODE["BN102"])
    assert torch.equal(output(seen), output(healthy))


@pytest.mark.parametrize("counter", [12.5, float("nan"), -4.0])
def test_a_counter_that_is_no_count_becomes_one_again(counter: float) -> None:
    def average_the_counter(seen: Patient) -> None:
        seen.state = dict(seen.model.state_dict()) | {"bn.num_batches_tracked": torch.tensor(counter)}

    seen = patient(average_the_counter)
    assert len(seen.observations_in_state(BY_CODE["BN104"])) == 1
    seen.run(BY_CODE["BN104"])
    assert seen.observations(BY_CODE["BN104"]) == []


def restart_and_run_once(seen: Patient) -> None:
    bn = seen.model.bn
    bn.reset_running_stats()
    bn.train()
    with torch.no_grad():
        for images in seen.loader:
            bn(10 * seen.model.producer(images))
    bn.eval()


@pytest.mark.parametrize("plant", [restart_and_run_once, estimate_anew])
def test_statistics_after_a_few_updates_become_the_plain_average_if_they_are_not(
    plant: Callable[[Patient], None],
) -> None:
    seen = patient(plant)
    assert [each.severity for each in seen.observations(BY_CODE["BN204"])] == ["error"]
    seen.run(BY_CODE["BN204"])
    batches = [seen.model.producer(images).detach() for images in seen.loader]
    mean = torch.stack([batch.mean((0, 2, 3)) for batch in batches]).mean(0)
    var = torch.stack([batch.var((0, 2, 3)) for batch in batches]).mean(0)
    torch.testing.assert_close(seen.model.bn.running_mean, mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(seen.model.bn.running_var, var, rtol=1e-4, atol=1e-5)


def test_two_updates_with_the_halved_momentum_are_one_with_the_old() -> None:
    once, twice = patient(change_nothing), patient(change_nothing)
    twice.run(BY_CODE["BN205"])
    for seen, num_runs in ((once, 1), (twice, 2)):
        seen.model.train()
        for _ in range(num_runs):
            seen.model(seen.loader[0])
    torch.testing.assert_close(once.model.bn.running_mean, twice.model.bn.running_mean)
    torch.testing.assert_close(once.model.bn.running_var, twice.model.bn.running_var)


def test_a_dead_channel_gives_its_bias_and_no_longer_amplifies() -> None:
    seen = patient(kill_and_leave_the_weight)
    seen.run(BY_CODE["BN301"])
    with torch.no_grad():
        normalized = seen.model.bn(torch.randn(4, 8, 6, 6))
    torch.testing.assert_close(normalized[:, 2], seen.model.bn.bias[2].detach().expand(4, 6, 6))


@pytest.mark.parametrize("code", ["BN302", "BN505"])
def test_a_port_that_carries_eps_along_computes_the_same(code: str) -> None:
    seen = patient(set_setting(eps=1e-3))
    names: dict[str, object] = {"torch": torch, "bn": seen.model.bn}
    exec(BY_CODE[code].snippet, names)  # noqa: S102 - the snippet is ours
    ported = names["ported"].eval()
    assert ported.eps == 1e-3
    images = torch.randn(2, 8, 3, 3)
    torch.testing.assert_close(ported(images), seen.model.bn(images), rtol=0, atol=0)


def test_batch_normalization_stays_in_float32_when_the_model_is_converted() -> None:
    seen = patient(set_channel("running_var", 1, 1e5))
    seen.run(BY_CODE["BN501"])
    assert seen.model.producer.weight.dtype == torch.float16
    assert torch.isfinite(seen.model.bn.running_var).all()
    assert torch.isfinite(output(seen).float()).all()
