"""Makes text that strangers wrote safe to store and to print."""

import re
import unicodedata

# What terminals obey: colours and cursor moves, and commands up to a bell.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
# Zero-width joiners, which scripts such as Hindi and emoji need.
_JOINERS = frozenset("\u200c\u200d")
# By Unicode's categories: controls part words; marks that turn the direction of writing,
# surrogates (which Parquet cannot store), private and unassigned letters are nothing to read.
_REPLACED = {"Cc": " ", "Cf": "", "Cs": "", "Co": "", "Cn": ""}


def plain_text(text: object, max_chars: int) -> str:
    """One line of printable characters.

    Args:
        text: What was found; None and "" give "".
        max_chars: Longer text is cut, at the end of a word where there is one.
    """
    # Cut before the work: a page may hold gigabytes. White space and waste are rarely half of it.
    raw = _ESCAPES.sub(" ", str(text or "")[: 2 * max_chars])
    letters = (
        letter if letter in _JOINERS else _REPLACED.get(unicodedata.category(letter), letter)
        for letter in raw
    )
    line = " ".join("".join(letters).split())
    if len(line) <= max_chars:
        return line
    return line[: max_chars + 1].rsplit(" ", 1)[0][:max_chars]
