from hdvg.report.funnel import count_clips, count_videos


def _row(fail_class=None, code=None):
    return {"status": "failed" if fail_class else "ok", "fail_class": fail_class, "fail_code": code}


ROWS = [
    *[_row()] * 4,
    _row("permanent", "private"),
    _row("transient", "timeout"),
    _row("throttled", "http_429"),
    _row("transient", "timeout"),
    _row("corrupt", "probe_failed"),
    _row("resource", "worker_died"),
    _row("content", "static"),
    _row("content", "too_short"),
    _row("something new", "odd"),
]


def test_every_video_is_lost_at_one_step_with_its_reason():
    steps = count_videos(20, ROWS)
    assert [(step.name, step.count) for step in steps] == [
        ("inputs", 20),
        ("done so far", 13),
        ("could be fetched", 9),
        ("can be decoded", 8),
        ("were worked on to the end", 7),
        ("pass the filter", 4),
    ]
    assert steps[1].lost == (("not worked on yet", 7),)
    assert steps[2].lost == (("timeout", 2), ("http_429", 1), ("private", 1))
    assert dict(steps[-1].lost) == {"static": 1, "too_short": 1, "odd": 1}
    assert steps[0].count - sum(n for step in steps for _, n in step.lost) == steps[-1].count
    assert [step.share for step in steps][-1] == 4 / 20


def test_a_finished_dataset_has_nothing_pending():
    assert [step.name for step in count_videos(13, ROWS)][:2] == ["inputs", "could be fetched"]
    assert count_videos(0, [])[-1].count == 0


def test_scenes_become_clips_become_selections():
    scenes, clips, chosen = count_clips(10, 8, [("hq", "height > 3", 2)])
    assert (scenes.count, clips.count, chosen.count) == (10, 8, 2)
    assert clips.lost == (("shorter than a clip may be", 2),)
    assert (chosen.name, chosen.note, chosen.share) == ("selection hq", "height > 3", 0.2)
    more, _ = count_clips(3, 8, [])  # long scenes are cut into pieces
    assert more.share == 3 / 8
    assert count_clips(3, 8, [])[1].lost == ()
