"""What an eps and a momentum can be, whoever gives them."""

from __future__ import annotations

import math

from bncli.errors import InvalidUsage


def check_eps(eps: float) -> None:
    """Refuse an eps that no layer can have.

    Raises:
        InvalidUsage: negative or not finite.
    """
    if not (math.isfinite(eps) and eps >= 0):
        raise InvalidUsage(f"eps is {eps:g}: it must be a finite number, 0 or above")


def check_momentum(momentum: float | None) -> None:
    """Refuse a momentum that is no weight; `None` is the cumulative average.

    Raises:
        InvalidUsage: not a number from 0 to 1.
    """
    if momentum is not None and not 0 <= momentum <= 1:
        raise InvalidUsage(
            f"momentum is {momentum:g}: it must lie between 0 and 1, or be none",
            hint="momentum is the weight of the new batch; from Keras or TensorFlow take 1 - momentum",
        )
