"""Which videos a protocol asks a model for: a name, a prompt and a seed each.

The same protocol and the same lists give the same samples, in the same order, on every machine.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hdvg.errors import InputError
from vfmodel.evaluation.protocol import Protocol
from vfmodel.evaluation.real_set.listed_videos import ListedVideos
from vfmodel.evaluation.shapes_prompts import ShapesPrompt, draw_prompts


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One video to be generated.

    Attributes:
        name: Stem of its file, unique in the protocol.
        prompt: What to show.
        seed: Of its noise, in 0..2**63 - 1; nothing else decides what comes out.
    """

    name: str
    prompt: str
    seed: int


def plan_samples(
    protocol: Protocol, listed: ListedVideos | None, captions: Mapping[str, str]
) -> list[Sample]:
    """Lists what is to be generated.

    Args:
        protocol: What is asked for.
        listed: The real videos; needed where they decide the prompts.
        captions: What to ask for by class, where the protocol asks by class.

    Raises:
        InputError: The real videos are needed and not given.
    """
    rule = protocol.prompts
    if rule.source == "none":
        return []
    if rule.source == "shapes":
        texts = [(f"shapes_{i:04d}", p.text) for i, p in enumerate(shapes_asked(protocol))]
    elif rule.source in ("class_captions", "class_names"):
        texts = _by_class(protocol, listed, captions)
    else:
        texts = _by_caption(protocol, listed)
    return [Sample(name=name, prompt=text, seed=seed_of(rule.seed, name)) for name, text in texts]


def seed_of(seed: int, name: str) -> int:
    """A sample's seed: 63 bits of a SHA-256 of the protocol's seed and its name."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def shapes_asked(protocol: Protocol) -> list[ShapesPrompt]:
    """The prompts of a protocol on the shapes corpus, with what is to be seen."""
    rate = protocol.frames.fps
    assert rate is not None, "shapes have no rate of their own"
    clip_s = (protocol.frames.num_frames - 1) / rate
    return draw_prompts(protocol.prompts.num_samples, protocol.prompts.seed, clip_s)


def spread(counts: Mapping[str, int], total: int) -> dict[str, int]:
    """Shares out a total in proportion to counts, by the largest remainders.

    Of equal remainders the first name's counts.
    """
    whole = sum(counts.values())
    shares = {name: count * total // whole for name, count in counts.items()}
    remainders = sorted(counts, key=lambda name: (-(counts[name] * total % whole), name))
    for name in remainders[: total - sum(shares.values())]:
        shares[name] += 1
    return shares


def _by_class(
    protocol: Protocol, listed: ListedVideos | None, captions: Mapping[str, str]
) -> list[tuple[str, str]]:
    rule = protocol.prompts
    counts: Mapping[str, int] = dict.fromkeys(captions, 1)
    if rule.classes == "as_real":
        found = Counter(video.label for video in _needed(protocol, listed).videos)
        counts = {name: found[name] for name in captions}
        if not any(counts.values()):
            raise InputError(f"no class of UCF-101 among the videos of {protocol.real.dataset}")
    return [
        (f"{name}_{number:03d}", captions[name])
        for name, count in spread(counts, rule.num_samples).items()
        for number in range(count)
    ]


def _by_caption(protocol: Protocol, listed: ListedVideos | None) -> list[tuple[str, str]]:
    rule = protocol.prompts
    described = [video for video in _needed(protocol, listed).videos if video.captions]
    if rule.source == "every_caption":
        texts = [
            (f"{video.name}_{number:02d}", text)
            for video in described
            for number, text in enumerate(video.captions)
        ]
    else:
        texts = [
            (
                video.name,
                video.captions[seed_of(rule.seed, f"caption/{video.name}") % len(video.captions)],
            )
            for video in described
        ]
    # Fewer than there are: those of the smallest digests, so that a larger number adds to them.
    texts.sort(key=lambda pair: seed_of(rule.seed, f"order/{pair[0]}"))
    return sorted(texts[: rule.num_samples])


def _needed(protocol: Protocol, listed: ListedVideos | None) -> ListedVideos:
    if listed is None:
        raise InputError(
            f"{protocol.name} takes its prompts from {protocol.real.dataset}: give its folder"
            " with --real"
        )
    return listed
