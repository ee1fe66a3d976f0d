"""What is left out, by name, before anybody sees a pair."""

import shutil

import pytest

from hdvg.errors import InputError
from vfmodel.study.find_videos import find_videos
from vfmodel.study.match_videos import draw_prompts, match_videos, meetings


def test_all_that_two_models_share_is_kept(folders, study_tools):
    matched = match_videos([find_videos(name, folder) for name, folder in folders.items()])
    assert [(case.prompt, a.model, b.model) for case, a, b in meetings(matched.models)] == [
        (prompt, "one", "two") for prompt in study_tools.prompts
    ]
    assert (matched.form.width, matched.form.height, matched.form.fps) == (64, 48, 8)
    assert all(videos.lost == {} for videos in matched.models)


def test_broken_copied_and_lonely_videos_are_counted_and_named(tmp_path, study_tools):
    one = study_tools.write_model(tmp_path / "one", 20)
    two = study_tools.write_model(tmp_path / "two", 150, (*study_tools.prompts, "extra"))
    (two / "1.mp4").write_bytes(b"junk")
    shutil.copy(one / "2.mp4", two / "2.mp4")
    (one / "3.mp4").unlink()
    matched = match_videos([find_videos("one", one), find_videos("two", two)])
    first, second = matched.models
    assert second.lost == {
        "without a rival": ["3.mp4", "4.mp4"],
        "broken": ["1.mp4"],
        "the same file as one's": ["2.mp4"],
    }
    # What lost its rival on the way is no rival of anybody either.
    assert first.lost == {"missing": ["3.mp4"], "without a rival": ["1.mp4", "2.mp4"]}
    assert [case.prompt for case in first.files] == ["a thing number 0"]


def test_three_models_need_not_share_everything(tmp_path, study_tools):
    models = []
    for level, (name, prompts) in enumerate({"a": "xy", "b": "yz", "c": "zx"}.items()):
        folder = study_tools.write_model(tmp_path / name, 20 + 50 * level, tuple(prompts))
        models.append(find_videos(name, folder))
    found = {
        (case.prompt, a.model, b.model) for case, a, b in meetings(match_videos(models).models)
    }
    assert found == {("y", "a", "b"), ("x", "a", "c"), ("z", "b", "c")}


def test_nothing_in_common_is_refused_with_the_reasons(tmp_path, study_tools):
    one = find_videos("one", study_tools.write_model(tmp_path / "one", 20, ("a", "b")))
    two = find_videos("two", study_tools.write_model(tmp_path / "two", 90, ("c",)))
    with pytest.raises(InputError, match="one: 2 without a rival; two: 1 without a rival"):
        match_videos([one, two])


def test_some_prompts_are_drawn_and_the_rest_is_no_loss(folders, study_tools):
    def draw(count, seed=0):
        models = [find_videos(name, folder) for name, folder in folders.items()]
        models[0].files.pop(next(iter(models[0].files)))  # only the other model has it now
        draw_prompts(models, count, seed)
        assert all(videos.lost == {} for videos in models)
        [first, second] = [{case.prompt for case in videos.files} for videos in models]
        assert first == second
        return first

    shared = set(study_tools.prompts[1:])
    assert draw(9) == shared
    assert len(draw(2)) == 2
    assert draw(2) == draw(2) < shared
    assert {frozenset(draw(1, seed)) for seed in range(20)} == {frozenset({p}) for p in shared}
