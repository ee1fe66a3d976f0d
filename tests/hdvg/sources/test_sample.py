import itertools
from dataclasses import replace

import pytest

from hdvg.errors import InputError
from hdvg.sources.rows import SkippedRow
from hdvg.sources.sample import SampleConfig, gather, rank
from hdvg.sources.source_video import SourceVideo, Span

LABELS = ("music", "sport", "")


def _videos(count):
    labels = itertools.cycle(LABELS)
    return [
        SourceVideo(video_id=f"v{k:04d}", kind="url", locator=f"http://x/{k}", label=next(labels))
        for k in range(count)
    ]


def _ids(config, videos=None, **options):
    return [v.video_id for v in gather(videos or _videos(300), config, **options).videos]


def _by_sorting(videos, limits, seed, total=0):
    """The same sample the slow way: sort everything by rank and count."""
    taken, counts = [], dict.fromkeys(limits, 0)
    for video in sorted(videos, key=lambda v: rank(seed, v.video_id)):
        if counts[video.label] < limits[video.label]:
            counts[video.label] += 1
            taken.append(video.video_id)
    taken = taken[: total or None]
    return [video.video_id for video in videos if video.video_id in taken]


@pytest.mark.parametrize("seed", [0, 5])
def test_the_smallest_ranks_are_taken_in_the_order_of_the_list(seed):
    videos = _videos(300)
    every = dict.fromkeys(LABELS, 300)
    assert _ids(SampleConfig()) == [v.video_id for v in videos]
    assert _ids(SampleConfig(per_label=7, seed=seed)) == _by_sorting(
        videos, dict.fromkeys(LABELS, 7), seed
    )
    assert _ids(SampleConfig(total=11, seed=seed)) == _by_sorting(videos, every, seed, 11)
    quotas = {"music": 5, "sport": 2}
    assert _ids(SampleConfig(quotas=quotas, total=6, seed=seed)) == _by_sorting(
        videos, quotas | {"": 0}, seed, 6
    )


def test_growing_keeps_what_was_sampled():
    small = _ids(SampleConfig(per_label=5))
    assert set(small) < set(_ids(SampleConfig(per_label=9)))
    assert set(_ids(SampleConfig(total=9))) < set(_ids(SampleConfig(total=30)))
    assert set(small) != set(_ids(SampleConfig(per_label=5, seed=1)))


def test_the_order_of_the_rows_does_not_matter():
    videos = _videos(100)
    config = SampleConfig(per_label=4)
    assert set(_ids(config, videos)) == set(_ids(config, videos[::-1]))


def test_the_rows_of_one_video_are_one_video_with_all_spans():
    spans = [Span(start_s=float(k), end_s=k + 1.0, caption=str(k)) for k in range(4)]
    video = SourceVideo(video_id="v", kind="url", locator="http://x")
    rows = [replace(video, spans=(span,)) for span in [*spans, spans[0]]]
    for config in (SampleConfig(), SampleConfig(total=1)):
        found = gather(rows, config)
        [merged] = found.videos
        assert merged.spans == tuple(spans)
        assert found.num_listed == 5


def test_labels_of_a_file_go_first():
    labels = {"v0000": "other", "http://x/1": "other"}
    assert _ids(SampleConfig(quotas={"other": 9}), labels=labels) == ["v0000", "v0001"]


def test_quotas_that_the_list_cannot_fill_are_counted():
    found = gather(_videos(30), SampleConfig(quotas={"music": 12, "sport": 3}))
    assert found.unmet == {"music": 2}
    assert gather(_videos(30), SampleConfig(per_label=99)).unmet == {}


def test_a_quota_for_nothing_is_named():
    with pytest.raises(InputError, match="'musik'; labels: music, sport"):
        _ids(SampleConfig(quotas={"musik": 1}))


def test_a_list_without_labels_cannot_be_sampled_by_them():
    video = SourceVideo(video_id="v", kind="url", locator="http://x")
    with pytest.raises(InputError, match="needs labels"):
        gather([video], SampleConfig(per_label=1))


def test_what_a_mode_does_not_use_is_not_kept():
    spans = (Span(start_s=0.0, end_s=1.0, caption="x"), Span(start_s=1.0, end_s=2.0))
    video = SourceVideo(video_id="v", kind="url", locator="http://x", spans=spans)
    kept = {
        mode: gather([video], SampleConfig(), spans=mode).videos[0].spans
        for mode in ("ignore", "caption", "cut")
    }
    assert kept == {"ignore": (), "caption": spans[:1], "cut": spans}


def test_skipped_rows_are_counted_by_reason():
    rows = [SkippedRow(where=f"line {k}", reason="bad" if k % 2 else "worse") for k in range(7)]
    found = gather([*rows, *_videos(2)], SampleConfig())
    assert found.skipped == {"bad": 3, "worse": 4}
    assert found.examples == ("line 0: worse", "line 1: bad", "line 2: worse")
    assert found.num_listed == 2


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"per_label": -1}, "per_label"),
        ({"total": -2}, "-2"),
        ({"seed": -1}, "seed"),
        ({"quotas": {"music": 0}}, "'music'"),
        ({"quotas": {"music": 1}, "per_label": 1}, "not both"),
    ],
)
def test_impossible_settings_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        SampleConfig(**settings)
