from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bncli.errors import InvalidUsage
from bncli.recording.rank_group import GlooGroup, LostRank, SoloGroup, rank_group
from tests.helpers.ranks import on_ranks


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_first_rank_gets_the_bytes_of_all_in_their_order(size: int) -> None:
    def gather(group: GlooGroup) -> list[bytes] | None:
        return group.gather(bytes([group.rank]) * 1000 * group.rank)

    assert on_ranks(size, gather) == [[bytes([rank]) * 1000 * rank for rank in range(size)], *[None] * (size - 1)]


def test_every_rank_learns_the_values_of_all() -> None:
    assert on_ranks(3, lambda group: group.agree(10 * group.rank)) == [[0, 10, 20]] * 3


def test_ranks_that_differ_are_told_in_what() -> None:
    def compare(group: GlooGroup) -> None:
        group.require_equal({"the model": lambda: 1, "the options": lambda: 7 if group.rank < 2 else 8})

    for outcome in on_ranks(3, compare):
        assert isinstance(outcome, InvalidUsage)
        assert outcome.message == "rank 2 differs from rank 0 in the options"


def test_ranks_understand_each_other_whatever_device_torch_makes_tensors_on() -> None:
    def exchange(group: GlooGroup) -> list[bytes] | None:
        with torch.device("meta"):
            return group.gather(bytes([group.rank]))

    assert on_ranks(2, exchange) == [[b"\0", b"\1"], None]


def test_ranks_that_agree_go_on() -> None:
    assert on_ranks(2, lambda group: group.require_equal({"the model": lambda: 2**63 - 1})) == [None, None]


def test_a_rank_that_does_not_answer_is_lost_after_the_timeout() -> None:
    outcomes = on_ranks(2, lambda group: group.agree(1) if group.rank == 0 else None, timeout_seconds=1)
    assert isinstance(outcomes[0], LostRank)
    assert "did not answer within 1 s" in outcomes[0].message


def test_one_process_agrees_with_itself() -> None:
    group = SoloGroup()
    group.require_equal({"what takes long to find out": lambda: pytest.fail("nothing to compare with")})
    assert (group.gather(b"x"), group.agree(3)) == ([b"x"], [3])


def test_a_process_that_torchrun_did_not_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert isinstance(rank_group(1), SoloGroup)


def test_a_group_whose_others_never_come_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LostRank):
        rank_group(1)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"WORLD_SIZE": "abc"}, "the environment variable WORLD_SIZE is 'abc'"),
        ({"WORLD_SIZE": "2"}, "the environment names no group of processes: .*RANK expected"),
    ],
)
def test_an_environment_that_is_not_of_torchrun_is_told(
    variables: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidUsage, match=words):
        rank_group(1.0)


def gloo_threads() -> set[Path]:
    threads = Path("/proc/self/task").iterdir()
    return {thread for thread in threads if "gloo" in (thread / "comm").read_text()}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system does not tell of threads")
def test_a_group_that_was_left_has_no_threads() -> None:
    def exchange(group: GlooGroup) -> GlooGroup:
        group.gather(b"x" * 10**6)
        return group

    before = gloo_threads()
    groups = on_ranks(2, exchange)
    assert gloo_threads() > before
    for group in groups:
        assert isinstance(group, GlooGroup)
        group.close()
    assert gloo_threads() <= before
