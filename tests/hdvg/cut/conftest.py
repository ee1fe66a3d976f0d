"""Films of every codec and clock that cuts are tried on, and their frames by full decoding."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from hdvg.scan.result import Scene, SceneScores

SIZE = (96, 64)
NUM_FRAMES = 75
NO_SCORES = SceneScores(
    motion=0, static_ratio=0, luma=0, contrast=0, sharpness=0, black_bars=0, watermark=0,
    fingerprint=0,
)  # fmt: skip
X264 = "keyint=32:min-keyint=32:scenecut=0:bframes=3:b-adapt=0:b-pyramid=normal:ref=3"


@dataclass(frozen=True, kw_only=True)
class Film:
    """What to render: container, codec, its options, and the clock that the frames lie on."""

    suffix: str
    codec: str
    options: dict[str, str]
    time_base: Fraction = Fraction(1, 12_800)
    step: int = 512
    wobble: int = 0


FILMS = {
    "h264": Film(suffix=".mp4", codec="libx264", options={"x264-params": X264}),
    "h264_open_gop": Film(
        suffix=".mp4",
        codec="libx264",
        options={"x264-params": f"{X264}:open-gop=1"},
        time_base=Fraction(1001, 30_000),
        step=1,
    ),
    "h264_vfr": Film(
        suffix=".mp4",
        codec="libx264",
        options={"x264-params": X264},
        time_base=Fraction(1, 90_000),
        step=3003,
        wobble=2500,
    ),
    "h264_mkv": Film(
        suffix=".mkv",
        codec="libx264",
        options={"x264-params": f"{X264}:open-gop=1"},
        time_base=Fraction(1, 1000),
        step=33,
        wobble=1,
    ),
    "h264_ts": Film(
        suffix=".ts",
        codec="libx264",
        options={"x264-params": X264},
        time_base=Fraction(1, 90_000),
        step=3600,
    ),
    "h264_intra_refresh": Film(
        suffix=".mkv",
        codec="libx264",
        options={"x264-params": "keyint=20:intra-refresh=1:bframes=0"},
        time_base=Fraction(1, 1000),
        step=40,
    ),
    "hevc": Film(
        suffix=".mp4",
        codec="libx265",
        options={"x265-params": "keyint=25:scenecut=0:bframes=4:pools=1:log-level=none"},
        time_base=Fraction(1001, 24_000),
        step=1,
    ),
    "hevc_mkv": Film(
        suffix=".mkv",
        codec="libx265",
        options={"x265-params": "keyint=25:scenecut=0:bframes=4:pools=1:log-level=none"},
        time_base=Fraction(1, 1000),
        step=40,
    ),
    "av1": Film(
        suffix=".mp4",
        codec="libsvtav1",
        options={"preset": "12", "g": "24", "svtav1-params": "lp=1"},
    ),
    "av1_mkv": Film(
        suffix=".mkv",
        codec="libsvtav1",
        options={"preset": "12", "g": "24", "svtav1-params": "lp=1"},
        time_base=Fraction(1, 1000),
        step=40,
    ),
    "vp9_webm": Film(
        suffix=".webm",
        codec="libvpx-vp9",
        options={"g": "20", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1"},
        time_base=Fraction(1, 1000),
        step=40,
    ),
    "mpeg4": Film(
        suffix=".mp4",
        codec="mpeg4",
        options={"g": "20", "bf": "2", "qscale": "3"},
        time_base=Fraction(1, 25),
        step=1,
    ),
}


def picture(index):
    """Frame `index`: texture that moves, and the number as a row of bright and dark squares."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    red = 128 + 60 * np.sin((x + 2 * index) / 7) + 40 * np.cos((y - index) / 5)
    image = np.stack([red, 255 - red, (3 * x + 2 * y + index) % 200], axis=2)
    for bit in range(8):
        image[4:14, 4 + 11 * bit : 13 + 11 * bit] = 230 if index >> bit & 1 else 25
    return np.clip(image, 0, 255).astype(np.uint8)


def times_of(film):
    """Frame times in ticks, strictly ascending."""
    wobble = np.random.default_rng(1).integers(0, film.wobble + 1, NUM_FRAMES)
    return (np.arange(NUM_FRAMES) * film.step + wobble).tolist()


def render_film(path, film):
    with av.open(str(path), "w") as container:
        rate = Fraction(1) / (film.time_base * film.step)
        stream = container.add_stream(film.codec, rate=rate, options=film.options)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.time_base = stream.codec_context.time_base = film.time_base
        for index, tick in enumerate(times_of(film)):
            frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
            frame.pts, frame.time_base = tick, film.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _frames_of(path):
    """(pts, digest of the pixels) of every frame that PyAV shows, and the time base."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [
            (frame.pts, hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest())
            for frame in container.decode(stream)
        ]
        return frames, stream.time_base


def _scenes_at(frames, time_base, edges):
    """Scenes between frame numbers; the last may be the number of frames."""
    ticks = [pts for pts, _ in frames]
    ticks.append(2 * ticks[-1] - ticks[-2])
    return [
        Scene(
            index=index,
            start_pts=ticks[first],
            end_pts=ticks[last],
            time_base=time_base,
            boundary_start="cut",
            boundary_end="cut",
            num_frames=last - first,
            keyframe=b"",
            keyframe_pts=ticks[first],
            scores=NO_SCORES,
        )
        for index, (first, last) in enumerate(pairwise(edges))
    ]


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """Path of a film by name, rendered when first asked for."""
    folder = tmp_path_factory.mktemp("films")
    made: dict[str, Path] = {}

    def get(name):
        if name not in made:
            path = folder / f"{name}{FILMS[name].suffix}"
            made[name] = render_film(path, FILMS[name])
        return made[name]

    return get


@pytest.fixture(scope="session")
def frames_of():
    """(pts, digest of the pixels) of every frame that PyAV shows, and the time base."""
    return _frames_of


@pytest.fixture(scope="session")
def scenes_at():
    """Scenes between frame numbers of a film's frames; the last may be their count."""
    return _scenes_at
