import pytest

from hdvg.failures import VideoFailure
from hdvg.manifest import read_table
from hdvg.storage import Storage
from hdvg.tombstones import Tombstones, add_tombstones, read_tombstones

NOON = "2026-01-31T12:00:00Z"


def test_a_dataset_without_tombstones_refuses_nothing(tmp_path):
    stones = read_tombstones(Storage(tmp_path))
    assert stones == Tombstones()
    stones.refuse("a", "c")
    stones.refuse("a")


def test_tombstones_add_up_and_keep_their_first_reason(tmp_path):
    storage = Storage(tmp_path)
    add_tombstones(storage, [("video", "b"), ("channel", "c")], "asked for", NOON)
    add_tombstones(storage, [("video", "a"), ("video", "b")], "again", "2027-01-01T00:00:00Z")
    stones = read_tombstones(storage)
    assert stones == Tombstones(videos=frozenset("ab"), channels=frozenset("c"))
    rows = read_table(storage, "tombstones", "tombstones.parquet").to_pylist()
    assert [row["id"] for row in rows if row["kind"] == "video"] == ["a", "b"]
    [b] = [row for row in rows if row["id"] == "b"]
    assert (b["reason"], b["purged_at"]) == ("asked for", NOON)


@pytest.mark.parametrize(("video", "channel"), [("a", ""), ("z", "c")])
def test_a_video_is_refused_by_its_id_or_its_channel(video, channel):
    stones = Tombstones(videos=frozenset("a"), channels=frozenset("c"))
    with pytest.raises(VideoFailure, match="taken down") as caught:
        stones.refuse(video, channel)
    assert (caught.value.fail_class, caught.value.retryable) == ("permanent", False)
    stones.refuse("c", "a")
