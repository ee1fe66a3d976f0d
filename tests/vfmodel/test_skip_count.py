"""What the count of broken clips tolerates, by exact binomial odds, and what it says."""

import logging
import math
from unittest.mock import Mock

import pytest
from lightning.pytorch import LightningModule, Trainer

from hdvg.errors import InputError
from vfmodel.skip_count import SkipCount, Tally
from vfmodel.sound_clips import Skipped


def odds(read, skipped, share):
    """Probability of so many broken clips or more, the sum of the binomial distribution."""
    return sum(
        math.comb(read, k) * share**k * (1 - share) ** (read - k) for k in range(skipped, read + 1)
    )


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("read", [1, 4, 20, 100, 400])
def test_chance_does_not_stop_a_run_and_a_broken_dataset_does(read, share):
    least = next((k for k in range(read + 1) if Tally(read=read, skipped=k).exceeds(share)), None)
    if least is None:
        # Not even with all of them broken: that would be met more often than once in a million.
        assert share**read > 1e-6
        return
    assert odds(read, least, share) < 1e-6
    # The bound is not idle: what it still allows is at most a few hundred times rarer.
    assert odds(read, least - 1, share) > 1e-10


def test_five_broken_clips_in_a_row_are_too_many_and_one_in_twenty_never_is():
    assert not Tally(read=4, skipped=4).exceeds(0.05)
    assert Tally(read=5, skipped=5).exceeds(0.05)
    assert not Tally(read=10**9, skipped=10**9 // 20).exceeds(0.05)
    assert Tally(read=10**9, skipped=10**9 // 19).exceeds(0.05)


def test_without_tolerance_the_first_one_stops():
    assert Tally(read=10**6, skipped=1).exceeds(0.0)
    assert not Tally(read=10**6).exceeds(0.0)


def test_each_clip_is_new_once():
    tally = Tally()
    a, b = Skipped(0, 7, "a"), Skipped(1, 7, "b")
    assert tally.add(4, [a, b, a]) == [a, b]
    assert tally.add(4, [b, a]) == []
    assert (tally.read, tally.skipped) == (8, 5)
    many = [Skipped(2, index, "c") for index in range(5000)]
    assert len(tally.add(5000, many)) == 998
    assert tally.skipped == 5005


def trainer():
    """One process, whose sum over all is its own."""
    run = Mock(spec=Trainer)
    before = (6, [Skipped(0, 9, "clip j")])
    run.configure_mock(
        world_size=1,
        is_global_zero=True,
        datamodule=Mock(read_before_training=lambda: before),
        strategy=Mock(reduce=lambda tensor, reduce_op: tensor),
    )
    return run


class Noting(LightningModule):
    """Keeps what it is told to log."""

    def __init__(self):
        super().__init__()
        self.logged = []

    def log(self, name, value):
        assert name == "data/skipped"
        self.logged.append(value)


def test_it_names_each_logs_all_and_sums_up(caplog):
    caplog.set_level(logging.INFO)
    count, run, model = SkipCount(0.5), trainer(), Noting()
    count.on_train_start(run, model)
    for skipped in ([Skipped(0, 3, "clip c")], [], [Skipped(0, 3, "clip c")]):
        count.on_train_batch_start(run, model, {"clip_id": ["x"] * 4, "skipped": skipped}, 0)
    count.on_train_end(run, model)
    assert model.logged == [2.0, 2.0, 3.0]
    assert caplog.messages == ["skipped: clip j", "skipped: clip c", "20 clips read, 3 skipped"]


def test_a_resumed_run_goes_on_counting():
    first, second, run = SkipCount(0.5), SkipCount(0.5), trainer()
    first.on_train_start(run, Noting())
    second.load_state_dict(first.state_dict())
    second.on_train_start(run, Noting())
    assert second.tally == first.tally == Tally(read=6, skipped=1, named={(0, 9)})


def test_too_many_stop_the_run_by_name():
    count, batch = SkipCount(0.0), {"clip_id": ["x"], "skipped": [Skipped(0, 3, "clip c")]}
    with pytest.raises(InputError, match=r"1 of the 2 clips .* data\.max_broken 0 allows.*clip c"):
        count.on_train_batch_start(trainer(), Noting(), batch, 0)


def test_an_empty_batch_stops_the_run_whatever_is_tolerated():
    count = SkipCount(0.99)
    with pytest.raises(InputError, match=r"no clip can be read any more.*clip c"):
        count.on_train_batch_start(trainer(), Noting(), {"skipped": [Skipped(0, 3, "clip c")]}, 0)
