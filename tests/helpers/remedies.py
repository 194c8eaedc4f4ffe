"""Plants a fault in a torch model, runs a rule's snippet on it, and looks again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from bncli.analysis.layer_discovery import survey
from bncli.core.named_arrays import LayerHint
from bncli.rules.checked_file import checked_file
from tests.helpers.builders import ArraysInMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.rules.base import Explanation, Observation, Rule

NUM_CHANNELS = 8


class SmallModel(torch.nn.Module):
    """A convolution, batch normalization, ReLU and one more convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.producer = torch.nn.Conv2d(3, NUM_CHANNELS, 3, bias=False)
        self.bn = torch.nn.BatchNorm2d(NUM_CHANNELS)
        self.relu = torch.nn.ReLU()
        self.following = torch.nn.Conv2d(NUM_CHANNELS, 2, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = images.to(self.producer.weight.dtype)
        return self.following(self.relu(self.bn(self.producer(images))))


@dataclass
class Patient:
    """A model whose layer `bn` is trained, the batches that it was trained on, and its state dict."""

    model: SmallModel
    loader: list[torch.Tensor]
    state: dict[str, torch.Tensor] = field(default_factory=dict)
    """Filled when the fault is planted; what a snippet may repair before it is loaded."""

    def observations(self, rule: Rule) -> list[Observation]:
        """Return what a rule observes in the model as it is now."""
        return list(rule.evaluate(checked_file(survey(self._arrays(self.model.state_dict())))))

    def observations_in_state(self, rule: Rule) -> list[Observation]:
        """Return what a rule observes in the state dict."""
        return list(rule.evaluate(checked_file(survey(self._arrays(self.state)))))

    def run(self, rule: Explanation) -> None:
        """Run the snippet of a rule or verdict with the names that the catalogue promises."""
        names: dict[str, Any] = {
            "torch": torch,
            "model": self.model,
            "bn": self.model.bn,
            "producer": self.model.producer,
            "following": self.model.following,
            "loader": self.loader,
            "state": self.state,
        }
        exec(compile(rule.snippet, f"<snippet of {rule.code}>", "exec"), names)  # noqa: S102 - the snippet is ours

    def _arrays(self, state: dict[str, torch.Tensor]) -> ArraysInMemory:
        bn = self.model.bn
        hint = LayerHint(
            "bn",
            settings={"eps": bn.eps, "momentum": bn.momentum},
            training_mode=bn.training,
            producer_bias="producer.bias" if "producer.bias" in state else None,
        )
        values = {name: tensor.detach().numpy() for name, tensor in state.items()}
        return ArraysInMemory(values, {"bn": hint})


def patient(plant: Callable[[Patient], None]) -> Patient:
    """Return a patient with a planted fault, in eval mode unless the fault is another mode."""
    torch.manual_seed(3)
    loader = [torch.randn(4, 3, 6, 6) for _ in range(8)]
    seen = Patient(SmallModel(), loader)
    with torch.no_grad():
        seen.model.bn.weight.uniform_(0.5, 1.5)
        seen.model.bn.bias.uniform_(-0.3, 0.3)
        for _ in range(8):
            for images in loader:
                seen.model(images)
        seen.model.eval()
        plant(seen)
    seen.state = seen.state or dict(seen.model.state_dict())
    return seen
