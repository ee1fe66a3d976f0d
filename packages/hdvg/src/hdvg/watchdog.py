"""Ends this process if a piece of work hangs, even inside a library that never returns to Python.

A decoder fed with a forged file may loop for ever. Exceptions and signals wait for Python's turn,
which then never comes, so a thread that needs none (faulthandler's) ends the process. To whoever
waits for it that is a crash like any other: the unit starts again elsewhere, and the video is given
up.
"""

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD_ERROR = 2


@contextmanager
def time_limit(limit_s: float) -> Iterator[None]:
    """Ends the process with exit code 1 if the block takes too long.

    Standard error then tells where every thread was. Limits do not nest: there is one a process.

    Args:
        limit_s: Seconds, above 0.
    """
    faulthandler.dump_traceback_later(limit_s, exit=True, file=_STANDARD_ERROR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
