"""Ordinary runs: nothing is wrong with what they leave."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from torch.optim.swa_utils import AveragedModel, update_bn

from benchmarks.diagnosis.case import Case, Specimen
from benchmarks.diagnosis.digit_net import layers_of
from benchmarks.diagnosis.digits import Feed, batches
from benchmarks.diagnosis.saving import copied, module_of_run, save_state, state_of_run, trained_net
from benchmarks.diagnosis.training import Recipe, new_net, train
from bncli.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import nn

_BASE = Recipe()
_ON = Recipe(num_steps=60, learning_rate=0.02)

_RECIPES: Mapping[str, Recipe] = {
    "default": _BASE,
    "width-16": Recipe(width=16),
    "width-24": Recipe(width=24, num_steps=80),
    "depth-2": Recipe(depth=2),
    "depth-4": Recipe(depth=4),
    "depth-6": Recipe(depth=6),
    "residual": Recipe(depth=5, is_residual=True),
    "residual-wide": Recipe(width=16, depth=4, is_residual=True),
    "batch-8": Recipe(feed=Feed(batch_size=8)),
    "batch-16": Recipe(feed=Feed(batch_size=16)),
    "batch-64": Recipe(feed=Feed(batch_size=64)),
    "batch-128": Recipe(feed=Feed(batch_size=128), num_steps=60),
    "adam": Recipe(optimizer="adam", learning_rate=0.003),
    "adam-fast": Recipe(optimizer="adam", learning_rate=0.02),
    "adamw": Recipe(optimizer="adamw", learning_rate=0.003, weight_decay=0.05),
    "plain-sgd": Recipe(optimizer="plain-sgd", learning_rate=0.1),
    "slow": Recipe(learning_rate=0.005),
    "fast": Recipe(learning_rate=0.2),
    "warm-up": Recipe(learning_rate=0.1, warm_up=30),
    "no-weight-decay": Recipe(weight_decay=0.0),
    "weight-decay": Recipe(weight_decay=5e-3),
    "long": Recipe(num_steps=320),
    "short": Recipe(num_steps=60),
    "pictures-0-to-1": Recipe(feed=Feed(scale=0.376, offset=0.305)),
    "pictures-0-to-255": Recipe(feed=Feed(scale=96.0, offset=78.0)),
    "inverted": Recipe(feed=Feed(inverts=True)),
    "width-12": Recipe(width=12),
    "width-16-depth-2": Recipe(width=16, depth=2),
    "width-16-depth-5": Recipe(width=16, depth=5, num_steps=80),
    "depth-5": Recipe(depth=5),
    "depth-5-adam": Recipe(depth=5, optimizer="adam", learning_rate=0.003),
    "residual-adam": Recipe(depth=4, is_residual=True, optimizer="adam", learning_rate=0.003),
    "residual-warm-up": Recipe(depth=5, is_residual=True, warm_up=30, learning_rate=0.1),
    "residual-long": Recipe(depth=4, is_residual=True, num_steps=320),
    "batch-16-adamw": Recipe(feed=Feed(batch_size=16), optimizer="adamw", learning_rate=0.003),
    "batch-64-adam": Recipe(feed=Feed(batch_size=64), optimizer="adam", learning_rate=0.01),
    "batch-64-fast": Recipe(feed=Feed(batch_size=64), learning_rate=0.2, num_steps=80),
    "batch-8-slow": Recipe(feed=Feed(batch_size=8), learning_rate=0.01),
    "long-adam": Recipe(num_steps=320, optimizer="adam", learning_rate=0.003),
    "long-warm-up": Recipe(num_steps=320, warm_up=60, learning_rate=0.1),
    "long-without-weight-decay": Recipe(num_steps=320, weight_decay=0.0),
    "long-fast": Recipe(num_steps=320, learning_rate=0.2),
    "plain-sgd-small-batches": Recipe(optimizer="plain-sgd", learning_rate=0.05, feed=Feed(batch_size=8)),
    "adamw-warm-up": Recipe(optimizer="adamw", learning_rate=0.01, warm_up=30),
    "inverted-wide": Recipe(width=16, feed=Feed(inverts=True)),
    "pictures-0-to-1-adam": Recipe(feed=Feed(scale=0.376, offset=0.305), optimizer="adam", learning_rate=0.01),
    "pictures-0-to-255-warm-up": Recipe(feed=Feed(scale=96.0, offset=78.0), warm_up=30),
    "low-contrast": Recipe(feed=Feed(scale=0.3)),
    "high-contrast": Recipe(feed=Feed(scale=3.0)),
}
"""Saved as state dicts, with the default eps and momentum."""
_RECORDED = frozenset({"default", "batch-8", "batch-64", "adam", "plain-sgd", "fast", "warm-up", "long", "inverted"})
"""Ordinary runs whose statistics are held against recorded data too."""

_RECIPES_WITH_SETTINGS: Mapping[str, Recipe] = {
    "module": _BASE,
    "momentum-0.05": Recipe(momentum=0.05),
    "momentum-0.03": Recipe(momentum=0.03, num_steps=200),
    "momentum-0.01": Recipe(momentum=0.01, num_steps=480),
    "cumulative-average": Recipe(momentum=None),
    "eps-1e-3": Recipe(eps=1e-3),
    "eps-1e-6": Recipe(eps=1e-6),
    "keras-settings": Recipe(momentum=0.01, eps=1e-3, num_steps=480),
    "efficientnet-settings": Recipe(momentum=0.01, eps=1e-3, num_steps=480, optimizer="adam", learning_rate=0.003),
}
"""Saved as whole modules."""


def _pair(seed: int, folder: Path, change: Callable[[nn.Module], nn.Module]) -> Specimen:
    """Return an ordinary run's state, and that of what becomes of it."""
    net = trained_net(seed)
    before = save_state(copied(net.state_dict()), folder, "before")
    return Specimen(save_state(change(net).state_dict(), folder), before)


