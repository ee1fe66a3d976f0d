import pickle
import re
from pathlib import Path

import pytest

from hdvg.failures import CODES, MESSAGE_LIMIT, VideoFailure, classify_bug, classify_download

# Messages as yt-dlp and the sites behind it word them.
MESSAGES = [
    ("Unable to download webpage: HTTP Error 404: Not Found", "not_found"),
    ("Private video. Sign in if you've been granted access to this video", "private"),
    ("Sign in to confirm you're not a bot. Use --cookies", "bot_check"),
    ("Sign in to confirm your age. This video may be inappropriate", "age_gate"),
    ("Join this channel to get access to members-only content", "members_only"),
    ("This live event will begin in 3 hours.", "live_or_upcoming"),
    ("Video unavailable. This video has been removed by the uploader", "removed"),
    ("The uploader has not made this video available in your country", "geo_blocked"),
    ("This video is not available from your location due to geo restriction", "geo_blocked"),
    ("HTTP Error 451: Unavailable For Legal Reasons", "geo_blocked"),
    ("You have exceeded the rate limit. Try again later", "session_limit"),
    ("Your IP address is blocked from accessing this post", "bot_check"),
    ("YouTube is requiring a captcha challenge before playback", "bot_check"),
    ("The page needs to be reloaded.", "session_limit"),
    ("This video is only available for registered users. Use --cookies", "needs_login"),
    ("HTTP Error 401: Unauthorized", "needs_login"),
    ("Wrong video password", "needs_login"),
    ("This video requires payment to watch.", "members_only"),
    ("The account associated with this video has been terminated.", "removed"),
    ("The channel is not currently live", "live_or_upcoming"),
    ("This livestream has ended", "live_or_upcoming"),
    ("Video x1 does not exist", "not_found"),
    ("Unsupported URL: https://site.test/private-video/premium?captcha=1", "unsupported_page"),
    ("Unsupported URL: /not-a-bot/DRM", "unsupported_page"),
    ("No video formats found!", "unsupported_page"),
    ("Unsupported player type 'x'", "unsupported_page"),
    ("HTTP Error 302: Found (redirect loop detected)", "redirect_loop"),
    ("<urlopen error [Errno -2] Name or service not known> (caused by network)", "connection"),
    ("This video is not available in your country", "geo_blocked"),
    ("Video unavailable. This content isn't available, try again later.", "session_limit"),
    ("unable to download video data: HTTP Error 403: Forbidden", "http_403"),
    ("HTTP Error 429: Too Many Requests", "http_429"),
    ("HTTP Error 503: Service Unavailable", "http_5xx"),
    ("Unsupported URL: http://x/y", "unsupported_page"),
    ("Requested format is not available", "unsupported_page"),
    ("The read operation timed out", "timeout"),
    ("[Errno 111] Connection refused", "connection"),
    ("Failed to resolve 'x.invalid' ([Errno -2] Name or service not known)", "connection"),
    ("12 bytes read, 88 more expected", "incomplete_read"),
    ("something nobody has seen", "download_failed"),
]


@pytest.mark.parametrize(("message", "code"), MESSAGES)
def test_download_messages(message, code):
    assert classify_download(message).code == code


@pytest.mark.parametrize(
    ("code", "fail_class", "retryable"),
    [
        ("private", "permanent", False),
        ("geo_blocked", "geo", True),
        ("bot_check", "throttled", True),
        ("timeout", "transient", True),
        ("static", "content", False),
        ("decode_failed", "corrupt", False),
        ("out_of_memory", "resource", True),
        ("bug", "internal", True),
    ],
)
def test_class_decides_about_another_attempt(code, fail_class, retryable):
    failure = VideoFailure(code, "")
    assert (failure.fail_class, failure.retryable) == (fail_class, retryable)


def test_messages_are_one_short_line():
    message = VideoFailure("bug", "a\n b\t c " * 200).message
    assert message.startswith("a b c a b c")
    assert MESSAGE_LIMIT - 1 <= len(message) <= MESSAGE_LIMIT


def test_failures_travel_between_processes():
    failure = pickle.loads(pickle.dumps(VideoFailure("private", "no")))
    assert (failure.code, failure.message) == ("private", "no")


def _trace(value):
    try:
        return {}[value]
    except KeyError as error:
        return classify_bug(error)


def test_one_bug_has_one_digest():
    first, second = _trace("a"), _trace("b")
    assert first.fail_class == "internal"
    assert "KeyError: 'a'" in first.message
    assert first.message.split("[trace ")[1] == second.message.split("[trace ")[1]


def test_no_memory_is_not_a_bug():
    assert classify_bug(MemoryError()).code == "out_of_memory"


def test_every_pattern_leads_to_a_known_code():
    assert {code for _, code in MESSAGES} <= set(CODES)


def test_the_page_on_downloads_names_classes_and_codes_that_exist():
    page = (Path(__file__).parents[2] / "docs/downloading.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (`.*?) \| .* \| .* \|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == list(dict.fromkeys(CODES.values()))
    for name, codes in rows:
        assert {CODES[code] for code in re.findall(r"`(\w+)`", codes)} == {name}
