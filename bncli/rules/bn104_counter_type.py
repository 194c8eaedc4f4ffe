"""BN104: the counter of updates is no count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

MOST_UPDATES = 2**62


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    counter = layer.layer.num_batches_tracked
    if counter is None:
        return
    fault = _fault(counter)
    if fault is not None:
        yield Observation(
            layer=layer.name,
            severity="warning",
            value=float(counter),
            threshold=None if isinstance(counter, float) else float(MOST_UPDATES if counter > 0 else 0),
            message=fault,
            remedy=_NO_MODEL if counter < 0 else None,
        )


def _fault(counter: int | float) -> str | None:
    if isinstance(counter, float):
        if not counter.is_integer():
            return (
                f"num_batches_tracked is {number(counter)}: checkpoints were averaged, counters included; running "
                "statistics of averaged weights are not the average of their statistics"
            )
        return (
            f"num_batches_tracked is {number(counter)}, stored as a float: a tool that averages checkpoints converted "
            "it, and averaged the running statistics too, which averaged weights do not have"
        )
    if counter < 0:
        return (
            f"num_batches_tracked is {counter:,}: the file is the difference of two checkpoints, a counter overflowed, "
            "or memory was never set"
        )
    if counter > MOST_UPDATES:
        return f"num_batches_tracked is {counter:,}: memory was never set, or bytes were swapped"
    return None


_NO_MODEL = (
    "Nothing, if the file is a difference of checkpoints, which is no model; otherwise round the counter to 0 or "
    "more, and estimate the statistics again."
)

RULE = Rule(
    code="BN104",
    name="counter-type",
    severity="warning",
    summary="num_batches_tracked is a float, a fraction, negative or absurdly large.",
    rationale=(
        "The counter is an int64. Tools that average checkpoints convert every tensor to float32 and average the "
        "counter with the rest; the running statistics were then averaged as well, although the statistics of averaged "
        "weights are others than the average of the statistics. Such a file wants its statistics estimated anew."
    ),
    thresholds=(
        Threshold(MOST_UPDATES, "an integer counter above it: warning", "Half the range of int64; no run comes near."),
    ),
    remedy="Estimate the running statistics of the averaged weights again; round the counter to an integer.",
    snippet="""\
for name, tensor in state.items():
    if name.endswith("num_batches_tracked"):
        state[name] = tensor.nan_to_num().clamp(min=0).round().long()
model.load_state_dict(state)
torch.optim.swa_utils.update_bn(loader, model)
""",
    references=(
        "huggingface/pytorch-image-models#224",
        "mosaicml/composer#624",
        "Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization, arXiv:1803.05407",
    ),
    evaluate=each_layer(_evaluate),
)
