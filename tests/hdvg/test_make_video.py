import errno
import json
import random
import shutil
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import hdvg.make_video as module
from hdvg.cut.cut_clip import CutConfig
from hdvg.download.fetch import Download
from hdvg.download.page import PageFacts
from hdvg.download.settings import DownloadConfig
from hdvg.make_video import Origin, VideoConfig, make_video
from hdvg.probe import FilterConfig
from hdvg.scan.config import ScanConfig
from hdvg.shapes.server import serve
from hdvg.sources.hdvg130m import read_hdvg130m
from hdvg.sources.shapes_site import read_shapes
from hdvg.sources.source_video import SourceVideo, Span
from hdvg.video import decode, to_rgb, write_video

CONFIG = VideoConfig(
    download=DownloadConfig(timeout_s=5.0, retries=0),
    filter=FilterConfig(min_height=128),
    scan=ScanConfig(min_scene_s=0.5),
    cut=CutConfig(preset="ultrafast"),
)
PAGE = PageFacts(channel="UC1", categories=("Pets",), license="CC-BY")
EXPECTED = {
    "missing": "permanent/not_found",
    "truncated": "corrupt/probe_failed",
    "not_video": "corrupt/probe_failed",
    "vertical": "content/not_widescreen",
    "small": "content/low_resolution",
    "static": "content/static",
    "letterboxed": "ok",
    "watermarked": "ok",
    "vfr": "ok",
    "subtitled": "ok",
    "duplicate": "ok",
    "": "ok",
    "web": "ok",
}


@pytest.fixture(scope="module")
def outcomes(corpus, tmp_path_factory):
    """Every video of the corpus through every step, over HTTP."""
    made = {}
    with serve(corpus / "site") as base:
        origin = Origin(source="shapes", base_url=base)
        for video in read_shapes(corpus / "site", "all"):
            work = tmp_path_factory.mktemp("work")
            made[video.video_id] = make_video(video, origin, CONFIG, work)
    return made


@pytest.mark.parametrize("name", EXPECTED)
def test_every_video_ends_as_it_should(outcomes, truth, name):
    row = outcomes[truth[name]["video_id"]].row
    failed = f"{row.get('fail_class')}/{row.get('fail_code')}"
    assert (row["status"] if row["status"] == "ok" else failed) == EXPECTED[name]


@pytest.mark.parametrize("name", ["vfr", "watermarked", "web"])
def test_captions_are_those_of_the_scenes(outcomes, truth, name):
    made = outcomes[truth[name]["video_id"]]
    words = ", stock footage" if name == "web" else ""
    said = [f"{caption}{words}" for caption in truth[name]["captions"]]
    assert [row["text"] for row in made.captions] == said
    where = "description" if name == "web" else "chapter"
    assert {row["source"] for row in made.captions} == {where}
    assert [row["clip_id"] for row in made.captions] == [row["clip_id"] for row, _ in made.clips]


def test_failures_keep_what_was_known(outcomes, truth):
    row = outcomes[truth["small"]["video_id"]].row
    assert (row["height"], row["num_clips"]) == (truth["small"]["height"], 0)
    assert row["title"].startswith("Shapes in motion")


def test_clip_rows_say_where_and_when(outcomes, truth):
    for row, clip in outcomes[truth["vfr"]["video_id"]].clips:
        tick = row["time_base_num"] / row["time_base_den"]
        assert row["start_s"] == pytest.approx(row["start_pts"] * tick)
        assert row["num_frames"] == pytest.approx(row["fps"] * (row["end_s"] - row["start_s"]))
        assert row["clip_id"].startswith(row["video_id"])
        assert row["start_s"] <= row["keyframe_s"] < row["end_s"]
        assert clip.path.stat().st_size > 0


def _local(path, folder):
    shutil.copy(path, folder / "in.mp4")
    video = SourceVideo(video_id="x", kind="file", locator="in.mp4")
    return video, Origin(source="folder", folder=str(folder))


def test_local_file_with_a_caption_beside_it(media, tmp_path):
    video, origin = _local(media["web"], tmp_path)
    (tmp_path / "in.txt").write_text("a ball")
    (tmp_path / "work").mkdir()
    made = make_video(video, origin, CONFIG, tmp_path / "work")
    assert [(row["text"], row["source"]) for row in made.captions] == [("a ball", "sidecar")]


def _fetched(monkeypatch, files, is_whole):
    """Downloads give these files one after the other; returns how often one was asked for."""
    asked = []

    def obtain(url, work, *_, on_page):
        asked.append(url)
        on_page(PAGE)
        return Download(path=files[len(asked) - 1], page=PAGE, is_whole=is_whole)

    monkeypatch.setattr(module, "obtain", obtain)
    return asked


