import pytest

from hdvg.errors import InputError
from hdvg.export.collect import Collection


def test_clips_come_in_order_with_their_video_and_caption(exported_from, clip_ids):
    clips = list(Collection(exported_from, "alt_text", ""))
    assert [clip.clip_id for clip in clips] == clip_ids
    assert [clip.caption for clip in clips] == [f"grey, {name}" for name in clip_ids]
    assert (clips[1].start_s, clips[1].end_s) == (0.4, 1.2)
    assert clips[0].page_url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert clips[2].page_url == "holiday.mp4"
    assert [clip.video["license"] for clip in clips] == ["CC-BY"] * 3


def test_another_family_and_a_selection(exported_from, clip_ids):
    clips = Collection(exported_from, "blip2", "num_frames > 15")
    assert len(clips) == 1
    assert [(clip.clip_id, clip.caption) for clip in clips] == [(clip_ids[1], "")]


def test_keyframes_are_found_by_clip(exported_from, clip_ids):
    clips = Collection(exported_from, "alt_text", "")
    assert set(clips.keyframes("u00000")) == set(clip_ids[:2])


def test_nothing_to_export_is_named(exported_from, write_tables, tmp_path):
    with pytest.raises(InputError, match="no caption family 'blip3'"):
        Collection(exported_from, "blip3", "")
    with pytest.raises(InputError, match="no clip that 'height > 9000' chooses"):
        Collection(exported_from, "alt_text", "height > 9000")
    empty = write_tables(tmp_path / "e", {"u00000": {"videos": [], "clips": []}})
    with pytest.raises(InputError, match="has no clip"):
        Collection(empty, "alt_text", "")
