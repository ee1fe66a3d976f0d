"""Which failed videos of committed units are to be made again."""

from collections.abc import Iterable, Mapping
from typing import Any

from hdvg.errors import InputError
from hdvg.failures import CODES, RETRYABLE


def read_retry(text: str) -> frozenset[str]:
    """The failure codes that a user means.

    Args:
        text: Classes and codes, separated by commas, such as "transient,http_429"; "" is none.

    Raises:
        InputError: A name that is neither, or one that another attempt cannot help.
    """
    codes: set[str] = set()
    for name in (part.strip() for part in text.split(",") if part.strip()):
        if name not in CODES and name not in CODES.values():
            raise InputError(
                f"retry: no failure class or code is called {name!r}; classes that can be retried:"
                f" {', '.join(sorted(RETRYABLE))}"
            )
        if CODES.get(name, name) not in RETRYABLE:
            raise InputError(
                f"retry: another attempt cannot help what failed as {name!r}; classes that can be"
                f" retried: {', '.join(sorted(RETRYABLE))}"
            )
        codes |= {code for code, kind in CODES.items() if name in (code, kind)}
    return frozenset(codes)


def choose_retries(rows: Iterable[Mapping[str, Any]], codes: frozenset[str]) -> set[str]:
    """Ids of the videos that failed by one of the codes and may be tried again.

    Args:
        rows: Of the videos table.
        codes: From `read_retry`.
    """
    return {row["video_id"] for row in rows if row["retryable"] and row["fail_code"] in codes}
