import json

import webdataset

from hdvg.export.clip_file import read_clip_file
from hdvg.export.collect import Collection
from hdvg.export.write_webdataset import group_by_size, write_webdataset
from hdvg.storage import Storage


def _write(dataset, folder, shard_bytes):
    clips = Collection(dataset, "alt_text", "")
    read = []

    def reading(clip):
        read.append(clip.clip_id)
        return read_clip_file(clips, clip, unhide=False)

    counts = write_webdataset(clips, Storage(folder), shard_bytes, reading, lambda: None)
    return clips, counts, read


def test_webdataset_reads_it(exported_from, tmp_path, clip_ids):
    clips, counts, _ = _write(exported_from, tmp_path, 10**9)
    assert counts == {"clips": 3, "shards": 1}
    found = list(
        webdataset.WebDataset(str(tmp_path / "00000.tar"), shardshuffle=False).decode("pil")
    )
    assert [sample["__key__"] for sample in found] == clip_ids
    for sample, clip in zip(found, clips, strict=True):
        assert sample["mp4"] == clips.media(clip)
        assert sample["txt"] == clip.caption
        assert sample["jpg"].size == (16, 16)
        assert sample["json"]["num_frames"] == clip.row["num_frames"]
        assert sample["json"]["license"] == "CC-BY"
        assert "offset" not in sample["json"]
    assert [sample["json"]["lead_hidden_frames"] for sample in found] == [0, 10, 0]


def test_shards_end_at_their_size_and_are_not_written_twice(exported_from, tmp_path, clip_ids):
    _, counts, read = _write(exported_from, tmp_path, 1)
    assert (counts["shards"], read) == (3, clip_ids)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "00001.tar").unlink()
    _, _, read = _write(exported_from, tmp_path, 1)
    assert read == [clip_ids[1]]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_groups():
    class Clip:
        def __init__(self, nbytes):
            self.row = {"nbytes": nbytes}

    sizes = [4, 4, 4, 12, 1]
    groups = group_by_size(map(Clip, sizes), 10)
    assert [[clip.row["nbytes"] for clip in group] for group in groups] == [[4, 4, 4], [12], [1]]


def test_facts_are_json(exported_from, tmp_path):
    _write(exported_from, tmp_path, 10**9)
    [sample, *_] = webdataset.WebDataset(str(tmp_path / "00000.tar"), shardshuffle=False)
    assert json.loads(sample["json"])["clip_id"] == sample["__key__"]
