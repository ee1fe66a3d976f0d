"""A study's folder from first to last, and what it does not say."""

import re

import pytest

from hdvg.errors import InputError
from hdvg.video import frames_at
from vfmodel.study.build import BuildConfig, build_study
from vfmodel.study.equalise import measure_video
from vfmodel.study.study_folder import DAMAGED, MODELS, SAME, load_study


def level(folder, clip):
    return frames_at(folder / f"public/media/{clip.name}.mp4", [0.0], 64, 48).mean()


def test_each_pair_shows_the_videos_that_the_key_says(built):
    study = load_study(built)
    for pair in study.pairs:
        number = int(pair.prompt.split()[-1])
        if pair.kind == MODELS:
            assert (pair.first.model, pair.second.model) == ("one", "two")
            assert level(built, pair.first) == pytest.approx(20 + 10 * number, abs=2)
            assert level(built, pair.second) == pytest.approx(150 + 10 * number, abs=2)
    [same] = [pair for pair in study.pairs if pair.kind == SAME]
    first, second = (built / f"public/media/{c.name}.mp4" for c in (same.first, same.second))
    assert first.read_bytes() == second.read_bytes()
    [damaged] = [pair for pair in study.pairs if pair.kind == DAMAGED]
    spreads = [
        frames_at(built / f"public/media/{clip.name}.mp4", [0.0], 64, 48).std()
        for clip in (damaged.first, damaged.second)
    ]
    assert spreads[0] < 2 < 20 < spreads[1]


def test_all_videos_are_alike_and_nothing_else_is_public(built):
    study = load_study(built)
    names = {f"{clip.name}.mp4" for pair in study.pairs for clip in (pair.first, pair.second)}
    media = built / "public/media"
    assert {path.name for path in media.iterdir()} == names
    assert len({measure_video(path) for path in media.iterdir()}) == 1
    assert len({path.stat().st_mtime for path in media.iterdir()}) == 1
    assert {path.name for path in (built / "public").iterdir()} == {"media", "index.html"}
    page = (built / "public/index.html").read_text()
    assert not re.search(r"\b(one|two)\b\"", page.split('id="data">')[1].split("</script>")[0])
    assert "damaged" not in page


def test_the_seed_gives_the_same_study_and_another_one_another(folders, tmp_path, built):
    again = BuildConfig(damaged_checks=1, same_checks=1, sheets=3, seed=5, title="Which <is> it?")
    assert build_study(folders, tmp_path / "again", again) == load_study(built)
    drawn = build_study(folders, tmp_path / "drawn", BuildConfig(sheets=1, max_prompts=2))
    assert len({pair.prompt for pair in drawn.pairs}) == 2
    assert drawn.seed != 5
    assert load_study(tmp_path / "drawn") == drawn


def test_the_shorter_video_cuts_its_rival(tmp_path, study_tools):
    long = study_tools.write_model(tmp_path / "long", 20, ("a",), frames=24)
    short = study_tools.write_model(tmp_path / "short", 90, ("a",), frames=12, width=48)
    study = build_study({"long": long, "short": short}, tmp_path / "s", BuildConfig(seed=1))
    lengths = {measure_video(p).duration_s for p in (tmp_path / "s/public/media").iterdir()}
    assert lengths == {1.5}
    assert study.cropped == {"long": pytest.approx(0.25), "short": 0}
    config = BuildConfig(seed=1, max_duration_s=0.5)
    build_study({"long": long, "short": short}, tmp_path / "t", config)
    lengths = {measure_video(p).duration_s for p in (tmp_path / "t/public/media").iterdir()}
    assert lengths == {0.5}


def test_what_cannot_be_built_leaves_nothing(folders, tmp_path, study_tools):
    one = folders["one"]
    with pytest.raises(InputError, match=r"2\.\.20 models, got 1"):
        build_study({"one": one}, tmp_path / "new/s", BuildConfig())
    with pytest.raises(InputError, match="one and copy are the same folder"):
        build_study({"one": one, "copy": one / "../one"}, tmp_path / "new/s", BuildConfig())
    with pytest.raises(InputError, match="this exists"):
        build_study(folders, tmp_path, BuildConfig())
    with pytest.raises(InputError, match="no such folder of videos for two"):
        build_study({"one": one, "two": tmp_path / "no"}, tmp_path / "new/s", BuildConfig())
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_middle_leaves_nothing(folders, tmp_path, monkeypatch):
    def fail(study):
        raise KeyboardInterrupt

    monkeypatch.setattr("vfmodel.study.build.draw_page", fail)
    with pytest.raises(KeyboardInterrupt):
        build_study(folders, tmp_path / "s", BuildConfig())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("compare", "some"),
        ("title", " "),
        ("pairs_a_rater", 0),
        ("max_prompts", 0),
        ("damaged_checks", -1),
        ("same_checks", 21),
        ("sheets", 0),
        ("max_duration_s", float("nan")),
        ("seed", -1),
    ],
)
def test_a_bad_setting_is_named(field, value):
    with pytest.raises(InputError, match=field):
        BuildConfig(**{field: value})
