from dataclasses import replace

from hdvg.plan import forget_spans, plan_units, read_plan, settle_plan
from hdvg.sources.source_video import SourceVideo, Span
from hdvg.storage import Storage


def _videos(*names):
    return [SourceVideo(video_id=name, kind="file", locator=f"{name}.mp4") for name in names]


def _ids(plan):
    return {unit: [video.video_id for video in videos] for unit, videos in plan.items()}


def test_units_keep_the_order():
    plan = plan_units(_videos("b", "a", "d", "c", "e"), unit_size=2)
    assert _ids(plan) == {"u00000": ["b", "a"], "u00001": ["d", "c"], "u00002": ["e"]}


def test_plan_is_stored_and_read_back(tmp_path):
    storage = Storage(tmp_path)
    plan = settle_plan(storage, _videos("a", "b", "c"), unit_size=2)
    assert read_plan(storage) == plan
    before = (tmp_path / "plan/units.parquet").read_bytes()
    assert settle_plan(storage, _videos("a", "b", "c"), unit_size=2) == plan
    assert (tmp_path / "plan/units.parquet").read_bytes() == before


def test_new_videos_go_into_new_units(tmp_path):
    storage = Storage(tmp_path)
    settle_plan(storage, _videos("b", "c", "d"), unit_size=2)
    plan = settle_plan(storage, _videos("a", "b", "c", "d", "e"), unit_size=2)
    assert _ids(plan) == {"u00000": ["b", "c"], "u00001": ["d"], "u00002": ["a", "e"]}
    assert read_plan(storage) == plan


def test_videos_that_are_gone_stay_planned(tmp_path):
    storage = Storage(tmp_path)
    plan = settle_plan(storage, _videos("a", "b"), unit_size=2)
    assert settle_plan(storage, _videos("b"), unit_size=2) == plan


def test_what_a_list_said_about_a_video_can_be_forgotten(tmp_path):
    storage = Storage(tmp_path)
    forget_spans(storage, {"a"})  # no plan yet
    span = Span(start_s=0.0, end_s=1.0, caption="words", name="a.1")
    videos = [replace(video, spans=(span,)) for video in _videos("a", "b")]
    settle_plan(storage, videos, unit_size=2)
    forget_spans(storage, {"a"})
    a, b = read_plan(storage)["u00000"]
    assert (a, b) == (_videos("a")[0], videos[1])
    assert settle_plan(storage, videos, unit_size=2) == {"u00000": [a, b]}
