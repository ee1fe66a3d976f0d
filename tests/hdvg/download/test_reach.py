import pytest

from hdvg.download.reach import Reach, is_private, resolve
from hdvg.failures import VideoFailure

NAMES = {
    "public.test": ["93.184.216.34"],
    "inside.test": ["10.1.2.3"],
    "both.test": ["93.184.216.34", "127.0.0.1"],
    "v6.test": ["::1"],
}


def _reach(start, **options):
    return Reach(start, resolve=lambda host: NAMES.get(host, []), **options)


def _refused(reach, url):
    try:
        reach.check(url)
    except VideoFailure as failure:
        return failure.code
    return ""


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://public.test/a",
        "data:text/html,x",
        "javascript:x",
        "/etc/passwd",
        "//public.test/a",
        "http:///a",
        "",
        "http://[::1/a",
        "rtmp://public.test/a",
        "concat:/etc/passwd",
    ],
)
@pytest.mark.parametrize("start", ["http://public.test/a", "http://127.0.0.1:80/a"])
def test_only_the_web_is_spoken(start, url):
    assert _refused(_reach(start), url) == "forbidden_address"


INSIDE = [
    "http://127.0.0.1/a",
    "http://127.9.9.9:8080/a",
    "http://localhost/a",
    "http://x.localhost/a",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://user:word@127.0.0.1/",
    "https://inside.test/",
    "https://both.test/",
    "https://v6.test/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_who_starts_outside_stays_outside(url):
    assert _refused(_reach("http://public.test/a"), url) == "forbidden_address"


@pytest.mark.parametrize("url", INSIDE)
def test_who_names_a_private_server_may_use_it(url):
    assert _refused(_reach("http://192.168.7.7/a"), url) == ""


def test_the_web_may_be_visited():
    for url in ("http://93.184.216.34/a", "https://public.test:8443/a?b=c#d", "http://no.test/"):
        assert _refused(_reach("http://public.test/a"), url) == ""


def test_a_proxy_resolves_names_itself():
    reach = _reach("http://public.test/a", through_proxy=True)
    assert _refused(reach, "http://inside.test/") == ""
    assert _refused(reach, "http://10.0.0.1/") == "forbidden_address"


def test_names_are_resolved_by_the_system():
    assert "127.0.0.1" in resolve("localhost")
    assert resolve("no-such-host.invalid") == []
    assert is_private("127.0.0.1")
    assert not is_private("8.8.8.8")