def _trained_on(seed: int, folder: Path) -> Specimen:
    return _pair(seed, folder, lambda net: train(net, _ON, seed + 100))


def _fine_tuned_for_another_domain(seed: int, folder: Path) -> Specimen:
    return _pair(seed, folder, lambda net: train(net, replace(_ON, feed=Feed(inverts=True)), seed + 100))


def _frozen_well(seed: int, folder: Path) -> Specimen:
    """The first two blocks are frozen and in eval mode, as they should be."""

    def tune(net: nn.Module) -> nn.Module:
        for block in net.blocks[:2]:
            block.eval().requires_grad_(False)
        return train(net, _ON, seed + 100)

    return _pair(seed, folder, tune)


def _norm_eval(seed: int, folder: Path) -> Specimen:
    """Statistics are kept on purpose, as detection frameworks do."""

    def tune(net: nn.Module) -> nn.Module:
        for layer in layers_of(net):
            layer.eval()
        return train(net, _ON, seed + 100)

    return _pair(seed, folder, tune)


def _re_estimated(seed: int, folder: Path) -> Specimen:
    def estimate(net: nn.Module) -> nn.Module:
        update_bn((x for x, _ in batches(Feed(), 50, seed + 100)), net)
        return net

    return _pair(seed, folder, estimate)


def _averaged_well(seed: int, folder: Path) -> Specimen:
    """Weights averaged over a run, statistics estimated for them."""

    def average(net: nn.Module) -> nn.Module:
        mean = AveragedModel(net)
        train(net, _ON, seed + 100, lambda step: mean.update_parameters(net) if step % 10 == 0 else None)
        update_bn((x for x, _ in batches(Feed(), 50, seed + 200)), mean)
        return mean.module

    return _pair(seed, folder, average)


def _moving_average_with_buffers(seed: int, folder: Path) -> Specimen:
    """A moving average that takes buffers along, and copies counters."""

    def follow(net: nn.Module) -> nn.Module:
        average = copy.deepcopy(net)

        def move(_: int) -> None:
            for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
                mean.lerp_(value, 0.05) if mean.is_floating_point() else mean.copy_(value)

        train(net, _ON, seed + 100, move)
        return average

    return _pair(seed, folder, follow)


def _copied_in_float64(seed: int, folder: Path) -> Specimen:
    return _pair(seed, folder, lambda net: net.double())


def _halved_after_training(seed: int, folder: Path) -> Specimen:
    return Specimen(save_state(trained_net(seed).half().state_dict(), folder))


def _bfloat16_after_training(seed: int, folder: Path) -> Specimen:
    return Specimen(save_state(trained_net(seed).bfloat16().state_dict(), folder))


def _student_and_teacher(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    teacher = copy.deepcopy(net)
    state = {f"{part}.{name}": t for part in ("student", "teacher") for name, t in teacher.state_dict().items()}
    return Specimen(save_state(copied(state), folder))


def _untrained(seed: int, folder: Path) -> Specimen:
    return Specimen(save_state(new_net(_BASE, seed).state_dict(), folder))


def _without_counters(seed: int, folder: Path) -> Specimen:
    """A file from before PyTorch counted updates."""
    state = {n: t for n, t in trained_net(seed).state_dict().items() if not n.endswith("num_batches_tracked")}
    return Specimen(save_state(state, folder))


HEALTHY_RUNS = (
    *(
        Case(name, "an ordinary run", state_of_run(recipe), data=recipe.feed if name in _RECORDED else None)
        for name, recipe in _RECIPES.items()
    ),
    *(Case(name, "an ordinary run, saved whole", module_of_run(r)) for name, r in _RECIPES_WITH_SETTINGS.items()),
    Case("trained-on", "training went on", _trained_on, verdict=Verdict.TRAINED, data=Feed()),
    Case("fine-tuned", "fine-tuned for another domain", _fine_tuned_for_another_domain, verdict=Verdict.TRAINED),
    Case("frozen-well", "two blocks frozen and in eval mode", _frozen_well, verdict=Verdict.TRAINED),
    Case("norm-eval", "statistics kept on purpose", _norm_eval, verdict=Verdict.STATS_FROZEN),
    Case("re-estimated", "statistics estimated anew", _re_estimated, verdict=Verdict.RE_ESTIMATED, data=Feed()),
    Case("averaged-well", "averaged, statistics estimated", _averaged_well, verdict=Verdict.REWOUND, data=Feed()),
    Case("average-with-buffers", "a moving average of everything", _moving_average_with_buffers,
         verdict=Verdict.TRAINED),
    Case("copied-in-float64", "the same in another precision", _copied_in_float64, verdict=Verdict.IDENTICAL),
    Case("halved-after-training", "saved in float16", _halved_after_training),
    Case("bfloat16-after-training", "saved in bfloat16", _bfloat16_after_training),
    Case("student-and-teacher", "a copy beside the model", _student_and_teacher),
    Case("untrained", "a new model", _untrained),
    Case("without-counters", "from before PyTorch counted updates", _without_counters),
)  # fmt: skip
