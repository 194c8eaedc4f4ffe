"""From the text of an option --momentum to the weight of the new batch."""

from __future__ import annotations

from bncli.core.setting_limits import check_momentum
from bncli.errors import InvalidUsage


def momentum_of_option(text: str) -> float | None:
    """Return the weight of the new batch that an option gives, or `None` for the cumulative average.

    Raises:
        InvalidUsage: neither a number from 0 to 1 nor `none`.
    """
    momentum = number_of_option(text)
    check_momentum(momentum)
    return momentum


def number_of_option(text: str) -> float | None:
    """Return the number that an option gives, whatever it is, or `None` for the cumulative average.

    Raises:
        InvalidUsage: neither a number nor `none`.
    """
    if text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InvalidUsage(
            f"momentum is {text!r}: give a number from 0 to 1, or none for the cumulative average"
        ) from error
