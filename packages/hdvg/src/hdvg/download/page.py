"""What a video's page says, made safe to store, and what it rules out before bytes are fetched."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hdvg.failures import VideoFailure
from hdvg.plain_text import plain_text

# Titles are at most some hundred characters on any site; descriptions some thousand.
_MAX_WORDS, _MAX_DESCRIPTION, _MAX_LIST = 500, 5000, 500
# yt-dlp's words for who may see a video, but for "public" and "unlisted".
_AVAILABILITY = {
    "private": ("private", "a private video"),
    "premium_only": ("members_only", "for paying viewers only"),
    "subscriber_only": ("members_only", "for members of the channel only"),
    "needs_auth": ("needs_login", "only for viewers who are signed in"),
}
_LIVE = ("is_live", "is_upcoming", "post_live")


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A named part of a video, in seconds."""

    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What the source says about a video; "" or () where it says nothing.

    Attributes:
        title: Title of the video.
        description: Description of the whole video.
        uploader: Who published it.
        channel: The publisher's id.
        upload_date: YYYYMMDD.
        license: As the site words it.
        categories: As the site words them.
        chapters: Named parts in order.
        sidecar: Text of `<stem>.txt` beside a local file.
    """

    title: str = ""
    description: str = ""
    uploader: str = ""
    channel: str = ""
    upload_date: str = ""
    license: str = ""
    categories: tuple[str, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    sidecar: str = ""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a page may already rule out; see `probe.FilterConfig`.

    Attributes:
        min_height: Pixels; 0 is no bound.
        min_aspect: Width / height; 0 is no bound.
        max_aspect: Width / height.
        max_duration_s: Seconds; 0 is no bound.
        licenses: Words of which a licence must hold one; () takes every licence, and none.
        refused_channels: Channels that were taken down from the dataset.
    """

    min_height: int = 0
    min_aspect: float = 0.0
    max_aspect: float = math.inf
    max_duration_s: float = 0.0
    licenses: tuple[str, ...] = ()
    refused_channels: frozenset[str] = frozenset()


def refuse_early(info: Mapping[str, Any], bounds: Bounds) -> None:
    """Fails a video by its page alone. What the page leaves unsaid is for the probe to see.

    Args:
        info: What yt-dlp made of the page, with a format chosen.
        bounds: What makes fetching pointless.

    Raises:
        VideoFailure: The first reason found.
    """
    if info.get("_type", "video") != "video":
        raise VideoFailure("unsupported_page", "the page holds a list of videos, not one")
    if read_page(info).channel in bounds.refused_channels:
        raise VideoFailure("purged", "its channel was taken down")
    if info.get("is_live") or info.get("live_status") in _LIVE:
        raise VideoFailure("live_or_upcoming", "a live or upcoming broadcast")
    if info.get("availability") in _AVAILABILITY:
        raise VideoFailure(*_AVAILABILITY[info["availability"]])
    if info.get("has_drm") is True:
        raise VideoFailure("drm", "protected by DRM")
    _refuse_licence(plain_text(info.get("license"), _MAX_WORDS), bounds.licenses)
    _refuse_picture(_number(info, "width"), _number(info, "height"), bounds)
    duration_s = _number(info, "duration")
    if bounds.max_duration_s and duration_s > bounds.max_duration_s:
        raise VideoFailure(
            "too_long", f"{duration_s:g} s, wanted at most {bounds.max_duration_s:g}"
        )


def _refuse_licence(found: str, wanted: tuple[str, ...]) -> None:
    if wanted and not any(word.casefold() in found.casefold() for word in wanted):
        stated = repr(found) if found else "none stated"
        raise VideoFailure(
            "license_refused", f"license {stated}, wanted one with {' or '.join(wanted)}"
        )


def _refuse_picture(width: float, height: float, bounds: Bounds) -> None:
    if height and height < bounds.min_height:
        raise VideoFailure(
            "low_resolution", f"height {height:g}, wanted at least {bounds.min_height}"
        )
    if not width or not height:
        return
    aspect = width / height
    if aspect < bounds.min_aspect:
        raise VideoFailure(
            "not_widescreen", f"aspect {aspect:.3g}, wanted at least {bounds.min_aspect:g}"
        )
    if aspect > bounds.max_aspect:
        raise VideoFailure("too_wide", f"aspect {aspect:.3g}, wanted at most {bounds.max_aspect:g}")


def read_page(info: Mapping[str, Any]) -> PageFacts:
    """Picks what the dataset keeps out of what yt-dlp made of a page; every text is made plain."""

    def text(*keys: str, limit: int = _MAX_WORDS) -> str:
        return next((found for key in keys if (found := plain_text(info.get(key), limit))), "")

    return PageFacts(
        title=text("title"),
        description=text("description", limit=_MAX_DESCRIPTION),
        uploader=text("uploader"),
        channel=text("channel_id", "uploader_id"),
        upload_date=text("upload_date"),
        license=text("license"),
        categories=_categories(info.get("categories")),
        chapters=_chapters(info.get("chapters")),
    )


def _categories(found: object) -> tuple[str, ...]:
    if not isinstance(found, list | tuple):
        return ()
    words = (plain_text(word, _MAX_WORDS) for word in found[:_MAX_LIST])
    return tuple(word for word in words if word)


def _chapters(found: object) -> tuple[Chapter, ...]:
    """Chapters with a start and an end; pages may say anything, so that the rest is left out."""
    chapters = []
    for chapter in found[:_MAX_LIST] if isinstance(found, list | tuple) else ():
        if not isinstance(chapter, Mapping):
            continue
        start_s, end_s = _number(chapter, "start_time", -1.0), _number(chapter, "end_time", -1.0)
        if 0 <= start_s < end_s:
            title = plain_text(chapter.get("title"), _MAX_WORDS)
            chapters.append(Chapter(start_s=start_s, end_s=end_s, title=title))
    return tuple(chapters)


def _number(info: Mapping[str, Any], key: str, missing: float = 0.0) -> float:
    """A finite number that a page states; `missing` where it states none."""
    value = info.get(key)
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return missing
