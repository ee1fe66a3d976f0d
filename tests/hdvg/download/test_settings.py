import pickle

import pytest

from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError

COOKIES = "# Netscape HTTP Cookie File\n.site.test\tTRUE\t/\tFALSE\t0\tname\tvalue\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"max_bytes": 0},
        {"timeout_s": -1.0},
        {"retries": -1},
        {"requests_per_hour": -2.0},
        {"max_wait_s": -3.0},
        {"max_video_s": 0.0},
    ],
)
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        DownloadConfig(**changes)


@pytest.mark.parametrize("proxy", ["host:80", "ftp://host:21", "http://", "file:///etc/passwd"])
def test_a_proxy_is_an_address_and_its_password_stays_secret(proxy):
    with pytest.raises(InputError, match=r"download\.proxies\[1\]"):
        DownloadConfig(proxies=("http://host:1", proxy))
    with pytest.raises(InputError) as caught:
        DownloadConfig(proxies=("gopher://me:secret@host:1",))
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(DownloadConfig(proxies=("http://me:secret@host:1",)))


def test_egresses():
    assert DownloadConfig().num_egresses == 1
    assert DownloadConfig(proxies=("http://a:1", "socks5://b:2")).num_egresses == 2


def test_cookies_are_read_at_the_start_travel_and_are_not_shown(tmp_path):
    path = tmp_path / "cookies.txt"
    path.write_text(COOKIES)
    config = DownloadConfig(cookies=str(path))
    path.unlink()
    there = pickle.loads(pickle.dumps(config))
    assert there.cookie_text == COOKIES
    assert "value" not in repr(there)
    assert DownloadConfig().cookie_text == ""


def test_cookies_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read download\.cookies: .*nothing\.txt"):
        DownloadConfig(cookies=str(tmp_path / "nothing.txt"))
    (tmp_path / "page.html").write_text("<html>")
    with pytest.raises(InputError, match=r"not a Netscape cookies file .*page\.html"):
        DownloadConfig(cookies=str(tmp_path / "page.html"))
