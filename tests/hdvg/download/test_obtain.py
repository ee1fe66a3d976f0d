"""Whole courses: servers that change their mind, proxies that differ, and what the waits were."""

import pytest

import hdvg.download.obtain as module
from hdvg.download.gate import LocalGate
from hdvg.download.obtain import obtain
from hdvg.download.page import Bounds
from hdvg.download.retry import delay_s
from hdvg.download.settings import DownloadConfig
from hdvg.failures import VideoFailure


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now_s = 0.0
        self.naps = []

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.now_s += seconds


@pytest.fixture
def clock():
    return Clock()


def _obtain(url, work, clock, gate=None, **options):
    config = DownloadConfig(timeout_s=2.0, **({"retries": 0} | options))
    gate = gate or LocalGate(config, clock)
    return obtain(url, work, config, Bounds(), gate, sleep=clock.sleep)


def _fail(*args, **options):
    with pytest.raises(VideoFailure) as caught:
        _obtain(*args, **options)
    return caught.value.code


def test_too_many_requests_then_fine(bad, send, clip, clock, tmp_path):
    bad.routes["/a.mp4"] = lambda request, count: (
        send(request, status=429, Retry_After="7") if count == 1 else send(request, clip)
    )
    got = _obtain(f"{bad.base}/a.mp4", tmp_path, clock)
    assert got.path.read_bytes() == clip
    assert clock.naps == [7.0]


def test_too_many_requests_for_ever(bad, send, clock, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, status=429, Retry_After="5")
    assert _fail(f"{bad.base}/a.mp4", tmp_path, clock, max_wait_s=100.0) == "http_429"
    # 5, 10, 20 and 40 s; the next pause would be too long.
    assert clock.now_s == 75.0
    assert bad.hits["/a.mp4"] == 5


def test_a_throttled_video_leaves_the_site_closed_for_the_next(bad, send, clock, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, status=429, Retry_After="500")
    bad.routes["/b.mp4"] = bad.routes["/a.mp4"]
    gate = LocalGate(DownloadConfig(), clock)
    assert _fail(f"{bad.base}/a.mp4", tmp_path, clock, gate, max_wait_s=0.0) == "http_429"
    assert clock.naps == []
    assert _fail(f"{bad.base}/b.mp4", tmp_path, clock, gate, max_wait_s=0.0) == "session_limit"
    assert bad.hits == {"/a.mp4": 1}  # not even asked
    assert _fail(f"{bad.base}/b.mp4", tmp_path, clock, gate, max_wait_s=600.0) == "http_429"
    assert clock.now_s == 500.0  # waited before it asked
    assert bad.hits == {"/a.mp4": 1, "/b.mp4": 1}


def test_a_site_that_lets_nobody_through_does_not_hold_up_a_long_list(monkeypatch, clock, tmp_path):
    def throttled(*_, **__):
        asked.append(clock.now_s)
        raise VideoFailure("bot_check", "")

    asked = []
    monkeypatch.setattr(module, "fetch", throttled)
    gate = LocalGate(DownloadConfig(), clock)
    for number in range(1000):
        code = _fail(f"http://a/{number}", tmp_path, clock, gate, max_wait_s=7200.0)
        assert code in ("bot_check", "session_limit")
    assert clock.now_s < 3 * 3600
    assert len(asked) < 20


def test_a_server_error_then_fine(bad, send, clip, clock, tmp_path):
    bad.routes["/a.mp4"] = lambda request, count: (
        send(request, status=500) if count <= 2 else send(request, clip)
    )
    url = f"{bad.base}/a.mp4"
    assert _obtain(url, tmp_path, clock, retries=2).path.read_bytes() == clip
    assert clock.naps == [delay_s(url, 1), delay_s(url, 2)]


def test_transient_failures_end_when_the_retries_do(bad, send, clock, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, status=503)
    assert _fail(f"{bad.base}/a.mp4", tmp_path, clock, retries=2) == "http_5xx"
    assert bad.hits["/a.mp4"] == 3


