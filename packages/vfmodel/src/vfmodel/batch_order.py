"""Which clips each batch holds: a pure function of the step, the process and the sources' weights.

All batches of one optimiser step, on all processes, are of one shape, so that no process waits for
another and gradients of clips of different cost are never mixed. Within a shape, sources take turns
clip by clip.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from torch.utils.data import Sampler

from vfmodel.interleave import Interleaving

# (source, position in the endless stream of that source).
Pick = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Sources whose clips have one shape.

    Attributes:
        batch_size: Clips in a batch, on each process.
        sources: Their numbers.
        weights: Their weights, all > 0.
    """

    batch_size: int
    sources: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Team:
    """Who shares the clips of an optimiser step.

    Attributes:
        rank: This process.
        world_size: All processes.
        accumulate: Batches of each process in a step.
    """

    rank: int = 0
    world_size: int = 1
    accumulate: int = 1

    def seats(self, batch_size: int, part: int) -> list[int]:
        """Where the clips of this process's batch `part` stand in the joint batch of the step.

        The joint batch is the same one, in the same order, however many processes and parts it is
        dealt to.
        """
        return [(part * batch_size + i) * self.world_size + self.rank for i in range(batch_size)]

    def joint_size(self, batch_size: int) -> int:
        """Clips in a step, of all processes and parts."""
        return batch_size * self.accumulate * self.world_size


class BatchOrder(Sampler[list[Pick]]):
    """The batches of one process, from an optimiser step on, without end."""

    def __init__(self, buckets: Sequence[Bucket], team: Team, first_step: int) -> None:
        self.buckets = buckets
        self.team = team
        self.first_step = first_step
        self._shapes = Interleaving([sum(bucket.weights) for bucket in buckets])
        self._sources = [Interleaving(bucket.weights) for bucket in buckets]

    def __iter__(self) -> Iterator[list[Pick]]:
        """Counts from the first step, however often it is asked."""
        for step in count(self.first_step):
            for part in range(self.team.accumulate):
                yield self.batch(step, part)

    def batch(self, step: int, part: int) -> list[Pick]:
        """The clips of this process's batch `part` of a step."""
        shape, turn = self._shapes.turn(step)
        bucket = self.buckets[shape]
        first = turn * self.team.joint_size(bucket.batch_size)
        picks = []
        for seat in self.team.seats(bucket.batch_size, part):
            source, position = self._sources[shape].turn(first + seat)
            picks.append((bucket.sources[source], position))
        return picks
