"""The order of batches: how it is dealt out to processes and parts, and how sources share it."""

from collections import Counter
from itertools import islice

import pytest

from vfmodel.batch_order import BatchOrder, Bucket, Team

ONE = (Bucket(batch_size=4, sources=(0,), weights=(1.0,)),)
# Clips of two datasets in one shape, and still images of a third.
MIXED = (
    Bucket(batch_size=4, sources=(0, 2), weights=(1.0, 0.5)),
    Bucket(batch_size=8, sources=(1,), weights=(0.5,)),
)


def step_of(buckets, step, *, world_size=1, accumulate=1, batch_size=None):
    """The joint batch of a step: every pick at its seat."""
    if batch_size:
        buckets = [
            Bucket(batch_size=batch_size, sources=b.sources, weights=b.weights) for b in buckets
        ]
    seats = {}
    for rank in range(world_size):
        team = Team(rank=rank, world_size=world_size, accumulate=accumulate)
        order = BatchOrder(buckets, team, 0)
        for part in range(accumulate):
            batch = order.batch(step, part)
            seats |= dict(zip(team.seats(len(batch), part), batch, strict=True))
    return [seats[seat] for seat in range(len(seats))]


def test_one_source_is_read_from_end_to_end():
    picks = [p for batch in islice(BatchOrder(ONE, Team(), 0), 5) for p in batch]
    assert picks == [(0, position) for position in range(20)]


@pytest.mark.parametrize("buckets", [ONE, MIXED], ids=["one", "mixed"])
def test_the_joint_batch_does_not_depend_on_how_it_is_dealt_out(buckets):
    for step in range(12):
        whole = step_of(buckets, step, batch_size=12)
        assert len(whole) == 12
        assert step_of(buckets, step, batch_size=3, world_size=2, accumulate=2) == whole
        assert step_of(buckets, step, batch_size=6, world_size=2) == whole
        assert step_of(buckets, step, batch_size=4, accumulate=3) == whole


def test_a_step_has_one_shape_on_every_process_and_each_clip_comes_once():
    shape_of = {0: "clips", 2: "clips", 1: "stills"}
    seen, steps = [], Counter()
    for step in range(80):
        joint = step_of(MIXED, step, world_size=2, accumulate=2)
        shapes = {shape_of[source] for source, _ in joint}
        assert len(shapes) == 1
        assert len(joint) == {"clips": 16, "stills": 32}[min(shapes)]
        steps[min(shapes)] += 1
        seen += joint
    # Three quarters of the weight belong to the shape of clips, two thirds of those to source 0.
    assert steps == {"clips": 60, "stills": 20}
    counts = Counter(source for source, _ in seen)
    assert counts == {0: 640, 2: 320, 1: 640}
    for source, count in counts.items():
        assert sorted(p for s, p in seen if s == source) == list(range(count))


def test_a_later_start_reads_on_where_the_earlier_one_comes_to():
    team = Team(rank=1, world_size=2, accumulate=3)
    whole = list(islice(BatchOrder(MIXED, team, 0), 30))
    assert list(islice(BatchOrder(MIXED, team, 4), 18)) == whole[12:]
