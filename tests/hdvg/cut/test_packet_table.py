"""Plans against hand-made streams, decoding times against their definition."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from hdvg.cut.entry_points import Entry
from hdvg.cut.packet_table import PacketTable, decoding_times, plan_copy, read_packet_table
from hdvg.scan.result import Scene
from hdvg.video import write_video

TICK = Fraction(1, 25)


def _table(pts, entries, hidden=()):
    count = np.arange(len(pts))
    return PacketTable(
        codec="h264",
        time_base=TICK,
        pts=np.asarray(pts),
        entry=np.isin(count, entries) * Entry.CLEAN,
        is_hidden=np.isin(count, hidden),
    )


@pytest.fixture
def scene():
    def make(start, end, time_base=TICK):
        return Scene(
            index=0, start_pts=start, end_pts=end, time_base=time_base, boundary_start="cut",
            boundary_end="cut", num_frames=end - start, keyframe=b"", keyframe_pts=start,
            scores=None,
        )  # fmt: skip

    return make


def test_a_scene_takes_its_group_of_pictures_and_what_its_last_picture_needs(scene):
    # I0 P3 B1 B2 | I6 with leading B4 B5, then P9 B7 B8
    table = _table([0, 3, 1, 2, 6, 4, 5, 9, 7, 8], [0, 4])
    plan = plan_copy(table, scene(2, 3))
    assert plan.packets.tolist() == [0, 1, 2, 3]
    assert plan.shown.tolist() == [False, False, False, True]
    # The B pictures of an open group are shown before its keyframe and stay with the one before.
    assert plan_copy(table, scene(4, 6)).packets.tolist() == [0, 1, 2, 3, 4, 5, 6]
    # From the keyframe on they are left out.
    late = plan_copy(table, scene(6, 8))
    assert late.packets.tolist() == [4, 7, 8]
    assert (late.first, late.last, late.num_shown) == (4, 8, 2)


def test_what_cannot_be_copied_has_no_plan(scene):
    table = _table([0, 3, 1, 2, 6, 4, 5], [4])
    assert plan_copy(table, scene(2, 3)) is None  # no entry point before
    assert plan_copy(table, scene(60, 90)) is None  # no such pictures
    assert plan_copy(table, scene(6, 7, Fraction(1, 30))) is None  # another clock
    assert plan_copy(_table([0, 1, 1, 2], [0]), scene(0, 3)) is None  # two at one instant
    assert plan_copy(_table([0, 1, 2], [0], hidden=[1]), scene(0, 3)) is None
    assert plan_copy(_table([0, 1, 2], [0], hidden=[0]), scene(1, 3)) is not None


def test_a_recovery_point_needs_room_to_recover(scene):
    table = replace(_table(range(80), [0]), entry=np.zeros(80, np.int8))
    table.entry[[0, 40]] = Entry.CLEAN, Entry.OPEN
    assert plan_copy(table, scene(42, 50)).first == 0
    assert plan_copy(table, scene(42, 80)).first == 40
    table.entry[0] = Entry.NONE
    assert plan_copy(table, scene(42, 50)) is None


@pytest.mark.parametrize("seed", range(20))
def test_decoding_times_ascend_and_come_as_late_as_they_may(seed):
    generator = np.random.default_rng(seed)
    pts = generator.choice(1000, 30, replace=False)
    dts = decoding_times(pts)
    assert (np.diff(dts) > 0).all()
    assert (dts <= pts).all()
    assert (dts == pts).any()


def test_a_table_holds_every_frame_of_a_film(films):
    path = films("h264_open_gop")
    table = read_packet_table(path)
    with av.open(str(path)) as container:
        shown = [(frame.pts, frame.key_frame) for frame in container.decode(video=0)]
    assert sorted(table.pts.tolist()) == [pts for pts, _ in shown]
    assert sorted(table.pts[table.entry != Entry.NONE].tolist()) == [
        pts for pts, key in shown if key
    ]
    assert (table.codec, table.time_base) == ("h264", Fraction(1, 30_000))
    assert not table.is_hidden.any()


def test_what_clips_cannot_hold_has_no_table(tmp_path):
    frames = np.zeros((4, 3, 32, 48), np.uint8)
    path = write_video(tmp_path / "a.mp4", frames, 25)
    for suffix, codec, pix_fmt, aspect in [
        (".mkv", "ffv1", "yuv420p", 1),
        (".mp4", "libx264", "yuv444p", 1),
        (".avi", "libx264", "yuv420p", 1),
        (".mkv", "mpeg4", "yuv420p", 1),
        (".mp4", "libx264", "yuv420p", Fraction(4, 3)),
    ]:
        out = tmp_path / f"b{suffix}"
        with av.open(str(path)) as source, av.open(str(out), "w") as target:
            stream = target.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 48, 32, pix_fmt
            stream.codec_context.sample_aspect_ratio = aspect
            for frame in source.decode(video=0):
                frame.pict_type = 0
                target.mux(stream.encode(frame))
            target.mux(stream.encode())
        assert read_packet_table(out) is None
    assert read_packet_table(path) is not None
