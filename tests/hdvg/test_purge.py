"""A take-down leaves nothing but its tombstone, whatever interrupts it."""

import shutil
import uuid

import pyarrow.parquet as pq
import pytest

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD, find_damage
from hdvg.errors import InputError
from hdvg.plan import read_plan
from hdvg.purge import finish_purge, purge
from hdvg.revise import find_leftovers, remove_leftovers
from hdvg.storage import Storage
from hdvg.tombstones import read_tombstones
from hdvg.unit_tables import read_unit

NOON = "2026-01-31T12:00:00Z"


def _leftovers(storage):
    return find_leftovers(storage, Catalogue(storage).files())


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def _everything(storage):
    """All content of every file by name; tables as the text of their rows, since Parquet packs."""
    root = storage.local_path("")
    found = {}
    for path in root.rglob("*"):
        if path.is_file() and path.name != ".lock":
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content = repr(pq.read_table(path).to_pylist()).encode() + content
            found[str(path.relative_to(root))] = content
    return found


def _check(storage, gone, kept):
    """Nothing of the gone videos' clips anywhere, all of the others; every commit holds."""
    files = _everything(storage)
    for name in gone:
        for needle in (f"{name}-clip", f"words about {name}", f"the film {name}"):
            assert not [file for file, content in files.items() if needle.encode() in content]
    catalogue = Catalogue(storage)
    for commits in catalogue.commits.values():
        for commit in commits.values():
            assert find_damage(storage, commit, deep=True) == []
            counted = {part: len(rows) for part, rows in read_unit(storage, commit).items()}
            assert sum(counted.values()) == sum(commit.rows.values())
    assert _leftovers(storage) == []
    clip_ids = [f"{name}-clip{k}" for name in kept for k in (0, 1)]
    assert catalogue.table("clips")["clip_id"].to_pylist() == clip_ids
    assert catalogue.family("captions", "blip2")["clip_id"].to_pylist() == clip_ids
    assert catalogue.family("scores", "scan")["clip_id"].to_pylist() == clip_ids
    videos = catalogue.table("videos").to_pylist()
    assert [row["video_id"] for row in videos] == ["aa", "bb", "cc", "dd", "ee"]
    assert {row["video_id"] for row in videos if row["fail_code"] == "purged"} == set(gone)


def test_a_video_goes_from_every_file(storage):
    summary = purge(storage, ["aa"], [], "asked for", NOON)
    assert (summary.videos, summary.num_clips, summary.num_units) == (["aa"], 2, 1)
    _check(storage, ["aa"], ["bb", "dd", "ee"])
    assert read_tombstones(storage).videos == {"aa"}
    assert read_plan(storage)["u00000"][0].spans == ()


def test_a_channel_goes_with_all_of_its_videos(storage):
    summary = purge(storage, ["bb"], ["ch"], "", NOON)
    assert summary.videos == ["bb", "dd", "ee"]
    _check(storage, ["bb", "dd", "ee"], ["aa"])
    assert read_tombstones(storage).channels == {"ch"}


def test_a_failed_video_can_be_purged_and_twice_changes_nothing(storage):
    assert purge(storage, ["cc"], [], "", NOON).num_clips == 0
    _check(storage, ["cc"], ["aa", "bb", "dd", "ee"])
    before = _everything(storage)
    assert purge(storage, ["cc"], [], "", NOON).num_units == 0
    assert _everything(storage) == before


@pytest.mark.parametrize(
    ("videos", "channels", "message"),
    [(["aa", "zz"], [], "no video 'zz'"), ([], ["ch", "hc"], "no channel 'hc'")],
)
def test_an_unknown_id_is_named_and_nothing_changes(storage, videos, channels, message):
    before = _everything(storage)
    with pytest.raises(InputError, match=message):
        purge(storage, videos, channels, "", NOON)
    assert _everything(storage) == before


def test_captions_stay_up_to_date_and_comparisons_do_not(storage):
    purge(storage, ["aa"], [], "", NOON)
    commits = Catalogue(storage).commits
    [clips] = [r for r in commits[BUILD]["u00000"].files if r.name.startswith("clips/")]
    assert commits["captions.blip2"]["u00000"].inputs == {clips.name: clips.sha256}
    assert commits["scores.repeats"]["u00000"].inputs != {clips.name: clips.sha256}


def test_killed_at_any_moment_it_is_finished_by_the_next_writer(
    tmp_path, write_small_dataset, crash_at
):
    write_small_dataset(tmp_path / "fresh")
    number = 0
    while True:
        number += 1
        shutil.copytree(tmp_path / "fresh", tmp_path / f"data{number}")
        storage = Storage(tmp_path / f"data{number}")
        crash_at(number)
        try:
            purge(storage, ["aa"], ["ch"], "", NOON)
        except KeyboardInterrupt:
            crash_at(0)
            _readable(storage)
            if read_tombstones(storage).videos:
                finish_purge(storage)  # as a build does
            else:
                purge(storage, ["aa"], ["ch"], "", NOON)
            remove_leftovers(Catalogue(storage))
            _check(storage, ["aa", "dd", "ee"], ["bb"])
        else:
            break
    assert number > 20


def _readable(storage):
    """Between two changes every commit holds, and every clip that is named has its bytes."""
    for commits in Catalogue(storage).commits.values():
        for commit in commits.values():
            assert find_damage(storage, commit, deep=True) == []


def test_it_works_on_an_object_store(write_small_dataset):
    storage = write_small_dataset(f"memory://bucket-{uuid.uuid4().hex}/data")
    purge(storage, ["aa"], [], "", NOON)
    clip_ids = Catalogue(storage).table("clips")["clip_id"].to_pylist()
    assert clip_ids == [f"{name}-clip{k}" for name in ("bb", "dd", "ee") for k in (0, 1)]
    assert _leftovers(storage) == []
