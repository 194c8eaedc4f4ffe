from __future__ import annotations

import pytest

from bncli.formats.protobuf.first_fields import first_fields
from tests.helpers.protobuf_bytes import bytes_field, number_field


def test_fields_that_begin_in_the_head_are_told_even_if_they_end_behind_it() -> None:
    content = number_field(1, 7) + bytes_field(2, "name") + bytes_field(7, bytes(1000)) + number_field(8, 1)
    assert [field.number for field in first_fields(content[:100])] == [1, 2, 7]
    assert [field.number for field in first_fields(content)] == [1, 2, 7, 8]


def test_a_head_that_ends_inside_a_number_hides_only_that_field() -> None:
    content = number_field(1, 7) + number_field(300, 2**60) + bytes_field(400, bytes(1000))
    seen = [len(first_fields(content[:end])) for end in range(2, len(content))]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (1, 3)


def test_a_whole_file_shorter_than_the_head_is_read_to_its_end() -> None:
    assert [field.number for field in first_fields(number_field(1, 7))] == [1]


def test_the_last_field_may_reach_past_the_end_of_a_file_that_was_cut_off() -> None:
    assert [field.number for field in first_fields(number_field(1, 7) + bytes_field(7, b"", length=500))] == [1, 7]


@pytest.mark.parametrize("head", [b"\x00" * 20, b"\xff" * 20, b"PK\3\4" + bytes(20)])
def test_what_is_no_protocol_buffer_has_no_fields(head: bytes) -> None:
    assert first_fields(head) == []
