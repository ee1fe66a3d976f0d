"""The endless stream: its order against a slow formula, and where a resumed run starts."""

from itertools import islice
from types import SimpleNamespace

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.data import ClipConfig, ClipDataModule, ClipStream, Positions


class NumberedClips:
    """Item i of epoch e is (e, i)."""

    def __init__(self, count):
        self.count = count
        self.epoch = None

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"epoch": self.epoch, "index": index}

    def set_epoch(self, epoch):
        self.epoch = epoch


def module(global_step=0, rank=0, world_size=1, accumulate=1, **settings):
    clips = {"num_frames": 2, "height": 16, "width": 24}
    data = ClipDataModule("shapes:7", ClipConfig(**clips), num_workers=0, **settings)
    data.trainer = SimpleNamespace(
        global_step=global_step,
        global_rank=rank,
        world_size=world_size,
        accumulate_grad_batches=accumulate,
    )
    data.setup("fit")
    return data


def batches(data, count):
    return list(islice(iter(data.train_dataloader()), count))


def ids(found):
    return [clip_id for batch in found for clip_id in batch["clip_id"]]


def test_every_epoch_holds_every_clip_once_in_an_order_of_its_own():
    stream = ClipStream(NumberedClips(7), seed=3)
    items = [stream[p] for p in range(21)]
    assert [item["epoch"] for item in items] == [0] * 7 + [1] * 7 + [2] * 7
    orders = [tuple(item["index"] for item in items[7 * e : 7 * e + 7]) for e in range(3)]
    assert all(sorted(order) == list(range(7)) for order in orders)
    assert len(set(orders)) == 3


def test_the_clip_at_a_position_does_not_depend_on_what_was_read_before():
    straight = ClipStream(NumberedClips(5), seed=1)
    wanted = [straight[p] for p in range(15)]
    jumping = ClipStream(NumberedClips(5), seed=1)
    for position in (14, 0, 7, 6, 14, 3):
        assert jumping[position] == wanted[position]


def test_positions_of_two_ranks_take_turns():
    assert list(islice(Positions(6, 2), 4)) == [6, 8, 10, 12]
    assert list(islice(Positions(7, 2), 4)) == [7, 9, 11, 13]


def test_batches_have_the_shapes_that_training_reads():
    (batch,) = batches(module(batch_size=3), 1)
    assert batch["video"].shape == (3, 2, 3, 16, 24)
    assert batch["video"].dtype == torch.uint8
    assert len(batch["caption"]) == 3
    assert all("background" in text for text in batch["caption"])


def test_a_resumed_run_reads_on_where_it_stopped():
    whole = batches(module(batch_size=3), 6)
    rest = batches(module(batch_size=3, global_step=2, accumulate=2), 2)
    assert ids(rest) == ids(whole[4:])
    assert all((a["video"] == b["video"]).all() for a, b in zip(rest, whole[4:], strict=True))


def test_two_processes_share_the_stream_without_overlap():
    whole = ids(batches(module(batch_size=2), 4))
    first, second = (ids(batches(module(batch_size=2, rank=r, world_size=2), 2)) for r in (0, 1))
    assert [clip for pair in zip(first, second, strict=True) for clip in pair] == whole


def test_seeds_order_clips_differently():
    assert ids(batches(module(seed=0), 2)) != ids(batches(module(seed=1), 2))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"batch_size": 0}, "batch_size must be >= 1, got 0"),
        ({"num_workers": -1}, "-1"),
        ({"root": "shapes:many"}, "shapes:many"),
        ({"root": "shapes:0"}, "shapes:0"),
        ({"root": "/no/such/dataset"}, "/no/such/dataset"),
        ({"root": "/tmp"}, "/tmp"),
    ],
)
def test_what_cannot_be_read_is_named(settings, named):
    with pytest.raises(InputError, match=named):
        ClipDataModule(**settings).open()


def test_captions_and_selection_go_to_the_dataset(monkeypatch):
    asked = {}

    def record(root, **options):
        asked.update(options)
        return NumberedClips(1)

    monkeypatch.setattr("vfmodel.data.ClipDataset", record)
    ClipDataModule(root="d", captions="blip2", select="hd_vg").open()
    assert (asked["captions"], asked["select"]) == ("blip2", "hd_vg")


def test_a_clip_has_a_size():
    with pytest.raises(InputError, match="height must be positive, got 0"):
        ClipConfig(height=0)
