"""The error that a user can mend, and how a command reports it: one line, exit code 2."""

import errno
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

# No space, and no space within a quota.
_FULL = (errno.ENOSPC, errno.EDQUOT)


class InputError(ValueError):
    """Something the user gave is wrong; the message names the thing and the value."""


class TerminatedError(BaseException):
    """The process was asked to end; like an interrupt, it is no `Exception`."""


def run_command(command: Callable[[], int | None]) -> NoReturn:
    """Runs `command` as the whole process and exits with the code that it returns, None being 0.

    Exit codes: 0 done, 1 done and found something amiss, 2 an `InputError`, also one that a library
    has wrapped, or a full disk (one line on stderr, no traceback), 130 interrupted, 143 asked to
    end (SIGTERM). The last two run every cleanup first.
    Every other exception is our own bug and keeps its traceback.
    """
    try:
        with _ending_on_request():
            code = command()
    except ValueError as error:
        mistake = _find_mistake(error)
        if mistake is None:
            raise
        sys.stderr.write(f"error: {' '.join(str(mistake).split())}\n")
        sys.exit(2)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        sys.stderr.write(f"error: {error.strerror}: {error.filename or 'a file'}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except TerminatedError:
        sys.stderr.write("terminated\n")
        sys.exit(143)
    sys.exit(code or 0)


def _find_mistake(error: BaseException | None) -> InputError | None:
    """The `InputError` that an exception is or was explicitly raised from.

    jsonargparse raises a ValueError from it where a config may also be null.
    """
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__
    return error


@contextmanager
def _ending_on_request() -> Iterator[None]:
    """Turns SIGTERM into an exception, so that what is open is closed; in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise_terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise TerminatedError
