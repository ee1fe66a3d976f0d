import shutil
import tarfile

import pytest

from hdvg.commits import BUILD, find_damage, is_committed, read_commit
from hdvg.cut.cut_clip import CutConfig
from hdvg.download.settings import DownloadConfig
from hdvg.make_unit import OVERDUE, AbandonedError, UnitJob, make_unit
from hdvg.make_video import Origin, VideoConfig
from hdvg.manifest import read_table
from hdvg.probe import FilterConfig
from hdvg.scan.config import ScanConfig
from hdvg.sources.local_folder import read_folder
from hdvg.storage import Storage

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
