import dataclasses

import numpy as np
import pytest

from hdvg.shapes.corpus import CorpusConfig, plan_corpus
from hdvg.shapes.film import TRANSITION_S, write_film
from hdvg.shapes.render import render_frame
from hdvg.video import decode, frame_time_s, open_media, to_rgb

SOUND = next(
    p for p in plan_corpus(CorpusConfig(num_videos=1, num_web_videos=0, troubles=False, height=128))
)


def _film(tmp_path, **changes):
    path = tmp_path / "film.mp4"
    write_film(dataclasses.replace(SOUND, **changes), path)
    return path


def _luma(frame):
    return float(to_rgb(frame).mean())


def test_truth_counts_and_times_the_frames(media, truth):
    for name in ("", "vfr", "web", "letterboxed"):
        times = [frame_time_s(frame) for frame in decode(media[name])]
        assert len(times) == truth[name]["num_frames"]
        for cut in truth[name]["cuts"]:
            assert times[cut["frame"]] == pytest.approx(cut["time_s"], abs=1e-4)


@pytest.mark.parametrize("name", ["", "vfr", "web", "letterboxed"])
def test_scenes_start_when_the_ones_before_have_ended(media, truth, name):
    lengths = [scene["duration_s"] for scene in truth[name]["scenes"]]
    starts = [sum(lengths[:index]) for index in range(1, len(lengths))]
    assert [cut["time_s"] for cut in truth[name]["cuts"]] == pytest.approx(starts, abs=1e-4)
    assert frame_time_s(next(iter(decode(media[name])))) == 0.0


def test_only_the_vfr_video_has_uneven_steps(media):
    for name in ("", "vfr"):
        steps = np.diff([frame_time_s(frame) for frame in decode(media[name])])
        assert (steps.max() > 1.5 * steps.min()) == (name == "vfr")


def test_frames_show_their_scenes(tmp_path):
    frames = list(decode(_film(tmp_path, transitions=("cut",) * len(SOUND.transitions))))
    first = 0
    for number, scene in enumerate(SOUND.scenes):
        count = SOUND.num_frames(number)
        for within in (0, count - 1):
            shown = to_rgb(frames[first + within]).astype(int)
            painted = render_frame(scene, within / SOUND.fps, SOUND.height, SOUND.width)
            assert np.abs(shown - painted).mean() < 6
        first += count


def test_fades_reach_black_at_the_boundary(tmp_path):
    frames = list(decode(_film(tmp_path, transitions=("fade",) * len(SOUND.transitions))))
    boundary = SOUND.num_frames(0)
    reach = int(TRANSITION_S * SOUND.fps) + 1
    assert _luma(frames[boundary]) < 3
    assert _luma(frames[boundary - reach]) > 60
    assert _luma(frames[boundary + reach]) > 60


def test_dissolves_mix_the_two_scenes(tmp_path):
    frames = list(decode(_film(tmp_path, transitions=("dissolve",) * len(SOUND.transitions))))
    boundary, span_s = SOUND.num_frames(0), SOUND.scenes[0].duration_s
    size = SOUND.height, SOUND.width
    for step in (-12, -6, 0, 6, 12):
        t_s = step / SOUND.fps
        later = min(1.0, max(0.0, 0.5 + 0.5 * t_s / TRANSITION_S))
        earlier = render_frame(SOUND.scenes[0], span_s + t_s, *size) * (1.0 - later)
        mixed = earlier + render_frame(SOUND.scenes[1], t_s, *size) * later
        assert np.abs(to_rgb(frames[boundary + step]) - mixed).mean() < 6


def test_static_video_stands_still(tmp_path):
    film = _film(tmp_path, trouble="static", transitions=("cut",) * len(SOUND.transitions))
    frames = [to_rgb(f).astype(int) for f in decode(film)]
    inside = SOUND.num_frames(0) - 10
    assert np.abs(frames[inside] - frames[inside - 5]).mean() < 0.5


def test_letterbox_bars_are_black(tmp_path):
    frame = to_rgb(next(iter(decode(_film(tmp_path, trouble="letterboxed")))))
    assert frame[: int(0.1 * SOUND.height)].max() < 16
    assert frame[SOUND.height // 2].mean() > 40


def test_watermark_brightens_the_centre(tmp_path):
    plain = to_rgb(next(iter(decode(_film(tmp_path))))).astype(int)
    marked = to_rgb(next(iter(decode(_film(tmp_path, trouble="watermarked"))))).astype(int)
    middle = slice(SOUND.height // 2 - 8, SOUND.height // 2 + 8)
    assert (marked - plain)[middle].max() > 25
    assert np.abs((marked - plain)[:20]).mean() < 3


def test_a_copy_shows_the_same_in_other_bytes(media, truth):
    names = {truth[name]["video_id"]: name for name in ("", "sound2")}
    original = names[truth["duplicate"]["copy_of"]]
    pairs = list(zip(decode(media[original]), decode(media["duplicate"]), strict=True))
    assert np.mean([np.abs(to_rgb(a).astype(int) - to_rgb(b)).mean() for a, b in pairs[::20]]) < 6
    assert media["duplicate"].stat().st_size < media[original].stat().st_size


def test_films_have_sound(tmp_path):
    with open_media(_film(tmp_path)) as container:
        [audio] = container.streams.audio
        assert audio.codec_context.name == "aac"
        heard_s = sum(f.samples for f in container.decode(audio)) / audio.rate
    assert heard_s == pytest.approx(sum(s.duration_s for s in SOUND.scenes), abs=0.1)


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    first = _film(tmp_path).read_bytes()
    assert _film(tmp_path).read_bytes() == first


def test_trouble_files(media):
    assert not media["missing"].exists()
    assert media["not_video"].read_bytes().startswith(b"<!doctype html>")
    assert b"moov" not in media["truncated"].read_bytes()
