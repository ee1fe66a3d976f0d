"""Training batches: their shapes, where a resumed run starts, and several datasets in one run."""

from itertools import islice
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.plugins import Precision

from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.data import ClipConfig, ClipDataModule, SourceConfig
from vfmodel.scene_clips import SceneClips


def trainer(global_step=0, rank=0, world_size=1, accumulate=1):
    return SimpleNamespace(
        global_step=global_step,
        global_rank=rank,
        is_global_zero=rank == 0,
        world_size=world_size,
        accumulate_grad_batches=accumulate,
        precision_plugin=Precision(),
        lightning_module=SimpleNamespace(autoencoder=None),
    )


def module(global_step=0, rank=0, world_size=1, accumulate=1, **settings):
    clip = ClipConfig(num_frames=2, height=16, width=24)
    data = ClipDataModule(**{"root": "shapes:7", "clip": clip, "num_workers": 0} | settings)
    data.trainer = trainer(global_step, rank, world_size, accumulate)
    data.setup("fit")
    return data


def batches(data, count):
    return list(islice(iter(data.train_dataloader()), count))


def ids(found):
    return [clip_id for batch in found for clip_id in batch["clip_id"]]


def test_batches_have_the_shapes_that_training_reads():
    (batch,) = batches(module(batch_size=3), 1)
    assert batch["video"].shape == (3, 2, 3, 16, 24)
    assert batch["video"].dtype == torch.uint8
    assert len(batch["caption"]) == 3
    assert all("background" in text for text in batch["caption"])
    assert batch["fps"].tolist() == [8.0] * 3


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
        ({"max_broken": 1.0}, r"max_broken must be in \[0, 1\), got 1"),
        ({"root": "shapes:many"}, "shapes:many"),
        ({"root": "shapes:0"}, "shapes:0"),
        ({"root": "/no/such/dataset"}, "/no/such/dataset"),
        ({"root": "/tmp"}, "/tmp"),
        ({"joined": [SourceConfig(root="/no/such/other")]}, "/no/such/other"),
    ],
)
def test_what_cannot_be_read_is_named(settings, named):
    with pytest.raises(InputError, match=named):
        ClipDataModule(**({"root": "shapes:3"} | settings)).open()


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"weight": 0.0}, "weight of x must be positive, got 0"), ({"batch_size": 0}, "got 0")],
)
def test_a_source_that_cannot_be_is_named(settings, named):
    with pytest.raises(InputError, match=named):
        SourceConfig(root="x", **settings)


def test_joined_sources_come_as_often_as_their_weights_say():
    data = module(batch_size=4, joined=[SourceConfig(root="shapes:5", weight=3.0)])
    found = batches(data, 10)
    first = [clip.split("-")[2] for clip in ids(found)]
    # Scenes 5 and 6 are in the main source alone, which holds a quarter of the 40 clips.
    assert len(first) == 40
    streams = [len(data.buckets[0].sources), *data.buckets[0].weights]
    assert streams == [2, 1.0, 3.0]
    assert first.count("5") + first.count("6") <= 4


def test_sources_of_other_shapes_have_batches_of_their_own():
    still = ClipConfig(num_frames=1, height=16, width=24)
    tall = ClipConfig(num_frames=2, height=24, width=16)
    joined = [
        SourceConfig(root="shapes:5", clip=still, batch_size=8),
        SourceConfig(root="shapes:5", clip=tall, weight=2.0),
    ]
    found = batches(module(batch_size=3, joined=joined), 8)
    shapes = [tuple(batch["video"].shape) for batch in found]
    assert shapes.count((3, 2, 3, 16, 24)) == 2
    assert shapes.count((8, 1, 3, 16, 24)) == 2
    assert shapes.count((3, 2, 3, 24, 16)) == 4


@pytest.mark.parametrize("settings", [{"num_workers": 0}, {"num_workers": 2}], ids=str)
def test_clips_of_a_missing_tar_give_way_and_the_rest_stays(write_dataset, tmp_path, settings):
    root = write_dataset(tmp_path)
    clip = ClipConfig(num_frames=3, height=16, width=24)

    def read(**changes):
        data = module(clip=clip, root=str(root), batch_size=3, **settings | changes)
        return batches(data, 8)

    whole = read()
    assert {len(batch["skipped"]) for batch in whole} == {0}
    (root / "media/u1.tar").unlink()
    found = read()
    assert [len(batch["clip_id"]) for batch in found] == [3] * 8
    for before, after in zip(whole, found, strict=True):
        for old, new in zip(before["clip_id"], after["clip_id"], strict=True):
            assert new == old if not old.startswith("u1") else not new.startswith("u1")
    named = {one.clip: one.reason for batch in found for one in batch["skipped"]}
    assert sorted(named) == [4, 5, 6, 7]
    assert all("media/u1.tar" in reason for reason in named.values())
    later = read(global_step=5)[:3]
    assert ids(later) == ids(found[5:])
    assert ids(read(num_workers=1)) == ids(found)


def test_cached_latents_have_no_holes_where_clips_are_broken(write_dataset, tmp_path, tiny_base):
    root = write_dataset(tmp_path)
    (root / "media/u2.tar").write_bytes(b"cut short")
    data = ClipDataModule(
        str(root), ClipConfig(num_frames=3, height=16, width=24), num_workers=0, cached_windows=2
    )
    data.trainer = trainer()
    data.trainer.lightning_module.autoencoder = VideoAutoencoder.from_pretrained(tiny_base)
    data.setup("fit")
    read, skipped = data.read_before_training()
    assert {one.clip for one in skipped} == {8, 9, 10, 11}
    assert read == 24 + len(skipped)
    found = batches(data, 6)
    assert all(not batch["skipped"] for batch in found)
    assert not any(name.startswith("u2") for name in ids(found))


def test_a_unit_with_a_damaged_table_is_left_out_and_named(write_dataset, tmp_path, caplog):
    root = write_dataset(tmp_path)
    (root / "captions/alt_text/u0.parquet").write_bytes(b"not a table")
    clip = ClipConfig(num_frames=3, height=16, width=24)
    with pytest.raises(InputError, match=r"1 of 3 units in .* max_broken 0\.3 .*u0\.parquet"):
        module(clip=clip, root=str(root), max_broken=0.3)
    found = batches(module(clip=clip, root=str(root), max_broken=0.4), 4)
    assert not any(name.startswith("u0") for name in ids(found))
    assert len(set(ids(found))) == 8
    assert "left out unit u0" in caplog.text


def test_captions_and_selection_go_to_the_dataset(monkeypatch):
    asked = {}

    def record(root, **options):
        asked[root] = options
        return SceneClips(1, num_frames=1, fps=8.0, height=8, width=8)

    monkeypatch.setattr("vfmodel.data.ClipDataset", record)
    families = {"blip2": 0.9, "alt_text": 0.1}
    joined = [SourceConfig(root="e", captions=families)]
    ClipDataModule(root="d", captions="blip2", select="hd_vg", joined=joined).open()
    assert (asked["d"]["captions"], asked["d"]["select"]) == ("blip2", "hd_vg")
    assert (asked["e"]["captions"], asked["e"]["select"]) == (families, None)


def test_a_clip_has_a_size():
    with pytest.raises(InputError, match="height must be positive, got 0"):
        ClipConfig(height=0)
