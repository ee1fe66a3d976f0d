"""What a rater answers, and the file in which answers travel where there is no server."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hdvg.errors import InputError

QUESTIONS = {
    "quality": "video quality",
    "text": "text-video correlation",
    "overall": "overall preference",
}
"""What is asked of every pair, and what the paper calls it."""
LEFT, TIE, RIGHT = "left", "tie", "right"
_CHOICES = (LEFT, TIE, RIGHT)

_FORMAT = "vfmodel-study-answers"
_VERSION = 1
_MAX_FILE_BYTES = 4 << 20
_MAX_SECONDS = 86400.0
_RATER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one rater said of one pair.

    Attributes:
        position: Which trial of the rater's sheet, from 0.
        choices: Question to left, tie or right; None where the pair was left out.
        seconds: How long the pair was on screen.
    """

    position: int
    choices: dict[str, str] | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class AnswerFile:
    """All answers of one rater.

    Attributes:
        rater: 32 hexadecimal digits, drawn at random.
        sheet: Which sheet of the study was shown.
        answers: One for each trial that was answered.
    """

    rater: str
    sheet: int
    answers: tuple[Answer, ...]


def parse_answer(content: object, num_trials: int) -> Answer:
    """Checks one answer as a browser sends it.

    Raises:
        InputError: Anything but an answer to one of `num_trials` trials.
    """
    if not isinstance(content, dict):
        raise InputError(f"an answer must be an object, got {_shorten(content)}")
    position = _parse_whole("position", content.get("position"), num_trials)
    seconds = _parse_seconds(content.get("seconds"))
    if content.get("skipped") is True:
        return Answer(position=position, choices=None, seconds=seconds)
    choices = {name: content.get(name) for name in QUESTIONS}
    for name, choice in choices.items():
        if choice not in _CHOICES:
            raise InputError(f"{name} must be one of {', '.join(_CHOICES)}, got {_shorten(choice)}")
    return Answer(
        position=position,
        choices={name: str(choice) for name, choice in choices.items()},
        seconds=seconds,
    )


def parse_rater(content: object) -> str:
    """Checks a rater's number.

    Raises:
        InputError: Not 32 hexadecimal digits.
    """
    if not isinstance(content, str) or not _RATER.fullmatch(content):
        raise InputError(f"a rater is 32 hexadecimal digits, got {_shorten(content)}")
    return content


def parse_sheet(content: object, num_sheets: int) -> int:
    """Checks a sheet's number.

    Raises:
        InputError: Not one of `num_sheets`.
    """
    return _parse_whole("sheet", content, num_sheets)


def read_answer_file(path: Path, study_id: str, sheet_lengths: Sequence[int]) -> AnswerFile:
    """Reads the file that the page lets a rater download.

    Args:
        path: The file.
        study_id: What study the answers must be to.
        sheet_lengths: Trials of each of its sheets.

    Raises:
        InputError: Unreadable, too large, of another study, or damaged.
    """
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise InputError(f"{path} is too large for a file of answers")
        content = json.loads(path.read_text(encoding="utf-8"))
    except InputError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise InputError(f"{path} is no file of answers")
    if content.get("schema_version") != _VERSION:
        raise InputError(f"{path} has version {_shorten(content.get('schema_version'))}")
    if content.get("study") != study_id:
        raise InputError(f"{path} answers another study: {_shorten(content.get('study'))}")
    sheet = parse_sheet(content.get("sheet"), len(sheet_lengths))
    answers = content.get("answers")
    if not isinstance(answers, list):
        raise InputError(f"{path} has no list of answers")
    parsed = {a.position: a for a in (parse_answer(each, sheet_lengths[sheet]) for each in answers)}
    return AnswerFile(
        rater=parse_rater(content.get("rater")), sheet=sheet, answers=tuple(parsed.values())
    )


def write_answer_file(path: Path, study_id: str, answers: AnswerFile) -> Path:
    """Writes the file that `read_answer_file` reads."""
    content = {
        "format": _FORMAT,
        "schema_version": _VERSION,
        "study": study_id,
        "rater": answers.rater,
        "sheet": answers.sheet,
        "answers": [as_sent(answer) for answer in answers.answers],
    }
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")
    return path


def as_sent(answer: Answer) -> dict[str, Any]:
    """An answer in the form in which a browser sends it."""
    content = asdict(answer)
    choices = content.pop("choices")
    return content | ({"skipped": True} if choices is None else choices)


def _parse_whole(name: str, content: object, count: int) -> int:
    if not isinstance(content, int) or isinstance(content, bool) or not 0 <= content < count:
        raise InputError(f"{name} must be in 0..{count - 1}, got {_shorten(content)}")
    return content


def _parse_seconds(content: object) -> float:
    if (
        not isinstance(content, int | float)
        or isinstance(content, bool)
        or not 0 <= content <= _MAX_SECONDS
    ):
        raise InputError(f"seconds must be in 0..{_MAX_SECONDS:.0f}, got {_shorten(content)}")
    return float(content)


def _shorten(content: object) -> str:
    text = repr(content)
    return text if len(text) <= 60 else f"{text[:57]}..."
