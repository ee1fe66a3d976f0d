"""Clips of real video, damaged in their shard or described wrongly in their table."""

import tarfile

import numpy as np
import pytest
from PIL import Image

from hdvg.check_clips import check_sample, check_shards
from hdvg.commits import BUILD, Commit
from hdvg.keyframes import encode_keyframe
from hdvg.shards import pack
from hdvg.storage import Storage
from hdvg.video import decode, write_video

NUM_FRAMES, FPS = 12, 25


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    frames = np.random.default_rng(0).integers(0, 255, (NUM_FRAMES, 3, 36, 64), dtype=np.uint8)
    write_video(path, frames, FPS)
    return path.read_bytes(), encode_keyframe(next(decode(path)))


@pytest.fixture
def unit(tmp_path, payload):
    """Two clips, right in every respect: storage, commit, rows."""
    storage = Storage(tmp_path)
    clip, keyframe = payload
    media, members = pack({"a.mp4": clip, "b.mp4": clip})
    pictures, _ = pack({"a.jpg": keyframe, "b.jpg": keyframe})
    files = (
        storage.write_bytes("media/u0.tar", media),
        storage.write_bytes("keyframes/u0.tar", pictures),
    )
    rows = [
        {
            "clip_id": name,
            "shard": "media/u0.tar",
            "offset": members[f"{name}.mp4"].offset,
            "nbytes": members[f"{name}.mp4"].nbytes,
            "sha256": members[f"{name}.mp4"].sha256,
            "num_frames": NUM_FRAMES,
            "start_s": 7.0,
            "end_s": 7.0 + NUM_FRAMES / FPS,
        }
        for name in "ab"
    ]
    return storage, Commit(stage=BUILD, unit="u0", files=files, rows={}), rows


def _shards(unit, deep=True):
    storage, commit, rows = unit
    return list(check_shards(storage, commit, rows, deep=deep))


def _sample(unit, count=2):
    storage, commit, rows = unit
    return check_sample(storage, [commit], rows, count, seed=0)


def test_sound_clips_have_no_findings(unit):
    assert _shards(unit) == []
    assert _sample(unit) == ([], 2)
    assert _sample(unit, 1) == ([], 1)
    assert _sample(unit, 99)[1] == 2


def test_a_shard_that_is_not_committed_and_a_place_outside(unit):
    unit[2][0]["shard"] = "media/u7.tar"
    unit[2][1]["offset"] += 10**6
    assert _shards(unit, deep=False) == [
        "clip a: its shard media/u7.tar is not committed with u0",
        "clip b: it ends behind the end of media/u0.tar",
    ]


def test_a_place_that_holds_another_clip(unit):
    rows = unit[2]
    rows[0]["offset"] = rows[1]["offset"]
    assert _shards(unit, deep=False) == []
    [found] = _shards(unit)
    assert found.startswith("clip a: the member at its place is 'b.mp4'")


def test_a_place_that_holds_no_member(unit):
    unit[2][0]["offset"] += 512
    assert [line.split(":")[0] for line in _shards(unit)] == ["clip a"]


def test_keyframes_that_are_missing_or_too_many(unit):
    unit[2][0]["clip_id"] = "c"
    found = [line for line in _shards(unit) if line.startswith("keyframe")]
    assert found == ["keyframe a.jpg of u0 belongs to no clip", "keyframe c.jpg of u0 is missing"]


def test_a_clip_with_another_number_of_frames_or_length(unit):
    unit[2][0]["num_frames"] += 1
    unit[2][1]["end_s"] = 7.2
    damage, _ = _sample(unit)
    assert sorted(damage) == [
        f"clip a: num_frames is {NUM_FRAMES + 1}, {NUM_FRAMES} can be decoded",
        "clip b: its last frame is at 0.440 s, it lasts 0.200 s",
    ]


def test_bytes_that_no_decoder_takes(unit, tmp_path):
    storage, commit, rows = unit
    media, members = pack({"a.mp4": b"not a film", "b.mp4": b"neither"})
    storage.write_bytes("media/u0.tar", media)
    storage.write_bytes("keyframes/u0.tar", pack({"a.jpg": b"x", "b.jpg": b"y"})[0])
    for row in rows:
        member = members[f"{row['clip_id']}.mp4"]
        row |= {"offset": member.offset, "nbytes": member.nbytes, "sha256": member.sha256}
    damage, _ = check_sample(storage, [commit], rows, 2, seed=0)
    assert sorted(line.split(":")[0] for line in damage) == [
        "clip a",
        "clip b",
        "keyframe a.jpg",
        "keyframe b.jpg",
    ]


def test_a_keyframe_of_absurd_size_is_a_finding(unit, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    damage, _ = _sample(unit)
    assert [line.split(":")[0] for line in damage] == ["keyframe a.jpg", "keyframe b.jpg"]


def test_the_offsets_of_the_rows_are_what_a_tar_reader_sees(unit, tmp_path):
    with tarfile.open(tmp_path / "media/u0.tar") as tar:
        assert [member.offset_data for member in tar] == [row["offset"] for row in unit[2]]
