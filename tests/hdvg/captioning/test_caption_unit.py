"""Every clip gets the caption of its own keyframe, whatever the batches are."""

import pytest

from hdvg.captioning.caption_unit import Family, caption_unit
from hdvg.catalogue import Catalogue
from hdvg.commits import find_damage, read_commit
from hdvg.family_pass import list_missing

FAMILY = Family(name="said", source="reader", settings={"model": "reader"})


def _captions(storage, unit=None):
    table = Catalogue(storage).family("captions", "said", unit)
    return dict(zip(table["clip_id"].to_pylist(), table["text"].to_pylist(), strict=True))


def _is_captioned(storage):
    return "u0" not in list_missing(Catalogue(storage), FAMILY.stage)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 64])
def test_each_clip_gets_what_its_own_keyframe_shows(numbered, batch_size):
    for unit in ("u1", "u0", "u2"):
        caption_unit(numbered.storage, unit, FAMILY, numbered.reader, batch_size)
    assert _captions(numbered.storage) == numbered.truth
    assert max(numbered.reader.sizes) <= batch_size
    assert sum(numbered.reader.sizes) == 8


def test_rows_stand_in_the_order_of_the_clips(numbered):
    caption_unit(numbered.storage, "u0", FAMILY, numbered.reader, 3)
    assert list(_captions(numbered.storage, "u0")) == numbered.units["u0"]


def test_an_unreadable_keyframe_is_counted_and_costs_only_its_clip(numbered):
    damaged = dict(numbered.keyframes)
    ids = numbered.units["u0"]
    damaged[ids[2]], damaged[ids[5]] = b"not a picture", damaged[ids[5]][:100]
    numbered.put_unit(numbered.storage, "u0", {clip_id: damaged[clip_id] for clip_id in ids})
    counts = caption_unit(numbered.storage, "u0", FAMILY, numbered.reader, 2)
    assert counts == {"captioned": 5, "kept": 0, "unreadable": 2}
    wanted = {i: numbered.truth[i] for i in ids if i not in (ids[2], ids[5])}
    assert _captions(numbered.storage) == wanted
    assert read_commit(numbered.storage, FAMILY.stage, "u0").rows == {"captions": 5}


def test_the_commit_says_what_the_captions_were_made_with_and_from(numbered):
    caption_unit(numbered.storage, "u0", FAMILY, numbered.reader, 4)
    commit = read_commit(numbered.storage, "captions.said", "u0")
    assert commit.settings == {"model": "reader"}
    assert list(commit.inputs) == ["clips/u0.parquet"]
    assert find_damage(numbered.storage, commit, deep=True) == []


def test_captioning_again_gives_the_same_bytes(numbered):
    storage = numbered.storage
    caption_unit(storage, "u0", FAMILY, numbered.reader, 4)
    first = storage.read_bytes("captions/said/u0.parquet")
    storage.remove("commits/captions.said/u0.json")
    caption_unit(storage, "u0", FAMILY, numbered.reader, 4)
    assert storage.read_bytes("captions/said/u0.parquet") == first


def test_a_revised_unit_gets_only_its_missing_captions(numbered):
    storage, ids = numbered.storage, numbered.units["u0"]
    caption_unit(storage, "u0", FAMILY, numbered.reader, 4)
    assert _is_captioned(storage)
    revised = [*ids[1:4], "fresh", *ids[4:]]
    keyframes = numbered.keyframes | {"fresh": numbered.picture(77)}
    numbered.put_unit(storage, "u0", {i: keyframes[i] for i in revised}, suffix="-r1")
    assert not _is_captioned(storage)
    numbered.reader.sizes.clear()
    counts = caption_unit(storage, "u0", FAMILY, numbered.reader, 4)
    assert counts == {"captioned": 1, "kept": 6, "unreadable": 0}
    assert numbered.reader.sizes == [1]
    assert list(_captions(storage).items()) == [
        (i, (numbered.truth | {"fresh": "number 77"})[i]) for i in revised
    ]
    assert storage.list_files("captions/said") == ["u0-r1.parquet"]
    assert _is_captioned(storage)


def test_killed_before_the_commit_it_is_not_captioned(numbered):
    class Dying:
        def caption(self, images):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        caption_unit(numbered.storage, "u0", FAMILY, Dying(), 4)
    assert not _is_captioned(numbered.storage)
    assert "said" not in Catalogue(numbered.storage).families("captions")
