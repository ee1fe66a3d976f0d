import csv

import pytest

from hdvg.export.clip_file import read_clip_file
from hdvg.export.collect import Collection
from hdvg.export.write_webvid import format_duration, write_webvid
from hdvg.sources.webvid import read_webvid
from hdvg.storage import Storage


@pytest.mark.parametrize(
    ("duration_s", "text"), [(11.2, "PT00H00M11S"), (3725.0, "PT01H02M05S"), (59.7, "PT00H01M00S")]
)
def test_durations(duration_s, text):
    assert format_duration(duration_s) == text


def _write(dataset, folder):
    clips = Collection(dataset, "alt_text", "")
    calls = []
    read = []

    def reading(clip):
        read.append(clip.clip_id)
        return read_clip_file(clips, clip, unhide=False)

    write_webvid(clips, Storage(folder), reading, lambda: calls.append(1))
    return clips, len(calls), read


def test_list_and_files_are_where_loaders_look(exported_from, tmp_path, clip_ids):
    clips, calls, _ = _write(exported_from, tmp_path)
    assert calls == 3
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["videoid"] for row in rows] == clip_ids
    assert rows[1]["contentUrl"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ#t=0.400,1.200"
    assert rows[1]["name"] == f"grey, {clip_ids[1]}"
    for row, clip in zip(rows, clips, strict=True):
        path = tmp_path / "videos" / row["page_dir"] / f"{row['videoid']}.mp4"
        assert path.read_bytes() == clips.media(clip)


def test_it_goes_on_where_it_stopped(exported_from, tmp_path, clip_ids):
    _write(exported_from, tmp_path)
    (tmp_path / "videos/u00000" / f"{clip_ids[1]}.mp4").unlink()
    assert _write(exported_from, tmp_path)[2] == [clip_ids[1]]


def test_our_importer_reads_the_web_s_part(exported_from, tmp_path, clip_ids):
    _write(exported_from, tmp_path)
    *videos, skipped = read_webvid(tmp_path / "results.csv")
    assert [video.spans[0].name for video in videos] == clip_ids[:2]
    assert skipped.reason == "no videoid or no URL"
