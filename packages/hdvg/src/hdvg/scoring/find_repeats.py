"""Clips that look the same as an earlier one, and captions that are met again and again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hdvg.scoring.find_near import Codes, find_originals


def find_repeats(
    clip_ids: Sequence[str], codes: Codes, captions: Mapping[str, str], max_distance: int
) -> list[dict[str, Any]]:
    """The rows of the score family `repeats`.

    Args:
        clip_ids: The clips, in the order of the dataset.
        codes: Their fingerprints, uint64 [N].
        captions: Caption by clip; a clip may be missing.
        max_distance: Bits in which the fingerprints of clips that look the same may differ, 0..7.

    Raises:
        InputError: `max_distance` is out of range.
    """
    originals = find_originals(codes, max_distance)
    words = [_plain(captions.get(clip_id, "")) for clip_id in clip_ids]
    counts = Counter(words)
    return [
        {
            "clip_id": clip_id,
            "duplicate_of": None if original == place else clip_ids[original],
            "caption_repeats": counts[text] - 1 if text else 0,
        }
        for place, (clip_id, original, text) in enumerate(
            zip(clip_ids, originals.tolist(), words, strict=True)
        )
    ]


def _plain(caption: str) -> str:
    """What makes two captions the same: words, whatever their case and spacing."""
    return " ".join(caption.casefold().split())
