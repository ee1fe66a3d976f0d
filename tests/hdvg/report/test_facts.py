"""The report's numbers against a dataset that is small enough to count by hand."""

import pytest

from hdvg.dataset_folder import create_dataset
from hdvg.errors import InputError
from hdvg.report.facts import gather_facts


@pytest.fixture(scope="module")
def facts(data):
    return gather_facts(data)[1]


def test_what_there_is(facts):
    assert (facts.name, facts.sources) == ("balls", ("a list",))
    assert (facts.num_videos, facts.num_ok, facts.num_clips) == (6, 2, 3)
    assert facts.hours == pytest.approx(6 / 3600)
    assert ("cut.crf", "18") in facts.config
    assert ("unit_size", "2") in facts.config
    assert facts.nbytes > 10_000


def test_the_funnel(facts):
    assert [step.count for step in facts.video_steps] == [6, 3, 3, 3, 2]
    assert [step.count for step in facts.clip_steps] == [4, 3, 0]
    assert facts.clip_steps[-1].name == "selection hd_vg"


def test_the_papers_three_statistics(facts):
    found = {(share.name, share.count) for share in facts.categories}
    assert found == {("Sport", 2), ("Film", 1)}
    assert sum(share.share for share in facts.categories) == pytest.approx(1)
    assert facts.durations.about.startswith("Clip duration: 3 values, median 2 s")
    (lengths,) = facts.caption_lengths
    assert lengths.title == "Caption length: alt_text"
    assert "from 3 to" in lengths.about


def test_pictures_and_scores(facts):
    assert [(s.name, s.count) for s in facts.shares["Resolution"]] == [("320x180", 3)]
    assert [(s.name, s.count) for s in facts.shares["Aspect"]] == [("16:9", 3)]
    assert [(s.name, s.count) for s in facts.shares["Licence"]] == [("(not stated)", 3)]
    charts = {chart.title: chart for chart in facts.scores}
    assert charts["watermark"].about == "watermark: 2 values, median 0.5, from 0.25 to 0.75"
    assert "fingerprint" not in charts
    assert "clip_id" not in charts


def test_failures_come_with_examples(facts):
    found = {(f.fail_class, f.code): f for f in facts.failures}
    assert facts.failures[0].code == "timeout"
    timeout = found["transient", "timeout"]
    assert (timeout.count, timeout.retryable) == (2, True)
    assert timeout.examples == (("e", "it took too long"), ("f", "again"))
    assert not found["permanent", "private"].retryable


def test_throughput_is_what_the_commits_say(facts):
    speed = facts.throughput
    assert speed.units == 2
    assert speed.worker_hours == pytest.approx(4 / 3600)
    assert speed.source_seconds_per_worker_second == pytest.approx(12 / 4)
    assert speed.videos_per_worker_hour == pytest.approx(6 / 4 * 3600)


def test_a_dataset_without_clips_is_told_and_an_empty_one_refused(write_tables, tmp_path):
    row = {"video_id": "a", "status": "failed", "fail_class": "geo", "fail_code": "geo_blocked"}
    root = write_tables(tmp_path / "a", {"u": {"videos": [row], "clips": []}}).root
    found = gather_facts(root)[1]
    assert (found.num_clips, found.durations, found.scores) == (0, None, ())
    create_dataset(tmp_path / "b", sources=["x"], config={})
    with pytest.raises(InputError, match="no committed videos yet"):
        gather_facts(str(tmp_path / "b"))
