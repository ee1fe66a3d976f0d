from dataclasses import replace

from hdvg.tally import Tally, describe_counts, describe_pace, describe_work, format_eta


def _row(fail_class=None, num_clips=0, duration_s=None):
    return {
        "status": "failed" if fail_class else "ok",
        "fail_class": fail_class,
        "num_clips": num_clips,
        "duration_s": duration_s,
    }


def _tally():
    tally = Tally(total=6, elapsed_s=30.0)
    rows = (_row(None, 3, 45.0), _row("corrupt"), _row("content", 0, 15.0), _row("content"))
    for row in rows:
        tally.add(row)
    return tally


def test_clips_and_failures_are_counted_by_class():
    tally = _tally()
    assert (tally.num_done, tally.num_clips, tally.source_s) == (4, 3, 60.0)
    assert describe_counts(tally) == "3 clips, 3 failed (content 2, corrupt 1)"
    assert describe_counts(Tally(total=1)) == "0 clips, 0 failed"


def test_the_pace_is_videos_and_video_over_time():
    assert describe_pace(_tally()) == "8.0 videos/min, 2.0 s of video a second"
    assert describe_pace(Tally(total=3, elapsed_s=5.0)) == ""
    assert describe_pace(replace(_tally(), elapsed_s=0.0)) == ""


def test_the_time_left_follows_the_pace():
    assert format_eta(_tally()) == "0:15"
    assert format_eta(Tally(total=5, elapsed_s=10.0)) == "-:--"
    assert format_eta(Tally(total=3, num_done=1, elapsed_s=600.0)) == "20:00"
    assert format_eta(Tally(total=9, num_done=1, elapsed_s=1800.0)) == "4:00:00"
    assert format_eta(Tally(total=5, num_done=5, elapsed_s=9.0)) == "0:00"


def test_the_longest_work_is_named_first():
    at_work = {"b": 3.0, "a": 65.0, "c": 3.0}
    assert describe_work(Tally(total=9, at_work=at_work)) == "a 1:05, b 0:03, c 0:03"
    many = {f"v{k}": float(k) for k in range(6)}
    assert describe_work(Tally(total=9, at_work=many)).endswith("v3 0:03 and 3 more")
    assert describe_work(Tally(total=9)) == ""
