import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD, find_damage, is_committed, read_commit
from hdvg.cut.cut_clip import CutConfig
from hdvg.download.settings import DownloadConfig
from hdvg.make_unit import OVERDUE, AbandonedError, UnitJob, make_unit
from hdvg.make_video import Origin, VideoConfig
from hdvg.manifest import read_table
from hdvg.probe import FilterConfig
from hdvg.revise import remove_leftovers
from hdvg.scan.config import ScanConfig
from hdvg.shards import read_member
from hdvg.sources.local_folder import read_folder
from hdvg.storage import Storage
from hdvg.tombstones import Tombstones
from hdvg.unit_tables import count_rows, read_unit

CONFIG = VideoConfig(
    download=DownloadConfig(),
    filter=FilterConfig(min_height=64),
    scan=ScanConfig(min_scene_s=0.5),
    cut=CutConfig(preset="ultrafast"),
)


@pytest.fixture
def job(media, tmp_path):
    """Three files: one sound, one that is no video, one static."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("vfr", "not_video", "static"):
        shutil.copy(media[name], folder / f"{name}.mp4")
    origin = Origin(source="in", folder=str(folder))
    videos = tuple(read_folder(folder))
    root = str(tmp_path / "data")
    return UnitJob(root=root, unit="u00000", videos=videos, origin=origin, config=CONFIG)


def _files(root):
    paths = sorted(p for p in root.rglob("*") if p.is_file() and "commits" not in p.parts)
    return {str(p.relative_to(root)): p.read_bytes() for p in paths}


def _once(video_id):
    return 1


def _yes():
    return True


def test_unit_is_whole_and_committed(job, tmp_path):
    seen = []
    result = make_unit(job, begin=_once, done=seen.append, wanted=_yes)
    storage = Storage(job.root)
    assert is_committed(storage, BUILD, "u00000")
    commit = read_commit(storage, BUILD, "u00000")
    assert find_damage(storage, commit, deep=True) == []
    assert {record.name for record in commit.files} == set(_files(tmp_path / "data"))
    videos = read_table(storage, "videos", "videos/u00000.parquet").to_pylist()
    assert [row["status"] for row in videos] == ["failed", "failed", "ok"]
    assert [row["video_id"] for row in seen] == [row["video_id"] for row in videos]
    clips = read_table(storage, "clips", "clips/u00000.parquet").to_pylist()
    assert result["num_clips"] == len(clips) == commit.rows["clips"] > 0
    with tarfile.open(tmp_path / "data/media/u00000.tar") as tar:
        members = {member.name: member for member in tar}
    assert list(members) == [f"{row['clip_id']}.mp4" for row in clips]
    assert all(members[f"{r['clip_id']}.mp4"].offset_data == r["offset"] for r in clips)
    with tarfile.open(tmp_path / "data/keyframes/u00000.tar") as tar:
        assert tar.getnames() == [f"{row['clip_id']}.jpg" for row in clips]


def test_made_twice_it_is_the_same(job, tmp_path):
    make_unit(job, begin=_once, done=lambda _: None, wanted=_yes)
    first = _files(tmp_path / "data")
    make_unit(job, begin=_once, done=lambda _: None, wanted=_yes)
    assert _files(tmp_path / "data") == first


def test_a_video_that_kills_workers_is_given_up(job):
    killer = job.videos[-1].video_id
    rows = []
    hanger = job.videos[0].video_id
    begin = {killer: 3, hanger: OVERDUE}
    make_unit(job, begin=lambda name: begin.get(name, 1), done=rows.append, wanted=_yes)
    why = {row["video_id"]: (row.get("fail_class"), row.get("fail_code")) for row in rows}
    assert why[killer] == ("resource", "worker_died")
    assert why[hanger] == ("resource", "walltime")


def test_an_interrupted_unit_leaves_nothing_under_its_name(job, tmp_path):
    def interrupt(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_unit(job, begin=_once, done=interrupt, wanted=_yes)
    assert _files(tmp_path / "data") == {}
    assert not is_committed(Storage(job.root), BUILD, "u00000")


def test_a_unit_that_nobody_wants_any_more_leaves_nothing_under_its_name(job, tmp_path):
    with pytest.raises(AbandonedError, match="u00000"):
        make_unit(job, begin=_once, done=lambda _: None, wanted=lambda: False)
    assert _files(tmp_path / "data") == {}
    assert not is_committed(Storage(job.root), BUILD, "u00000")


@pytest.fixture
def late(job):
    """The job's unit is made while the file of its middle video is missing; then the file comes.

    Yields the job, and a function that makes the unit again with that video alone.
    """
    folder = Path(job.origin.folder)
    missing = job.videos[-1]
    (folder / missing.locator).rename(folder / "away")
    make_unit(job, begin=_once, done=lambda _: None, wanted=_yes)
    (folder / "away").rename(folder / missing.locator)
    again = replace(job, videos=(missing,), revises=True)
    return job, lambda: make_unit(again, begin=_once, done=lambda _: None, wanted=_yes)


def _rows(root):
    """Everything that the tables of the unit say but for places in shards, and all payloads."""
    storage = Storage(root)
    commit = read_commit(storage, BUILD, "u00000")
    assert find_damage(storage, commit, deep=True) == []
    tables = read_unit(storage, commit)
    assert count_rows(tables) == commit.rows
    for row in tables["clips"]:
        row["payload"] = read_member(storage, row.pop("shard"), row.pop("offset"), row["nbytes"])
    return tables


def test_a_retried_unit_is_what_it_would_have_been(late, tmp_path):
    job, again = late
    storage = Storage(job.root)
    old = read_commit(storage, BUILD, "u00000")
    before = _files(tmp_path / "data")
    result = again()
    assert result["num_videos"] == 1
    assert result["num_clips"] > 0
    whole = replace(job, root=str(tmp_path / "whole"))
    make_unit(whole, begin=_once, done=lambda _: None, wanted=_yes)
    assert _rows(job.root) == _rows(whole.root)
    # The old shards are the same bytes; the new clips lie in one of their own.
    shards = {r.name for r in read_commit(storage, BUILD, "u00000").files if ".tar" in r.name}
    assert shards - {r.name for r in old.files} == {
        "media/u00000-r1.tar",
        "keyframes/u00000-r1.tar",
    }
    after = _files(tmp_path / "data")
    assert all(after[name] == before[name] for name in before if name.endswith(".tar"))
    assert {r.name for r in read_commit(storage, BUILD, "u00000").files} == set(after)


def test_a_retry_that_fails_again_keeps_one_row_and_adds_no_shard(late, tmp_path):
    job, again = late
    (Path(job.origin.folder) / job.videos[-1].locator).write_bytes(b"no film")
    names = {name for name in _files(tmp_path / "data") if name.endswith(".tar")}
    assert again()["num_clips"] == 0
    videos = _rows(job.root)["videos"]
    assert [row["video_id"] for row in videos] == [video.video_id for video in job.videos]
    assert (videos[-1]["fail_code"], videos[-1]["num_clips"]) == ("probe_failed", 0)
    assert {name for name in _files(tmp_path / "data") if name.endswith(".tar")} == names


def test_killed_at_any_change_a_retry_leaves_the_old_unit_or_the_new(late, crash_at):
    job, again = late
    before = _rows(job.root)
    states = []
    for number in range(1, 30):
        crash_at(number)
        try:
            again()
        except KeyboardInterrupt:
            crash_at(0)
            states.append(_rows(job.root) == before)
            remove_leftovers(Catalogue(Storage(job.root)))
            _rows(job.root)
        else:
            break
        if not states[-1]:
            break  # the commit has been replaced: another retry would not be of a failed video
    crash_at(0)
    assert len(states) > 5
    assert all(states[:-1])
    assert _rows(job.root) != before


def test_what_was_taken_down_is_not_even_tried(job):
    video = job.videos[-1].video_id
    stones = Tombstones(videos=frozenset([video]))
    config = replace(job.config, tombstones=stones)
    rows = []
    make_unit(replace(job, config=config), begin=_once, done=rows.append, wanted=_yes)
    assert (rows[-1]["fail_class"], rows[-1]["fail_code"]) == ("permanent", "purged")
    assert not rows[-1]["retryable"]
    assert rows[-1].get("sha256") is None
    assert video not in {row["video_id"] for row in _rows(job.root)["clips"]}
