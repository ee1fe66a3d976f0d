"""What is generated for each class of UCF-101: a caption, or the class's name in words.

The captions are our own. Other papers' lists are theirs to ship; `read_captions` takes them from a
file.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from hdvg.errors import InputError

_OWN = Path(__file__).parent / "caption_lists" / "ucf101.json"
_DIGEST_CHARS = 12


def own_captions() -> dict[str, str]:
    """Our 101 captions by class, in the order of classInd.txt."""
    captions: dict[str, str] = json.loads(_OWN.read_text(encoding="utf-8"))
    return captions


def class_names() -> dict[str, str]:
    """The 101 classes' names in words: "ApplyEyeMakeup" is "apply eye makeup"."""
    return {name: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() for name in own_captions()}


def read_captions(path: str | Path) -> dict[str, str]:
    """Reads a list of captions from a JSON file.

    Args:
        path: An object of class to caption, or an array of 101 captions in the order of
            classInd.txt, as published lists are printed.

    Raises:
        InputError: Not JSON, or not one caption for each of the 101 classes.
    """
    classes = list(own_captions())
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no caption list: {path}") from error
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"cannot read the caption list {path}: {error}") from error
    if isinstance(content, list):
        if len(content) != len(classes):
            raise InputError(f"{path} has {len(content)} captions, not one for {len(classes)}")
        content = dict(zip(classes, content, strict=True))
    if not isinstance(content, dict):
        raise InputError(f"{path} holds neither an object nor an array of captions")
    for problem, names in (
        ("lacks the class", set(classes) - set(content)),
        ("has an unknown class", set(content) - set(classes)),
        ("has no text for", {n for n, text in content.items() if not _is_text(text)}),
    ):
        if names:
            raise InputError(f"{path} {problem} {sorted(names)[0]!r}")
    return {name: " ".join(content[name].split()) for name in classes}


def captions_digest(captions: Mapping[str, str]) -> str:
    """Twelve hex characters that tell lists of captions apart."""
    text = json.dumps(dict(captions), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARS]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
