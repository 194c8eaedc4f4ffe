from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime

import pytest

from bncli.formats.remote.retry_wait import seconds_before_retry


def headers(told: str | None) -> Message:
    made = Message()
    if told is not None:
        made["Retry-After"] = told
    return made


@pytest.mark.parametrize("told", ["0", "7", "86400"])
def test_the_server_says_how_many_seconds(told: str) -> None:
    assert seconds_before_retry(headers(told), 3) == float(told)


def test_the_server_may_name_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < seconds_before_retry(headers(soon), 1) <= 100
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert seconds_before_retry(headers(past), 1) == 0


@pytest.mark.parametrize("told", [None, "", "soon", "-5", "1.5", "٣", "Mon, 99 Nov 9999 99:99:99 GMT"])
def test_without_a_word_of_the_server_each_wait_is_twice_the_last(told: str | None) -> None:
    assert [seconds_before_retry(headers(told), number) for number in (1, 2, 3)] == [0.5, 1, 2]
