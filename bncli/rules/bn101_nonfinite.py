"""BN101: a statistic or parameter is NaN or infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule
from bncli.rules.checked_layer import worst_first
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    """Yield the broken layers from the cause on: those that NaN inputs leave come last."""
    broken = [layer for layer in file.layers if not layer.is_finite.all()]
    causes = [layer for layer in broken if not _is_consequence(layer)]
    consequences = [layer for layer in broken if _is_consequence(layer)]
    for index, layer in enumerate((*causes, *consequences)):
        is_first_cause = index == 0 and _has_overflowed(layer).any()
        yield _observation(layer, len(consequences) if is_first_cause else 0)


def _is_consequence(layer: CheckedLayer) -> bool:
    """Return whether all that is broken is what NaN inputs leave."""
    return bool((layer.is_finite | (np.isnan(layer.mean) & np.isnan(layer.var))).all())


def _observation(layer: CheckedLayer, num_consequences: int) -> Observation:
    broken = ~layer.is_finite
    num_broken_values = sum(
        (~np.isfinite(values)).astype(np.float64) for values in (layer.mean, layer.var, layer.weight, layer.bias)
    )
    is_constant = _is_constant(layer)
    layers = count(num_consequences, "more layer")
    return Observation(
        layer=layer.name,
        severity="error",
        channels=worst_first(broken, np.asarray(num_broken_values)),
        message="; ".join(_states(layer, is_constant))
        + (f"; the NaN in {layers} follows from it" if num_consequences else ""),
        remedy=_CONVERT_AGAIN if (is_constant == broken).all() else None,
    )


def _is_constant(layer: CheckedLayer) -> NDArray[np.bool_]:
    """Return which channels have an infinite variance and nothing else: they are divided by infinity, which gives 0."""
    is_constant: NDArray[np.bool_] = (
        np.isposinf(layer.var) & np.isfinite(layer.mean) & np.isfinite(layer.weight) & np.isfinite(layer.bias)
    )
    return is_constant


def _has_overflowed(layer: CheckedLayer) -> NDArray[np.bool_]:
    has_overflowed: NDArray[np.bool_] = np.isinf(layer.mean) & np.isnan(layer.var)
    return has_overflowed


def _states(layer: CheckedLayer, is_constant: NDArray[np.bool_]) -> Iterator[str]:
    """Yield what is broken with what it does in eval mode."""
    causes = "; ".join(_causes(layer, is_constant))
    if causes:
        yield f"{causes}: no finite output there in eval mode"
    if is_constant.any():
        yield (
            f"{_running(is_constant)} variance infinite and mean finite, {_too_large(layer)}: in eval mode the output "
            "there is the bias, whatever comes in"
        )


def _too_large(layer: CheckedLayer) -> str:
    if layer.layer.dtype == "float16":
        return "as a conversion to float16 leaves a variance above 65,504"
    return "as a type leaves a variance that is too large for it, such as one above 65,504 for float16"


def _causes(layer: CheckedLayer, is_constant: NDArray[np.bool_]) -> Iterator[str]:
    """Yield what is broken, with the cause that this combination of values points to, one phrase for each."""
    mean, var = layer.mean, layer.var
    has_overflowed = _has_overflowed(layer)
    had_one_value = np.isfinite(mean) & np.isnan(var)
    is_other = ~(np.isfinite(mean) & np.isfinite(var)) & ~has_overflowed & ~had_one_value & ~is_constant
    if has_overflowed.any():
        yield f"{_running(has_overflowed)} mean infinite and variance NaN, as one batch leaves them that overflowed"
    if had_one_value.any():
        yield f"{_running(had_one_value)} variance NaN and mean finite, as a batch of one value per channel leaves them"
    if is_other.any():
        yield (
            f"{_running(is_other)} mean or variance NaN or infinite, as NaN or infinite inputs leave them (look at the "
            "layers before)"
        )
    for name, values in (("weight", layer.weight), ("bias", layer.bias)):
        num_broken = int((~np.isfinite(values)).sum())
        if num_broken:
            yield f"{count(num_broken, 'channel')} with a {name} that is NaN or infinite, as a diverged run leaves them"


def _running(is_hit: NDArray[np.bool_]) -> str:
    return f"{count(int(is_hit.sum()), 'channel')} with running"


_CONVERT_AGAIN = "Convert the checkpoint from before float16 again, and keep batch normalization in float32."

RULE = Rule(
    code="BN101",
    name="nonfinite",
    severity="error",
    summary="A running statistic, weight or bias is NaN or infinite.",
    rationale=(
        "In train mode the layer normalizes with the batch and nothing shows; in eval mode the channel is NaN, and "
        "after the next convolution every channel is. The running average never forgets: (1 - momentum) * NaN stays "
        "NaN, so one bad batch breaks the layer for good.\n\n"
        "A mean of infinity beside a variance of NaN is the trace of a single activation that overflowed, usual under "
        "mixed precision: GradScaler skips the optimizer's step for that batch, but the running statistics were "
        "already updated in the forward pass. A finite mean beside a variance of NaN comes from a batch with one value "
        "per channel, whose unbiased variance is 0 / 0. Behind such a layer mean and variance of every channel become "
        "NaN; the layers that may be the cause are told before those.\n\n"
        "An infinite variance beside a finite mean is a large one that was converted to float16, which ends at 65,504. "
        "The channel is divided by infinity: its output is finite, and constant at the bias."
    ),
    thresholds=(),
    remedy=(
        "Reset the running statistics and estimate them again from clean batches; then find the batch that overflowed, "
        "or drop the last batch if it can be of size 1."
    ),
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)  # resets the statistics, then averages over the batches
assert all(torch.isfinite(buffer).all() for buffer in model.buffers())
""",
    references=(
        "pytorch/pytorch#90342",
        "pytorch/pytorch#88474",
        "pytorch/pytorch#96798",
        "pytorch/pytorch#1206",
        "facebookresearch/SparseConvNet#190",
        "tensorflow/tensorflow#34062",
    ),
    evaluate=_evaluate,
    spreads=True,
)
