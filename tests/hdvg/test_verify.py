"""Each kind of damage is planted in a sound dataset, and found by name."""

import dataclasses
import shutil

import pytest

from hdvg.claim import claim
from hdvg.commits import BUILD, commit_unit, read_commit
from hdvg.plan import settle_plan
from hdvg.sources.source_video import SourceVideo
from hdvg.storage import Storage
from hdvg.tombstones import add_tombstones
from hdvg.unit_tables import read_unit, write_unit
from hdvg.verify import verify


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def _damage(storage, deep=False):
    return verify(storage, deep=deep, num_sampled=0, seed=0).damage


def _change_rows(storage, stage, unit, part, change):
    """Rewrites a table and its commit, which then agree with each other about wrong rows."""
    commit = read_commit(storage, stage, unit)
    rows = read_unit(storage, commit)[part]
    change(rows)
    [record] = write_unit(storage, unit, {part: rows})
    files = tuple(record if old.name == record.name else old for old in commit.files)
    counts = {key: len(rows) if part.startswith(key) else n for key, n in commit.rows.items()}
    commit_unit(storage, dataclasses.replace(commit, files=files, rows=counts))


def test_a_sound_dataset_has_no_findings(storage):
    verdict = verify(storage, deep=True, num_sampled=0, seed=0)
    assert verdict.damage == []
    assert (verdict.num_units, verdict.num_videos, verdict.num_clips) == (2, 5, 8)
    assert not verdict.is_busy


def test_files_that_are_gone_or_of_another_size(storage, tmp_path):
    storage.remove("keyframes/u00001.tar")
    path = tmp_path / "data/media/u00000.tar"
    path.write_bytes(path.read_bytes()[:-512])
    size = path.stat().st_size
    assert _damage(storage) == [
        f"media/u00000.tar: {size} bytes, committed {size + 512}",
        "keyframes/u00001.tar: missing",
    ]


def test_changed_bytes_are_found_by_a_deep_look_only(storage, tmp_path):
    path = tmp_path / "data/media/u00000.tar"
    content = bytearray(path.read_bytes())
    content[512 + 7] ^= 1
    path.write_bytes(content)
    assert _damage(storage) == []
    found = _damage(storage, deep=True)
    assert found[0] == "media/u00000.tar: content differs from its committed sha256"
    assert found[1].startswith("clip aa-clip0: ")
    assert "do not match their sha256" in found[1]
    assert len(found) == 2


@pytest.mark.parametrize("name", ["clips/u00000.parquet", "captions/blip2/u00001.parquet"])
def test_a_table_that_is_none(storage, name):
    nbytes = storage.size(name)
    storage.write_bytes(name, b"x" * nbytes)
    assert any("not a Parquet file" in line and name in line for line in _damage(storage))


def test_commits_that_are_broken_or_misplaced(storage, tmp_path):
    commits = tmp_path / "data/commits"
    (commits / "build/u00000.json").write_text("{")
    shutil.copy(commits / "captions.blip2/u00001.json", commits / "captions.blip2/u00007.json")
    found = _damage(storage)
    assert any(line.startswith("commits/build/u00000.json: not a commit") for line in found)
    assert "commits/captions.blip2/u00007.json: it is the commit of captions.blip2/u00001" in found
    # What the broken commit vouched for is nobody's now, and its clips are unknown to the families.
    assert "media/u00000.tar: no commit names it" in found
    assert "captions.blip2 of u00000: there is no clip aa-clip0" in found


def test_leftovers_unless_somebody_is_writing(storage, tmp_path):
    storage.write_bytes("media/u00009.tar", b"half")
    (tmp_path / "data/clips/.u00009.parquet.12.partial").touch()
    with claim(storage):
        verdict = verify(storage, deep=False, num_sampled=0, seed=0)
        assert (verdict.damage, verdict.is_busy) == ([], True)
    assert _damage(storage) == [
        "media/u00009.tar: no commit names it",
        "clips/.u00009.parquet.12.partial: left by a killed writer",
    ]


def test_row_counts_differ_from_the_commit(storage):
    commit = read_commit(storage, BUILD, "u00000")
    rows = commit.rows | {"clips": 5}
    commit_unit(storage, dataclasses.replace(commit, rows=rows))
    assert _damage(storage) == ["commits/build/u00000.json: 5 rows of clips committed, 4 found"]


def test_ids_that_are_there_twice(storage):
    again = read_unit(storage, read_commit(storage, BUILD, "u00000"))
    _change_rows(storage, BUILD, "u00001", "videos", lambda r: r.append(again["videos"][2]))
    found = _damage(storage)
    assert "video cc: 2 rows" in found
    assert "video cc: it has a row in u00001, but is not planned there" in found


def test_a_clip_that_is_there_twice(storage):
    _change_rows(storage, BUILD, "u00001", "clips", lambda rows: rows.append(rows[0]))
    found = _damage(storage)
    assert "clip dd-clip0: 2 rows" in found
    assert "video dd: num_clips is 2, it has 3" in found


def test_families_that_do_not_fit_the_clips(storage):
    def twice(rows):
        rows[1]["clip_id"] = rows[0]["clip_id"]

    def strange(rows):
        rows[0]["clip_id"] = "zz-clip0"

    def copied(rows):
        rows[0]["duplicate_of"] = "zz-clip1"

    _change_rows(storage, "captions.blip2", "u00000", "captions.blip2", twice)
    _change_rows(storage, "captions.blip2", "u00001", "captions.blip2", strange)
    _change_rows(storage, "scores.repeats", "u00000", "scores.repeats", copied)
    assert _damage(storage) == [
        "captions.blip2 of u00000: 2 rows of the clip aa-clip0",
        "captions.blip2 of u00001: there is no clip zz-clip0",
        "scores.repeats of u00000: aa-clip0 is a duplicate of zz-clip1, which is no clip",
    ]


def test_videos_against_the_plan(storage):
    more = SourceVideo(video_id="ff", kind="file", locator="ff.mp4")
    settle_plan(storage, [more], unit_size=3)  # a unit of its own, not begun: that is fine
    assert _damage(storage) == []
    _change_rows(storage, BUILD, "u00000", "videos", lambda rows: rows.pop())
    assert _damage(storage) == ["video cc: planned in u00000, but it has no row there"]
    storage.remove("plan/units.parquet")
    assert any(line.startswith("plan/units.parquet: file not found") for line in _damage(storage))


def test_a_video_whose_columns_contradict_each_other(storage):
    def change(rows):
        rows[0]["num_clips"] = 7
        rows[1]["fail_code"] = "timeout"

    _change_rows(storage, BUILD, "u00000", "videos", change)
    assert _damage(storage) == [
        "video aa: num_clips is 7, it has 2",
        "video bb: status ok, fail_code timeout",
    ]


def test_a_purge_that_was_not_finished(storage):
    add_tombstones(storage, [("video", "bb")], "", "2026-01-31T12:00:00Z")
    found = _damage(storage)
    assert [line.split(":")[0] for line in found] == ["clip bb-clip0", "clip bb-clip1"]


def test_an_object_store_is_verified_too(tmp_path, write_small_dataset):
    root = f"memory://{tmp_path.name}-verify/data"
    assert _damage(write_small_dataset(root), deep=True) == []
    Storage(root).write_bytes("media/u00009.tar", b"half")
    assert _damage(Storage(root)) == ["media/u00009.tar: no commit names it"]