def test_refused_in_mid_download_then_fine(bad, send, clip, clock, tmp_path):
    """The first request is the extraction's, every second one the download's."""
    bad.routes["/a.mp4"] = lambda request, count: (
        send(request, status=403) if count == 2 else send(request, clip)
    )
    assert _obtain(f"{bad.base}/a.mp4", tmp_path, clock, retries=1).path.read_bytes() == clip
    assert bad.hits["/a.mp4"] == 4


def test_what_a_broken_attempt_left_is_not_gone_on_with(bad, send, clip, clock, tmp_path):
    wrong = bytes(len(clip) // 2)
    bad.routes["/a.mp4"] = lambda request, count: (
        send(request, wrong, Content_Length=str(len(clip))) if count == 2 else send(request, clip)
    )
    assert _obtain(f"{bad.base}/a.mp4", tmp_path, clock, retries=1).path.read_bytes() == clip


def test_gone_is_gone(bad, send, clock, tmp_path):
    bad.routes["/a.mp4"] = lambda request, _: send(request, status=404)
    assert _fail(f"{bad.base}/a.mp4", tmp_path, clock, retries=3) == "not_found"
    assert (bad.hits["/a.mp4"], clock.naps) == (1, [])


def test_blocked_here_seen_through_another_proxy(make_server, send, clip, clock, tmp_path):
    proxies = [make_server() for _ in range(3)]
    for proxy in proxies[:2]:
        proxy.routes["/a.mp4"] = lambda request, _: send(request, status=451)
    proxies[2].routes["/a.mp4"] = lambda request, _: send(request, clip)
    bases = tuple(proxy.base for proxy in proxies)
    got = _obtain("http://site.test/a.mp4", tmp_path, clock, proxies=bases)
    assert got.path.read_bytes() == clip
    assert [proxy.hits["/a.mp4"] for proxy in proxies] == [1, 1, 2]


def test_blocked_everywhere(make_server, send, clock, tmp_path):
    proxies = [make_server() for _ in range(2)]
    for proxy in proxies:
        proxy.routes["/a.mp4"] = lambda request, _: send(request, status=451)
    bases = tuple(proxy.base for proxy in proxies)
    assert _fail("http://site.test/a.mp4", tmp_path, clock, proxies=bases) == "geo_blocked"
    assert [proxy.hits["/a.mp4"] for proxy in proxies] == [1, 1]


def test_throttled_here_taken_through_another_proxy_at_once(
    make_server, send, clip, clock, tmp_path
):
    first, second = make_server(), make_server()
    first.routes["/a.mp4"] = lambda request, _: send(request, status=429)
    second.routes["/a.mp4"] = lambda request, _: send(request, clip)
    bases = (first.base, second.base)
    got = _obtain("http://site.test/a.mp4", tmp_path, clock, proxies=bases)
    assert got.path.read_bytes() == clip
    assert clock.naps == []


def test_a_proxy_s_password_is_not_told(clock, tmp_path):
    proxy = "http://me:secret@127.0.0.1:9"
    config = DownloadConfig(retries=0, proxies=(proxy,))
    gate = LocalGate(config, clock)
    with pytest.raises(VideoFailure) as caught:
        obtain("http://site.test/a.mp4", tmp_path, config, Bounds(), gate)
    assert caught.value.fail_class == "transient"
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(config)


def test_attempts_share_the_time_that_a_video_has(monkeypatch, clock, tmp_path):
    limits = []

    def slow(*_, limit_s, **__):
        limits.append(limit_s)
        times[0] += 3.0
        raise VideoFailure("timeout" if limit_s > 3 else "walltime", "")

    times = [0.0]
    monkeypatch.setattr(module, "fetch", slow)
    monkeypatch.setattr(module.time, "monotonic", lambda: times[0])
    assert _fail("http://a/", tmp_path, clock, retries=9, max_video_s=8.0) == "walltime"
    assert limits == [8.0, 5.0, 2.0]


def test_a_slow_pace_is_waited_for_however_long(monkeypatch, clock, tmp_path):
    monkeypatch.setattr(module, "fetch", lambda *_, **__: clock.now_s)
    options = {"requests_per_hour": 2.0, "max_wait_s": 0.0}
    gate = LocalGate(DownloadConfig(**options), clock)
    times = [_obtain("http://a/", tmp_path, clock, gate, **options) for _ in range(3)]
    assert times == pytest.approx([0.0, 1800.0, 3600.0])