@pytest.mark.parametrize(("is_whole", "num_asked"), [(True, 1), (False, 2)])
def test_what_the_network_may_have_cut_is_fetched_twice(
    media, tmp_path, monkeypatch, is_whole, num_asked
):
    asked = _fetched(monkeypatch, [media["truncated"], media["web"]], is_whole)
    video = SourceVideo(video_id="x", kind="url", locator="http://site.test/x")
    row = make_video(video, Origin(source="list"), CONFIG, tmp_path).row
    assert len(asked) == num_asked
    assert row["status"] == ("failed" if is_whole else "ok")
    assert (row["channel"], row["categories"], row["license"]) == ("UC1", ["Pets"], "CC-BY")


def test_what_a_page_says_is_kept_though_it_rules_the_video_out(corpus, truth, tmp_path):
    config = replace(CONFIG, filter=FilterConfig(licenses=("Creative Commons",)))
    locator = f"watch/{truth['']['video_id']}.html"
    video = SourceVideo(video_id="x", kind="shapes", locator=locator)
    with serve(corpus / "site") as base:
        row = make_video(video, Origin(source="s", base_url=base), config, tmp_path).row
    assert (row["fail_class"], row["fail_code"]) == ("content", "license_refused")
    assert row["title"].startswith("Shapes in motion")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_out_because_it_is_corrupt_twice(media, tmp_path, monkeypatch):
    asked = _fetched(monkeypatch, [media["truncated"]] * 2, is_whole=False)
    video = SourceVideo(video_id="x", kind="url", locator="http://site.test/x")
    row = make_video(video, Origin(source="list"), CONFIG, tmp_path).row
    assert (row["fail_code"], len(asked)) == ("probe_failed", 2)


