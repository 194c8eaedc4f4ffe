"""Runs a rank's batches and gives what was seen to the first rank, until every rank is done or one has failed."""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from bncli.errors import BncliError, UserCodeFailed
from bncli.light_dataclass import dataclass
from bncli.recording.rank_group import FIRST_RANK
from bncli.recording.rank_message import RankMessage
from bncli.recording.user_code import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bncli.recording.observation import Observation
    from bncli.recording.program_observation import ProgramObservation
    from bncli.recording.rank_group import RankGroup
    from bncli.recording.shared_spool import SharedSpool
    from bncli.recording.spool import SpooledLayer

T = TypeVar("T")

_BATCHES_PER_EXCHANGE = 8
"""Batches of each rank between two messages: a run of several ranks that is killed loses at most so many of each."""


class _Status(IntEnum):
    RUNNING = 0
    DONE = 1
    FAILED = 2


@dataclass(slots=True)
class RankRun:
    """The run of one rank."""

    group: RankGroup
    observation: Observation | ProgramObservation
    calls: Iterator[Callable[[], Any]]
    """The forward passes of this rank, each to be called before the next one is asked for."""
    new_layers: list[SpooledLayer]
    """Layers that were introduced since the last message."""
    spool: SharedSpool | None
    """Where everything goes; `None` on all ranks but the first."""
    is_done: bool = field(default=False, init=False)
    num_batches: int = field(default=0, init=False)
    """Batches of this rank that went well."""

    def run(self, advance: Callable[[int], None]) -> None:
        """Run to the end; `advance` is told how many batches all ranks have done since its last call.

        Raises:
            UserCodeFailed: the loader or the model raised, here or on another rank.
            OutputFailed: the first rank could not write.
            LostRank: another rank is gone.
        """
        while True:
            num_before = self.num_batches
            cause = self._run_some()
            failure = self._share()
            statuses = self.group.agree(self._status(has_failed=cause is not None or failure is not None))
            advance((self.num_batches - num_before) * self.group.size)
            if _Status.FAILED in statuses:
                raise failure or self._failure(cause, statuses) from cause
            if all(status == _Status.DONE for status in statuses):
                return

    def _run_some(self) -> Exception | SystemExit | None:
        """Run a few batches; return what the user's code raised."""
        num_before = self.num_batches
        try:
            while not self.is_done and self.num_batches - num_before < self._most_at_once():
                call = next(self.calls, None)
                self.is_done = call is None
                if call is not None:
                    call()
                    self.num_batches += 1
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - whatever it is, the other ranks must hear of it first
            return raised
        return None

    def _most_at_once(self) -> int:
        is_alone_on_cpu = self.group.size == 1 and self.observation.is_free_to_fetch
        return 1 if is_alone_on_cpu else _BATCHES_PER_EXCHANGE

    def _share(self) -> BncliError | None:
        """Give what was seen to the first rank, which writes it; return what kept it from writing."""
        layers = self.new_layers.copy()
        self.new_layers.clear()
        message = RankMessage(layers, list(self.observation.fetch()), dict(self.observation.recomputed))
        received = self.group.gather(message.to_bytes())
        if self.spool is None or received is None:
            return None
        try:
            self.spool.write([RankMessage.from_bytes(content) for content in received])
        except BncliError as failure:
            return failure
        return None

    def _status(self, *, has_failed: bool) -> _Status:
        if has_failed:
            return _Status.FAILED
        return _Status.DONE if self.is_done else _Status.RUNNING

    def _failure(self, cause: Exception | SystemExit | None, statuses: list[int]) -> BncliError:
        hint = "what was recorded before stays in the .part file, which can be read; --debug shows where it happened"
        if cause is None:
            return _other_rank_failed(statuses)
        who = "" if self.group.size == 1 else f"rank {self.group.rank}, "
        return UserCodeFailed(f"{who}batch {self.num_batches + 1}: {told(cause)}", hint=hint)


def on_first_rank(group: RankGroup, action: Callable[[], T]) -> T | None:
    """Return what an action gives that only the first rank does; all ranks go on only if it went well.

    Raises:
        BncliError: what the action raised, on the first rank; that it failed, on the others.
    """
    result, failure = None, None
    if group.rank == FIRST_RANK:
        try:
            result = action()
        except BncliError as error:
            failure = error
    statuses = group.agree(_Status.DONE if failure is None else _Status.FAILED)
    if failure is not None:
        raise failure
    if _Status.FAILED in statuses:
        raise _other_rank_failed(statuses)
    return result


def _other_rank_failed(statuses: list[int]) -> BncliError:
    return UserCodeFailed(f"rank {statuses.index(_Status.FAILED)} failed", hint="its own message says why")
