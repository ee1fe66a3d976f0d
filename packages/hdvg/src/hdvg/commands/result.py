"""What a command has to say when it is done: for a person, and for a program."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """The end of a command.

    Attributes:
        text: For a person; lines that end in a newline.
        data: The same facts for a program, printed as one JSON object where `--json` is given.
        exit_code: 0 where all is well, 1 where the command worked and found something amiss.
    """

    text: str
    data: dict[str, Any]
    exit_code: int = 0