def _damage(data, seed):
    """A copy with bytes changed, set to extremes or left out, most often in the index."""
    draw, data = random.Random(seed), bytearray(data)
    first, last = (data.index(b"moov"), data.index(b"mdat")) if seed % 3 else (0, len(data))
    for _ in range(draw.choice([1, 2, 4, 16])):
        place, trick = draw.randrange(first, last), draw.random()
        if trick < 0.5:
            data[place] = draw.randrange(256)
        elif trick < 0.8:
            data[place : place + 4] = draw.choice([bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"])
        else:
            del data[place]
    return data


def test_damaged_files_are_nobody_s_bug(tmp_path):
    """2,500 seeds were tried once; 60 are enough to see that nobody forgot."""
    frames = np.random.default_rng(0).integers(0, 255, (1, 3, 48, 64)).repeat(30, 0)
    frames = frames * np.linspace(0.6, 1.0, 30)[:, None, None, None]  # still pictures are refused
    frames[15:] = 255 - frames[15:]
    good = write_video(tmp_path / "good.mp4", frames.astype(np.uint8), 10).read_bytes()
    loose = FilterConfig(min_height=16, min_aspect=0.1, max_aspect=10.0, min_duration_s=0.0)
    config = replace(CONFIG, filter=loose, scan=ScanConfig(min_scene_s=0.2))
    video = SourceVideo(video_id="x", kind="file", locator="in.mp4")
    classes = Counter()
    for seed in range(60):
        (tmp_path / "in.mp4").write_bytes(_damage(good, seed))
        work = tmp_path / f"work{seed}"
        work.mkdir()
        row = make_video(video, Origin(source="s", folder=str(tmp_path)), config, work).row
        classes[row.get("fail_class", "ok")] += 1
    assert set(classes) <= {"ok", "corrupt", "content"}
    assert min(classes["ok"], classes["corrupt"]) > 5


def test_our_own_bug_is_a_row(media, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "scan_video", lambda *_: 1 / 0)
    row = make_video(*_local(media["web"], tmp_path), CONFIG, tmp_path).row
    assert (row["fail_class"], row["fail_code"]) == ("internal", "bug")
    assert "ZeroDivisionError" in row["fail_message"]


def test_a_full_disk_is_nobody_s_fault(media, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "cut_scenes", full)
    with pytest.raises(OSError, match="No space"):
        make_video(*_local(media["web"], tmp_path), CONFIG, tmp_path)


def _listed(path, folder, spans, mode):
    (folder / "work").mkdir()
    video, origin = _local(path, folder)
    config = replace(CONFIG, spans=mode)
    return make_video(replace(video, spans=tuple(spans)), origin, config, folder / "work")


def test_the_parts_of_a_list_are_the_clips(media, truth, tmp_path):
    fps = truth[""]["fps"]
    frames = [(3, 20), (10, 40), (20, 31)]  # they overlap, and cross cuts
    spans = [
        Span(
            start_s=first / fps + 0.004,
            end_s=last / fps - 0.004,
            caption=f"{first}\nagain",
            name=f"video{first}",
        )
        for first, last in frames
    ]
    made = _listed(media[""], tmp_path, [*spans, Span(start_s=900.0, end_s=901.0)], "cut")
    assert made.row["status"] == "ok"
    shown = [to_rgb(frame, 64, 36).astype(int) for frame in decode(media[""])]
    for (row, clip), said, (first, last) in zip(made.clips, made.captions, frames, strict=True):
        assert row["num_frames"] == last - first
        assert (row["boundary_start"], row["boundary_end"]) == ("span", "span")
        assert row["span_name"] == f"video{first}"
        assert row["start_s"] == pytest.approx(first / fps, abs=1e-3)
        assert (said["text"], said["source"]) == (str(first), "span")
        cut = [to_rgb(frame, 64, 36) for frame in decode(clip.path)]
        assert len(cut) == last - first
        for picture, original in zip((cut[0], cut[-1]), (first, last - 1), strict=True):
            assert np.abs(picture - shown[original]).mean() < 3
        assert clip.scene.scores.motion > 0
    assert [row["text"] for row in made.given] == ["3\nagain", "10\nagain", "20\nagain"]


def test_a_video_without_parts_cannot_be_cut_by_them(media, tmp_path):
    row = _listed(media[""], tmp_path, [], "cut").row
    assert (row["fail_class"], row["fail_code"]) == ("content", "no_scenes")


def test_spans_give_their_captions_to_the_scenes_that_they_cover(media, truth, tmp_path):
    first_s = truth[""]["scenes"][0]["duration_s"]
    spans = [Span(start_s=0.0, end_s=first_s, caption="one\nmore")]
    made = _listed(media[""], tmp_path, spans, "caption")
    assert made.captions[0]["text"] == "one"
    assert [row["clip_id"] for row in made.given] == [made.captions[0]["clip_id"]]
    assert {row["source"] for row in made.captions[1:]} == {"filename"}


@pytest.mark.parametrize("mode", ["caption", "cut"])
def test_hd_vg_130m_s_lost_offset_is_found_in_the_picture(media, truth, tmp_path, mode):
    """Frames count from a keyframe 2.9 s before the span, as HD-VILA's cutting script left them."""
    known = truth["letterboxed"]
    fps, key_s, lost_s = known["fps"], 0.5, 2.9
    cuts_s = [cut["time_s"] for cut in known["cuts"]]
    edges = [round((time_s - key_s) * fps) for time_s in (key_s, *cuts_s, 8.2)]
    scenes = [
        {"scene_cut": list(pair), "clip_id": f"AAAAAAAAAAA.0_{k}", "caption": f"scene {k}"}
        for k, pair in enumerate(pairwise(edges))
    ]
    times = [f"00:00:{time_s:06.3f}" for time_s in (key_s + lost_s, 8.0)]
    clip = {"span": times, "fps": fps, "scene_split": scenes}
    path = tmp_path / "hdvg_0.json"
    path.write_text(json.dumps({"AAAAAAAAAAA": {"clip": {"AAAAAAAAAAA.0.mp4": clip}}}))
    [listed] = read_hdvg130m(path)
    made = _listed(media["letterboxed"], tmp_path, listed.spans, mode)
    assert [row["text"] for row in made.captions] == ["scene 0", "scene 1", "scene 2"]
    starts_s = [row["start_s"] for row, _ in made.clips]
    assert starts_s == pytest.approx([key_s if mode == "cut" else 0.0, *cuts_s], abs=2 / fps)


def test_scores_and_crops_come_with_the_clips(outcomes, truth):
    made = outcomes[truth["letterboxed"]["video_id"]]
    assert [row["clip_id"] for row in made.scores] == [row["clip_id"] for row, _ in made.clips]
    for (row, clip), scores in zip(made.clips, made.scores, strict=True):
        assert (row["crop_x"], row["crop_width"]) == (0, clip.width)
        assert abs(row["crop_y"] - 0.12 * clip.height) <= 2
        assert scores["black_bars"] == pytest.approx(0.24, abs=0.02)
        assert scores["fingerprint"] > 0
    assert all("crop_x" not in row for row, _ in outcomes[truth["vfr"]["video_id"]].clips)
