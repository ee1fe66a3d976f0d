"""Broken clips give way to others: which ones, how often, and what is told of it."""

from collections import Counter

import pytest
from torch.utils.data import DataLoader

from hdvg.errors import InputError
from vfmodel.sound_clips import SoundClips, check_sound, collate


class Numbers:
    """Clip i of epoch e is (e, i); some cannot be read."""

    def __init__(self, count, broken=(), error=InputError):
        self.count = count
        self.broken = set(broken)
        self.error = error
        self.epoch = 0

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index in self.broken:
            raise self.error(f"clip {index} cannot be read")
        return {"epoch": self.epoch, "index": index}

    def set_epoch(self, epoch):
        self.epoch = epoch


@pytest.mark.parametrize("error", [InputError, OSError])
def test_a_clip_that_cannot_be_read_gives_way_to_another_and_is_named(error):
    clips = SoundClips(Numbers(10, {3, 4}, error), seed=1, source=2)
    assert clips[5] == {"epoch": 0, "index": 5, "skipped": []}
    item = clips[3]
    assert item["index"] not in {3, 4}
    assert item["skipped"][0] == (2, 3, "clip 3 cannot be read")
    assert {one.clip for one in item["skipped"]} <= {3, 4}


def test_other_errors_are_bugs_and_stay_so():
    with pytest.raises(ZeroDivisionError):
        SoundClips(Numbers(3, {1}, ZeroDivisionError), seed=0)[1]


def test_who_stands_in_depends_on_seed_epoch_and_index_alone():
    def items(seed, epoch, order):
        clips = SoundClips(Numbers(200, range(40)), seed=seed)
        clips.set_epoch(epoch)
        return {index: clips[index] for index in order}

    forward, backward = items(0, 5, range(40)), items(0, 5, reversed(range(40)))
    assert forward == backward
    assert all(item["epoch"] == 5 for item in forward.values())
    assert items(1, 5, range(40)) != forward
    assert items(0, 6, range(40)) != forward


def test_stand_ins_are_spread_over_the_sound_clips():
    clips = SoundClips(Numbers(10, range(5)), seed=0)
    found = Counter()
    for epoch in range(400):
        clips.set_epoch(epoch)
        found.update(clips[index]["index"] for index in range(5))
    # 2,000 draws over five clips: 400 each, with a standard deviation of 18.
    assert sorted(found) == [5, 6, 7, 8, 9]
    assert all(abs(count - 400) < 90 for count in found.values())


@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_keep_their_size_and_tell_what_was_skipped(num_workers):
    clips = SoundClips(Numbers(12, {0, 7}), seed=0)
    loader = DataLoader(clips, batch_size=4, num_workers=num_workers, collate_fn=collate)
    batches = list(loader)
    assert [len(batch["index"]) for batch in batches] == [4, 4, 4]
    first = [batch["skipped"][0].clip if batch["skipped"] else None for batch in batches]
    assert first == [0, 7, None]
    assert not {0, 7} & {int(i) for batch in batches for i in batch["index"]}


def test_where_no_clip_can_be_read_the_batch_says_so():
    clips = SoundClips(Numbers(3, range(3)), seed=0)
    (batch,) = DataLoader(clips, batch_size=3, num_workers=1, collate_fn=collate)
    assert list(batch) == ["skipped"]
    with pytest.raises(InputError, match=r"no clip can be read any more, 48 .*clip 0 cannot"):
        check_sound(batch)
    check_sound({"index": [1], "skipped": []})
