import pickle

from hdvg.download.gate import LocalGate
from hdvg.download.pace import PROBE_POLL_S
from hdvg.download.settings import DownloadConfig

NONE = frozenset()


def _burst(config, site):
    gate = LocalGate(config, clock=lambda: 0.0)
    count = 0
    while gate.claim(site, NONE).egress >= 0 and count < 500:
        count += 1
    return count


def test_youtube_is_paced_by_default_and_others_are_not():
    assert _burst(DownloadConfig(), "www.youtube.com") == 30
    assert _burst(DownloadConfig(), "cdn.test") == 500


def test_a_rate_that_is_given_holds_everywhere():
    config = DownloadConfig(requests_per_hour=100.0)
    assert _burst(config, "www.youtube.com") == _burst(config, "cdn.test") == 10


def test_each_proxy_has_a_share():
    config = DownloadConfig(proxies=("http://a:1", "http://b:1"))
    assert _burst(config, "www.youtube.com") == 60


def test_its_clock_runs():
    now_s = [0.0]
    gate = LocalGate(DownloadConfig(), clock=lambda: now_s[0])
    gate.settle("a", gate.claim("a", NONE), True, 9.0)
    assert gate.claim("a", NONE).wait_s == 9.0
    now_s[0] = 9.0
    turn = gate.claim("a", NONE)
    assert pickle.loads(pickle.dumps(turn)) == turn  # as it travels to a worker
    assert gate.claim("a", NONE).wait_s == PROBE_POLL_S
    gate.settle("a", turn, False, 0.0)
    assert gate.claim("a", NONE).egress == 0
