import tarfile

import pytest

from hdvg.commits import BUILD, Commit, commit_unit, find_damage, read_commit
from hdvg.errors import InputError
from hdvg.manifest import table_file, write_rows
from hdvg.purge_unit import purge_clips, purge_family
from hdvg.shards import pack, read_member
from hdvg.unit_tables import read_unit


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def _payloads(storage, commit):
    rows = read_unit(storage, commit)["clips"]
    names = ("shard", "offset", "nbytes", "sha256")
    return {r["clip_id"]: read_member(storage, **{n: r[n] for n in names}) for r in rows}


def test_clips_leave_tars_and_tables_and_the_others_keep_their_bytes(storage, tmp_path):
    old = read_commit(storage, BUILD, "u00000")
    before, rows_before = _payloads(storage, old), read_unit(storage, old)
    purge_clips(storage, old, {"aa"}, {"aa-clip0", "aa-clip1"})
    new = read_commit(storage, BUILD, "u00000")
    assert find_damage(storage, new, deep=True) == []
    assert _payloads(storage, new) == {k: v for k, v in before.items() if k.startswith("bb")}
    rows = read_unit(storage, new)
    assert new.rows == {part: len(found) for part, found in rows.items()}
    assert rows["videos"][1:] == rows_before["videos"][1:]
    moved = ("shard", "offset")
    plain = [{k: v for k, v in row.items() if k not in moved} for row in rows["clips"]]
    kept = [row for row in rows_before["clips"] if row["video_id"] == "bb"]
    assert plain == [{k: v for k, v in row.items() if k not in moved} for row in kept]
    for kind, suffix in (("media", "mp4"), ("keyframes", "jpg")):
        [path] = (tmp_path / "data" / kind).glob("u00000*")
        with tarfile.open(path) as tar:
            assert tar.getnames() == [f"bb-clip{k}.{suffix}" for k in (0, 1)]


def test_clips_leave_the_tars_of_latents_too(storage, tmp_path):
    """Latents as whoever reads the tar sees them: the others' files keep their bytes."""
    clip_ids = [f"{name}-clip{k}" for name in ("aa", "bb") for k in (0, 1)]
    payloads = {f"{name}.npy": name.encode() * 50 for name in clip_ids}
    content, members = pack(payloads)
    shard = "latents/a.b/u00000.tar"
    rows = [
        {
            "clip_id": name,
            "num_frames": 3,
            "shard": shard,
            "offset": members[f"{name}.npy"].offset,
            "nbytes": members[f"{name}.npy"].nbytes,
            "frame_crc32": [1, 2, 3],
        }
        for name in clip_ids
    ]
    record = write_rows(storage, "latents", table_file("latents", "u00000", "a.b"), rows)
    files = (storage.write_bytes(shard, content), record)
    stage = {"stage": "latents.a.b", "unit": "u00000"}
    commit_unit(storage, Commit(**stage, files=files, rows={"latents": 4}))
    purge_family(storage, read_commit(storage, **stage), {"aa-clip1", "bb-clip0"})
    new = read_commit(storage, **stage)
    assert find_damage(storage, new, deep=True) == []
    assert new.rows == {"latents": 2}
    names = ("latents/a.b/u00000-r1.parquet", "latents/a.b/u00000-r1.tar")
    assert sorted(record.name for record in new.files) == list(names)
    left = read_unit(storage, new)["latents.a.b"]
    assert [row["clip_id"] for row in left] == ["aa-clip0", "bb-clip1"]
    for row in left:
        place = (row["shard"], row["offset"], row["nbytes"])
        assert read_member(storage, *place) == payloads[f"{row['clip_id']}.npy"]
    with tarfile.open(tmp_path / "data" / names[1]) as tar:
        assert tar.getnames() == ["aa-clip0.npy", "bb-clip1.npy"]
    assert not (tmp_path / "data" / shard).exists()


