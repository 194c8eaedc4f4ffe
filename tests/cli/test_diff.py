"""Tests of `bncli diff`, on checkpoints of nets that are really trained."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.checkpoint import checkpoint

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = ROOT / "samples"
REAL = Path(os.environ.get("BNCLI_REAL_CHECKPOINTS", ROOT.parent / "shared" / "real"))
FASTESTDET = (REAL / "fastestdet-backbone.pth", REAL / "fastestdet-280-epoch.pth")


class Net(nn.Module):
    """Two blocks and a head; the first block may run under activation checkpointing."""

    def __init__(self, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, momentum=momentum), nn.ReLU(),
            nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, momentum=momentum), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(96, 5), nn.BatchNorm1d(5, momentum=momentum))
        self.checkpoints_body = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = checkpoint(self.body, x, use_reentrant=False) if self.checkpoints_body else self.body(x)
        out: torch.Tensor = self.head(x)
        return out


def batches(num: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(8, 1, 8, 8, generator=generator) for _ in range(num)]


def train(net: nn.Module, num_steps: int = 5, after_train: Callable[[], object] = lambda: None, seed: int = 1) -> None:
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    net.train()
    after_train()
    for x in batches(num_steps, seed):
        optimizer.zero_grad()
        net(x).abs().sin().sum().backward()
        optimizer.step()


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    fresh = Net()
    train(fresh)
    return fresh


def saved(path: Path, net: nn.Module) -> Path:
    torch.save(net.state_dict(), path)
    return path


def verdicts(tmp_path: Path, before: nn.Module, after: nn.Module, *options: str) -> dict[str, str]:
    files = saved(tmp_path / "a.pt", before), saved(tmp_path / "b.pt", after)
    return {layer["name"]: layer["verdict"] for layer in json_of("diff", *files, *options)["layers"]}


def everywhere(verdict: str) -> dict[str, str]:
    return {"body.1": verdict, "body.4": verdict, "head.2": verdict}


def test_training_moves_everything(tmp_path: Path, net: Net) -> None:
    before = copy.deepcopy(net)
    train(net)
    assert verdicts(tmp_path, before, net) == everywhere("trained")


def test_a_body_frozen_by_requires_grad_alone_leaks(tmp_path: Path, net: Net) -> None:
    before = copy.deepcopy(net)
    net.body.requires_grad_(False)
    train(net)
    assert verdicts(tmp_path, before, net) == everywhere("leaky-freeze") | {"head.2": "trained"}
    document = json_of("diff", tmp_path / "a.pt", tmp_path / "b.pt")
    assert document["summary"]["story"].startswith(
        "body (2 layers): frozen, but the statistics drift: leaky freeze (BN701)"
    )


def test_a_body_frozen_by_requires_grad_and_eval_is_fully_frozen(tmp_path: Path, net: Net) -> None:
    before = copy.deepcopy(net)
    net.body.requires_grad_(False)
    train(net, after_train=net.body.eval)
    assert verdicts(tmp_path, before, net) == everywhere("fully-frozen") | {"head.2": "trained"}


def test_norm_eval_freezes_statistics_alone(tmp_path: Path, net: Net) -> None:
    before = copy.deepcopy(net)
    train(net, after_train=net.body.eval)
    assert verdicts(tmp_path, before, net) == everywhere("stats-frozen") | {"head.2": "trained"}


def test_momentum_zero_counts_and_moves_nothing(tmp_path: Path) -> None:
    net = Net(momentum=0.0)
    before = copy.deepcopy(net)
    train(net)
    assert verdicts(tmp_path, before, net) == everywhere("momentum-zero-or-dead")


def test_a_moving_average_that_copies_the_counters_is_averaged(tmp_path: Path, net: Net) -> None:
    averaged = copy.deepcopy(net)
    for step in range(3):
        train(net, seed=step)
        for target, source in zip(averaged.state_dict().values(), net.state_dict().values(), strict=True):
            target.copy_(target * 0.9 + source * 0.1 if target.is_floating_point() else source)
    assert verdicts(tmp_path, net, averaged) == everywhere("averaged-or-edited")


def test_a_moving_average_that_truncates_the_counters_is_averaged(tmp_path: Path, net: Net) -> None:
    start, averaged = copy.deepcopy(net), copy.deepcopy(net)
    for step in range(3):
        train(net, seed=step)
        for target, source in zip(averaged.state_dict().values(), net.state_dict().values(), strict=True):
            target.copy_(target * 0.99 + source * 0.01)
    assert verdicts(tmp_path, start, averaged) == everywhere("averaged-or-edited")


def test_a_teacher_that_averages_parameters_alone_is_told_to_lack_statistics(tmp_path: Path) -> None:
    torch.manual_seed(0)
    student = Net()
    teacher = copy.deepcopy(student)
    train(student)
    with torch.no_grad():
        for target, source in zip(teacher.parameters(), student.parameters(), strict=True):
            target.lerp_(source, 0.5)
    found = json_of("diff", saved(tmp_path / "student.pt", student), saved(tmp_path / "teacher.pt", teacher))
    assert [each["fingerprint"] for each in found["forensics"]] == ["initial-statistics"]


def test_an_average_of_weights_is_re_estimated_by_update_bn(tmp_path: Path, net: Net) -> None:
    averaged = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    for step in range(3):
        train(net, seed=step)
        averaged.update_parameters(net)
    before = copy.deepcopy(averaged)
    update_bn(batches(4), averaged)
    assert set(verdicts(tmp_path, before, averaged).values()) == {"re-estimated"}
    found = json_of("diff", saved(tmp_path / "last.pt", net), tmp_path / "b.pt")
    assert {layer["verdict"] for layer in found["layers"]} == {"rewound"}
    assert "averaging-wrapper" in {each.get("fingerprint") for each in found["forensics"]}


def test_averaging_files_makes_counters_floats_and_is_told(tmp_path: Path, net: Net) -> None:
    before = copy.deepcopy(net)
    train(net)
    average = {name: (value + net.state_dict()[name]) / 2 for name, value in before.state_dict().items()}
    torch.save(average, tmp_path / "average.pt")
    found = json_of("diff", saved(tmp_path / "a.pt", before), tmp_path / "average.pt")
    assert {layer["verdict"] for layer in found["layers"]} == {"averaged-or-edited"}
    assert [each.get("fingerprint") for each in found["forensics"]] == ["float-counters"]


def test_ranks_that_share_gradients_and_no_buffers_disagree(tmp_path: Path, net: Net) -> None:
    other = copy.deepcopy(net)
    for rank, replica in enumerate((net, other)):
        replica.train()
        with torch.no_grad():
            for x in batches(5, seed=rank):
                replica(x)
    assert verdicts(tmp_path, net, other) == everywhere("averaged-or-edited")
    assert verdicts(tmp_path, net, other, "--ranks") == everywhere("ranks-disagree")
    ranks = [saved(tmp_path / f"model_rank{rank}.pt", replica) for rank, replica in enumerate((net, other))]
    found = json_of("diff", *ranks)["layers"]
    assert {layer["verdict"] for layer in found} == {"ranks-disagree"}
    assert all(0 < layer["between_ranks"] < 1 for layer in found)


def test_layers_under_activation_checkpointing_count_twice(tmp_path: Path, net: Net) -> None:
    before = copy.deepcopy(net)
    net.checkpoints_body = True
    train(net, num_steps=6)
    files = saved(tmp_path / "a.pt", before), saved(tmp_path / "b.pt", net)
    found = json_of("diff", *files)
    assert [layer["delta_num_batches_tracked"] for layer in found["layers"]] == [12, 12, 6]
    assert [each["times"] for each in found["forensics"]] == [2]


def test_a_dead_filter_gives_the_momentum_away(tmp_path: Path) -> None:
    net = Net(momentum=0.03)
    with torch.no_grad():
        convolution = net.body[0]
        assert isinstance(convolution, nn.Conv2d)
        convolution.weight[:3] = 0
    convolution.requires_grad_(False)
    train(net)
    before = copy.deepcopy(net)
    train(net, num_steps=20)
    files = saved(tmp_path / "a.pt", before), saved(tmp_path / "b.pt", net)
    (momentum,) = [each for each in json_of("diff", *files)["forensics"] if each["question"] == "momentum"]
    assert momentum["momentum_low"] <= 0.03 <= momentum["momentum_high"]
    assert momentum["num_channels"] == 3


@pytest.mark.parametrize("twin", ["digits.safetensors", "digits_legacy.pth", "digits_module.pt"])
def test_one_network_is_identical_in_every_format(twin: str) -> None:
    document = json_of("diff", SAMPLES / "digits.pt", SAMPLES / twin, "--exit-code")
    assert document["summary"]["are_equal"]
    assert {layer["verdict"] for layer in document["layers"]} == {"identical"}


def test_exit_code_1_says_that_something_differs_and_only_if_asked(tmp_path: Path, net: Net) -> None:
    files = saved(tmp_path / "a.pt", net), tmp_path / "b.pt"
    train(net)
    saved(files[1], net)
    assert invoke("diff", *files).exit_code == 0
    assert invoke("diff", *files, "--exit-code").exit_code == 1
    assert invoke("diff", files[0], files[0], "--exit-code").exit_code == 0


def test_a_half_precision_copy_is_identical_and_the_table_says_so(tmp_path: Path, net: Net) -> None:
    half = copy.deepcopy(net).half()
    files = saved(tmp_path / "a.pt", net), saved(tmp_path / "b.pt", half)
    completed = invoke("diff", *files, "--exit-code")
    assert completed.exit_code == 0
    assert completed.stdout.count("float32 to float16") == 3


def test_layers_sort_and_are_chosen_as_in_inspect(tmp_path: Path, net: Net) -> None:
    files = saved(tmp_path / "a.pt", net), tmp_path / "b.pt"
    train(net)
    saved(files[1], net)
    shifts = [layer["mean_shift"] for layer in json_of("diff", *files, "--sort", "-mean_shift")["layers"]]
    assert shifts == sorted(shifts, reverse=True)
    assert [layer["name"] for layer in json_of("diff", *files, "--layer", "head*")["layers"]] == ["head.2"]
    assert len(json_of("diff", *files, "--top", "1")["layers"]) == 1
    assert invoke("diff", *files, "--columns", "layer,verdict", "-f", "csv").stdout.startswith("layer,verdict\n")
    assert "mean_shift" in invoke("diff", *files, "--columns", "help").stdout
    assert invoke("diff", *files, "--layer", "nowhere").exit_code == 3


@pytest.mark.skipif(not FASTESTDET[0].is_file(), reason="published checkpoints are not here")
def test_a_published_detector_names_the_backbone_that_it_came_from() -> None:
    document: dict[str, Any] = json_of("diff", *FASTESTDET)
    assert document["renames"] == [{"before": "", "after": "backbone", "num_layers": 55}]
    assert len(document["added"]) == 15
    assert document["summary"]["verdicts"] == {"trained": 55}
    assert {layer["delta_num_batches_tracked"] for layer in document["layers"]} == {343_102}
    assert document["forensics"][0]["parent_counters"] == [1_562_413]
    assert "1,905,515 - 343,102 = 1,562,413" in document["forensics"][0]["evidence"]
