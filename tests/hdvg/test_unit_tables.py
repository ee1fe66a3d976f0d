import itertools
import random

import pytest

from hdvg.commits import BUILD, read_commit
from hdvg.errors import InputError
from hdvg.manifest import TABLES
from hdvg.unit_tables import count_rows, merge_unit, part_in, read_unit, schema_of


def test_parts_follow_the_folders():
    assert part_in("videos/u0.parquet") == "videos"
    assert part_in("captions/blip2/u0-r1.parquet") == "captions.blip2"
    assert part_in("scores/scan/u0.parquet") == "scores.scan"
    assert part_in("media/u0.tar") == ""
    assert schema_of("captions.blip2") == "captions"
    assert all(schema_of(part) in TABLES for part in ("videos", "clips", "scores.scan"))
    assert schema_of("latents.vae") == "latents"
    with pytest.raises(InputError, match=r"does not know tables of flows\.x"):
        schema_of("flows.x")


def test_a_unit_is_read_by_its_commit(tmp_path, write_small_dataset):
    storage = write_small_dataset(tmp_path / "data")
    commit = read_commit(storage, BUILD, "u00000")
    tables = read_unit(storage, commit)
    assert count_rows(tables) == commit.rows
    assert [row["video_id"] for row in tables["videos"]] == ["aa", "bb", "cc"]
    assert list(tables) == ["videos", "clips", "captions.alt_text", "scores.scan"]


def _unit(names, made):
    """A unit as if made at once; `made` says how many clips each video has."""
    clips = [(name, f"{name}{k}") for name in names for k in range(made[name])]
    return {
        "videos": [{"video_id": name, "num_clips": made[name]} for name in names],
        "clips": [{"clip_id": clip, "video_id": name} for name, clip in clips],
        "captions.alt_text": [{"clip_id": clip} for _, clip in clips],
        "scores.scan": [{"clip_id": clip} for _, clip in clips],
    }


def test_made_in_two_goes_a_unit_is_as_if_made_at_once():
    """Every choice of videos that failed at first, over random clip counts."""
    rng = random.Random(4)
    names = "abcd"
    for failed in itertools.chain.from_iterable(
        itertools.combinations(names, size) for size in range(1, 5)
    ):
        made = {name: rng.randrange(3) for name in names}
        first = _unit(names, made | dict.fromkeys(failed, 0))
        again = _unit(failed, made)
        assert merge_unit(first, again) == _unit(names, made)


def test_a_part_that_only_one_of_them_has_is_kept():
    first, again = _unit("ab", {"a": 1, "b": 0}), _unit("b", {"b": 1})
    again["captions.given"] = [{"clip_id": "b0"}]
    del first["scores.scan"]
    merged = merge_unit(first, again)
    assert merged["captions.given"] == [{"clip_id": "b0"}]
    assert merged["scores.scan"] == [{"clip_id": "b0"}]