def test_only_the_fact_stays_of_a_video(storage):
    purge_clips(storage, read_commit(storage, BUILD, "u00000"), {"aa"}, {"aa-clip0", "aa-clip1"})
    row = read_unit(storage, read_commit(storage, BUILD, "u00000"))["videos"][0]
    assert {name: value for name, value in row.items() if value is not None} == {
        "video_id": "aa",
        "source": "list.txt",
        "locator": "aa.mp4",
        "status": "failed",
        "fail_class": "permanent",
        "fail_code": "purged",
        "fail_message": "taken down",
        "retryable": False,
        "num_clips": 0,
    }


def test_a_unit_may_lose_all_of_its_clips(storage, tmp_path):
    gone = {f"{name}-clip{k}" for name in ("dd", "ee") for k in (0, 1)}
    purge_clips(storage, read_commit(storage, BUILD, "u00001"), {"dd", "ee"}, gone)
    new = read_commit(storage, BUILD, "u00001")
    assert find_damage(storage, new, deep=True) == []
    assert (new.rows["videos"], new.rows["clips"]) == (2, 0)
    assert not list((tmp_path / "data/media").glob("u00001*"))
    # And another purge of the same unit still finds its way.
    purge_clips(storage, new, {"dd"}, set())
    assert read_commit(storage, BUILD, "u00001").rows["videos"] == 2


def test_shards_without_a_purged_clip_are_left_alone(storage, tmp_path):
    """A unit with two shards, as after a retry: the second one has all of bb and is not touched."""
    old = read_commit(storage, BUILD, "u00000")
    purge_clips(storage, old, {"aa"}, {"aa-clip0"})
    first = read_commit(storage, BUILD, "u00000")
    before = {r.name for r in first.files if r.name.endswith(".tar")}
    purge_clips(storage, first, {"zz"}, {"zz-clip0"})
    second = read_commit(storage, BUILD, "u00000")
    assert {r.name for r in second.files if r.name.endswith(".tar")} == before


def test_a_family_loses_rows_and_references(storage):
    captions = read_commit(storage, "captions.blip2", "u00000")
    purge_family(storage, captions, {"aa-clip0"})
    new = read_commit(storage, "captions.blip2", "u00000")
    rows = read_unit(storage, new)["captions.blip2"]
    assert [row["clip_id"] for row in rows] == ["aa-clip1", "bb-clip0", "bb-clip1"]
    assert new.rows == {"captions": 3}
    # In another unit only a reference changes, and no row is lost.
    purge_family(storage, read_commit(storage, "scores.repeats", "u00001"), {"aa-clip0"})
    new = read_commit(storage, "scores.repeats", "u00001")
    rows = read_unit(storage, new)["scores.repeats"]
    assert [row["duplicate_of"] for row in rows] == [None] * 4
    assert new.rows == {"scores.repeats": 4}
    assert find_damage(storage, new, deep=True) == []


def test_a_family_that_holds_none_of_the_clips_is_left_alone(storage):
    before = read_commit(storage, "captions.blip2", "u00001")
    purge_family(storage, before, {"aa-clip0"})
    assert read_commit(storage, "captions.blip2", "u00001") == before


def test_damage_of_other_clips_does_not_hold_up_a_take_down(storage, tmp_path):
    path = tmp_path / "data/media/u00000.tar"
    content = bytearray(path.read_bytes())
    offset = read_unit(storage, read_commit(storage, BUILD, "u00000"))["clips"][3]["offset"]
    content[offset] ^= 1
    path.write_bytes(content)
    purge_clips(storage, read_commit(storage, BUILD, "u00000"), {"aa"}, {"aa-clip0", "aa-clip1"})
    rows = read_unit(storage, read_commit(storage, BUILD, "u00000"))["clips"]
    damaged = rows[1]
    assert damaged["clip_id"] == "bb-clip1"
    with pytest.raises(InputError, match="do not match their sha256"):
        read_member(storage, *(damaged[n] for n in ("shard", "offset", "nbytes", "sha256")))
