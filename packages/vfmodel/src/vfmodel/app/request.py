"""One video that somebody asks for on the page, checked before a model sees it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hdvg.errors import InputError
from vfmodel.app.limits import Limits, Number

_WHOLE = ("seed", "steps", "num_frames", "height", "width")
_NUMBERS = (*_WHOLE, "guidance_scale", "fps")


@dataclass(frozen=True, kw_only=True)
class VideoRequest:
    """All that a video depends on, beside the model."""

    prompt: str
    """What to show."""
    negative_prompt: str
    """What to keep away from; empty for nothing."""
    seed: int
    """Of the noise that sampling starts from."""
    steps: int
    """Denoising steps."""
    guidance_scale: float
    """How strictly to follow the prompt; 1 or less is no guidance."""
    num_frames: int
    """Frames."""
    height: int
    """Pixels."""
    width: int
    """Pixels."""
    fps: float | None
    """Frames per second to ask the model for; None with a model of one rate."""


def read_request(
    values: Mapping[str, Any], limits: Limits, count_tokens: Callable[[str], int]
) -> VideoRequest:
    """Makes a request of what stands in a page's fields.

    Args:
        values: By the names of `VideoRequest`; numbers may be floats, a cleared field is None.
        limits: What the model can.
        count_tokens: How many tokens the model's tokenizer makes of a text.

    Raises:
        InputError: An empty prompt, a text that the model would cut, or a number that is missing,
            not whole or out of its range.
    """
    texts: dict[str, Any] = {
        name: str(values[name] or "").strip() for name in ("prompt", "negative_prompt")
    }
    if not texts["prompt"]:
        raise InputError("the prompt is empty: say what the video should show")
    for name, text in texts.items():
        tokens = count_tokens(text)
        if tokens > limits.tokens:
            raise InputError(
                f"the {name.replace('_', ' ')} has {tokens} tokens and the model reads"
                f" {limits.tokens}: shorten it"
            )
    numbers = {name: _read_number(name, values[name]) for name in _NUMBERS}
    for name, value in numbers.items():
        limits.check(name, value)
    whole: dict[str, Any] = {name: int(numbers[name]) for name in _WHOLE}
    return VideoRequest(
        **texts,
        **whole,
        guidance_scale=float(numbers["guidance_scale"]),
        fps=float(numbers["fps"]) if limits.knows_rates else None,
    )


def _read_number(name: str, value: object) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} is not a number: {'empty' if value is None else repr(value)}")
    if name in _WHOLE and value != int(value):
        raise InputError(f"{name} must be a whole number, got {value}")
    return value
