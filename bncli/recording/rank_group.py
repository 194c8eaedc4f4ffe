"""The processes that record together: one, or the ranks that torchrun started."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bncli.errors import BncliError, InvalidUsage
from bncli.recording.run_environment import environment_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch.distributed.distributed_c10d import Store

FIRST_RANK = 0


class LostRank(BncliError):
    """Another rank died, or did not answer within the timeout."""


class RankGroup(Protocol):
    """What ranks do together; every rank has to call the same methods in the same order."""

    rank: int
    size: int

    def require_equal(self, facts: Mapping[str, Callable[[], int]]) -> None:
        """Compare a few numbers of at most 63 bits, before anything whose size depends on them is exchanged.

        Args:
            facts: by what a number stands for, what gives it; not called where there is nothing to compare with.

        Raises:
            InvalidUsage: the ranks disagree; the message names the first fact that differs.
        """

    def gather(self, content: bytes) -> list[bytes] | None:
        """Give bytes of any length to the first rank, which gets those of all ranks in their order; others get `None`.

        Raises:
            LostRank: a rank does not answer.
        """

    def agree(self, value: int) -> list[int]:
        """Return the value of every rank, in their order, on every rank."""

    def close(self) -> None:
        """Leave the group, when nothing more is to be exchanged and all went well."""


class SoloGroup:
    """One process by itself."""

    rank = 0
    size = 1

    def require_equal(self, facts: Mapping[str, Callable[[], int]]) -> None:
        """Agree with itself."""

    def gather(self, content: bytes) -> list[bytes] | None:
        """Return the content."""
        return [content]

    def agree(self, value: int) -> list[int]:
        """Return the value."""
        return [value]

    def close(self) -> None:
        """Leave nobody."""


class GlooGroup:
    """The ranks of a torchrun, over gloo: what they exchange lies in the memory of the CPU, whatever the model runs on.

    The group is the recording's own, and not torch's default one: layers that would talk to other ranks by themselves,
    such as SyncBatchNorm, find none and keep to their batch.

    Raises:
        LostRank: not all ranks came within the timeout.
    """

    def __init__(self, store: Store, rank: int, size: int, timeout_seconds: float) -> None:
        from torch.distributed.distributed_c10d import ProcessGroupGloo  # noqa: PLC0415

        self.rank = rank
        self.size = size
        self._timeout_seconds = timeout_seconds
        timeout = timedelta(seconds=timeout_seconds)
        store.set_timeout(timeout)
        self._group = self._told(lambda: ProcessGroupGloo(store, rank, size, timeout))

    @classmethod
    def of_torchrun(cls, timeout_seconds: float) -> GlooGroup:
        """Return the group of the ranks that torchrun started."""
        from torch.distributed.distributed_c10d import PrefixStore  # noqa: PLC0415
        from torch.distributed.rendezvous import rendezvous  # noqa: PLC0415

        try:
            store, rank, size = next(iter(rendezvous("env://", timeout=timedelta(seconds=timeout_seconds))))
        except RuntimeError as error:
            raise _lost_rank(error, timeout_seconds) from error
        except ValueError as error:
            raise InvalidUsage(
                f"the environment names no group of processes: {error}", hint="start the ranks with torchrun"
            ) from error
        return cls(PrefixStore("bncli", store), rank, size, timeout_seconds)

    def require_equal(self, facts: Mapping[str, Callable[[], int]]) -> None:
        """Compare the facts of all ranks; see `RankGroup`."""
        by_rank = self._all_gather([fact() for fact in facts.values()])
        for rank, values in enumerate(by_rank):
            for name, ours, theirs in zip(facts, by_rank[FIRST_RANK], values, strict=True):
                if ours != theirs:
                    raise InvalidUsage(
                        f"rank {rank} differs from rank {FIRST_RANK} in {name}",
                        hint="all ranks need the same model with the same weights, and the same options",
                    )

    def gather(self, content: bytes) -> list[bytes] | None:
        """Give bytes to the first rank; see `RankGroup`."""
        import torch  # noqa: PLC0415

        lengths = self.agree(len(content))
        # The training may have torch make tensors on a device that gloo does not take.
        padded = torch.zeros(max(1, *lengths), dtype=torch.uint8, device="cpu")
        padded.numpy()[: len(content)] = np.frombuffer(content, np.uint8)
        is_first = self.rank == FIRST_RANK
        gathered = [[torch.empty_like(padded) for _ in lengths]] if is_first else []
        self._told(lambda: self._group.gather(gathered, [padded], _gather_options()).wait())
        if not is_first:
            return None
        return [part[:length].numpy().tobytes() for part, length in zip(gathered[0], lengths, strict=True)]

    def agree(self, value: int) -> list[int]:
        """Return the value of every rank; see `RankGroup`."""
        return [values[0] for values in self._all_gather([value])]

    def close(self) -> None:
        """Wait for gloo's threads, which still let go of tensors: at the end of Python that would abort the process."""
        del self._group

    def _all_gather(self, values: list[int]) -> list[list[int]]:
        import torch  # noqa: PLC0415

        ours = torch.tensor(values, dtype=torch.int64, device="cpu")
        gathered = [[torch.empty_like(ours) for _ in range(self.size)]]
        self._told(lambda: self._group.allgather(gathered, [ours]).wait())
        return [part.tolist() for part in gathered[0]]

    def _told(self, exchange: Callable[[], Any]) -> Any:
        """Return what an exchange gives; a rank that is gone is told in one line."""
        try:
            return exchange()
        except RuntimeError as error:  # torch.distributed.DistError is one
            raise _lost_rank(error, self._timeout_seconds) from error


def _lost_rank(error: RuntimeError, timeout_seconds: float) -> LostRank:
    reason = str(error).strip().partition("\n")[0]
    return LostRank(
        f"another rank is gone, or did not answer within {timeout_seconds:g} s ({reason})",
        hint="what the other ranks say tells why; --timeout gives slow ones longer",
    )


def rank_group(timeout_seconds: float) -> RankGroup:
    """Return the group of this process: that of torchrun where it was started by it.

    Raises:
        InvalidUsage: the environment is not as torchrun makes it.
        LostRank: not all ranks came within the timeout.
    """
    if environment_number("WORLD_SIZE", 1) > 1:
        return GlooGroup.of_torchrun(timeout_seconds)
    return SoloGroup()


def _gather_options() -> Any:
    from torch.distributed.distributed_c10d import GatherOptions  # noqa: PLC0415

    options = GatherOptions()
    options.rootRank = FIRST_RANK
    return options
