"""What the momentum in a recorded call tells: a cumulative average was turned into the number of that one step."""

from __future__ import annotations

_LEAST_SHARE = 2.0**-24
"""A float32 average of more batches than this would no longer move."""


def is_momentum_recorded(momentum: float, *, is_training: bool) -> bool:
    """Whether a number in a trace or an exported graph must be the momentum that the layer had.

    A layer whose momentum is `None` calls with 0 in eval mode, and with one over the count of batches in train mode.
    Such numbers may be either, so that they are taken for no record.

    Args:
        momentum: weight of the new batch, as the call has it.
        is_training: whether the layer was recorded in train mode.
    """
    if not is_training:
        return momentum != 0
    return momentum > 1 or (momentum > _LEAST_SHARE and momentum != 1 / round(1 / momentum))
