import math

import pyarrow as pa
import pytest

from hdvg.download.page import Bounds, Chapter, PageFacts, read_page, refuse_early
from hdvg.failures import VideoFailure

GOOD = {"width": 1280, "height": 720, "duration": 60, "availability": "public"}
WANTED = Bounds(min_height=720, min_aspect=1.6, max_aspect=3.0, max_duration_s=3600.0)


def _code(bounds=WANTED, **changes):
    try:
        refuse_early(GOOD | changes, bounds)
    except VideoFailure as failure:
        return f"{failure.fail_class}/{failure.code}"
    return "ok"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "ok"),
        ({"availability": "unlisted"}, "ok"),
        ({"availability": None, "width": None, "height": None, "duration": None}, "ok"),
        ({"availability": "private"}, "permanent/private"),
        ({"availability": "premium_only"}, "permanent/members_only"),
        ({"availability": "subscriber_only"}, "permanent/members_only"),
        ({"availability": "needs_auth"}, "permanent/needs_login"),
        ({"is_live": True}, "permanent/live_or_upcoming"),
        ({"live_status": "is_upcoming"}, "permanent/live_or_upcoming"),
        ({"live_status": "was_live"}, "ok"),
        ({"has_drm": True}, "permanent/drm"),
        ({"_type": "playlist"}, "permanent/unsupported_page"),
        ({"height": 480, "width": 854}, "content/low_resolution"),
        ({"height": 1280, "width": 720}, "content/not_widescreen"),
        ({"height": 800, "width": 3000}, "content/too_wide"),
        ({"duration": 3601}, "content/too_long"),
        ({"duration": math.nan, "height": math.inf, "width": "wide"}, "ok"),
    ],
)
def test_the_page_alone_decides(changes, code):
    assert _code(**changes) == code


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ("Creative Commons Attribution license (reuse allowed)", "ok"),
        ("CC-BY 4.0", "ok"),
        ("Standard licence", "content/license_refused"),
        ("", "content/license_refused"),
        (None, "content/license_refused"),
    ],
)
def test_only_licences_that_are_wanted(found, code):
    bounds = Bounds(licenses=("creative commons", "cc-by"))
    assert _code(bounds, license=found) == code
    assert _code(Bounds(), license=found) == "ok"


def test_facts_are_picked():
    info = {
        "title": "  a\n film ",
        "description": "of dogs",
        "uploader": "Ann",
        "channel_id": "UC1",
        "uploader_id": "@ann",
        "upload_date": "20200102",
        "license": "CC-BY",
        "categories": ["Pets & Animals", ""],
        "chapters": [
            {"start_time": 0, "end_time": 2.5, "title": "one"},
            {"start_time": 2.5, "end_time": None, "title": "open"},
            {"start_time": 5, "end_time": 4, "title": "backwards"},
        ],
    }
    assert read_page(info) == PageFacts(
        title="a film",
        description="of dogs",
        uploader="Ann",
        channel="UC1",
        upload_date="20200102",
        license="CC-BY",
        categories=("Pets & Animals",),
        chapters=(Chapter(start_s=0.0, end_s=2.5, title="one"),),
    )
    assert read_page({"uploader_id": "@ann"}).channel == "@ann"
    assert read_page({}) == PageFacts()


def test_hostile_texts_are_short_plain_and_can_be_stored():
    evil = "\x1b[31mred\x1b[0m \x00\x07 \u202eback\ud800 " + "long " * 10**6
    page = read_page(
        {
            **dict.fromkeys(("title", "description", "uploader", "channel_id", "license"), evil),
            "categories": [evil] * 10**4,
            "chapters": [{"start_time": 0, "end_time": 1, "title": evil}] * 10**4,
        }
    )
    chapters = [chapter.title for chapter in page.chapters]
    texts = [page.title, page.description, page.uploader, page.channel, page.license]
    for text in [*texts, *page.categories, *chapters]:
        assert text.startswith("red back long long")
        assert text.isprintable()
        assert len(text) <= 5000
    assert len(page.categories) + len(chapters) <= 1000
    pa.array([*texts, *chapters]).cast(pa.string())


@pytest.mark.parametrize("rubbish", [5, "text", {"a": 1}, None])
def test_rubbish_is_no_chapter_and_no_category(rubbish):
    page = read_page({"chapters": rubbish, "categories": rubbish})
    assert (page.chapters, page.categories) == ((), ())
    assert read_page({"chapters": [rubbish]}).chapters == ()


def test_a_channel_that_was_taken_down_is_refused_by_its_page():
    page = {"channel_id": "UC1", "title": "x"}
    refuse_early(page, Bounds())
    refuse_early(page, Bounds(refused_channels=frozenset({"UC2"})))
    refuse_early({"title": "x"}, Bounds(refused_channels=frozenset({"UC1"})))
    with pytest.raises(VideoFailure) as caught:
        refuse_early(page, Bounds(refused_channels=frozenset({"UC1"})))
    assert caught.value.code == "purged"
