"""The error that a user can mend, and how a command reports it: one line, exit code 2."""

import sys
from collections.abc import Callable
from typing import NoReturn


class InputError(ValueError):
    """Something the user gave is wrong; the message names the thing and the value."""


def run_command(command: Callable[[], int | None]) -> NoReturn:
    """Runs `command` as the whole process and exits with the code that it returns, None being 0.

    Exit codes: 0 done, 1 done and found something amiss, 2 an `InputError` (one line on stderr, no
    traceback), 130 interrupted.
    Every other exception is our own bug and keeps its traceback.
    """
    try:
        code = command()
    except InputError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    sys.exit(code or 0)
