"""Decides whether training reads a dataset's latents or its pixels.

Latents of another autoencoder, size or rate would train without an error and to no use, so a family
is read only if it is told to have all of these.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdvg.errors import InputError
from hdvg.latents.latent_settings import LatentFamily, find_latent_families
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.batch_order import Bucket
from vfmodel.fingerprint import fingerprint

if TYPE_CHECKING:
    from vfmodel.data import ClipDataModule

LOG = logging.getLogger(__name__)

AUTO = "auto"


def list_families(
    data: "ClipDataModule", autoencoder: VideoAutoencoder
) -> list[LatentFamily | None]:
    """The latents that each source of a training is read from; None for pixels.

    Args:
        data: The sources.
        autoencoder: Of the training.

    Raises:
        InputError: A family that is named is not there, does not fit, or cannot be used.
    """
    families: list[LatentFamily | None] = []
    for source, (clip, _) in zip(data.sources, data.shapes, strict=True):
        if source.is_rendered:
            if source.latents not in (None, AUTO):
                raise InputError(f"latents: {source.latents!r} of {source.root}, which is rendered")
            families.append(None)
            continue
        family = choose_latents(
            source.root,
            source.latents,
            height=clip.height,
            width=clip.width,
            fps=clip.fps,
            autoencoder=autoencoder,
        )
        families.append(family)
    return agree(families, [source.latents for source in data.sources], data.buckets)


def choose_latents(
    root: str,
    wanted: str | None,
    *,
    height: int,
    width: int,
    fps: float,
    autoencoder: VideoAutoencoder,
) -> LatentFamily | None:
    """The latents that a dataset is trained from; None for its pixels.

    Args:
        root: The dataset.
        wanted: A family's name, "auto" for any that fits, or None for pixels.
        height: Of the training clips in pixels.
        width: Of the training clips in pixels.
        fps: Of the training clips.
        autoencoder: Of the training.

    Raises:
        InputError: The family that is named is not there, or does not fit.
    """
    if wanted is None:
        return None
    families = find_latent_families(root)
    if wanted != AUTO and wanted not in families:
        known = ", ".join(families) or "none"
        raise InputError(f"latents: {root} has no latent family {wanted!r}; it has: {known}")
    for name, family in families.items():
        if wanted not in (AUTO, name):
            continue
        reason = why_not(family, height=height, width=width, fps=fps, autoencoder=autoencoder)
        if not reason:
            return family
        if wanted == name:
            raise InputError(f"latents: {name!r} of {root} {reason}")
        LOG.info("not trained from the latents %r of %s: it %s", name, root, reason)
    return None


def why_not(
    family: LatentFamily, *, height: int, width: int, fps: float, autoencoder: VideoAutoencoder
) -> str:
    """What keeps a family from being used, as the end of a sentence; "" if nothing does.

    Args:
        family: The latents.
        height: Of the training clips in pixels.
        width: Of the training clips in pixels.
        fps: Of the training clips.
        autoencoder: Of the training.
    """
    theirs = family.settings
    if (theirs.height, theirs.width) != (height, width):
        return f"is of {theirs.height}x{theirs.width} pixels, not {height}x{width}"
    if theirs.fps % fps:
        return f"has {theirs.fps:g} frames a second, which is no multiple of {fps:g}"
    if family.missing:
        return (
            f"lacks {len(family.missing)} of the dataset's units, such as {family.missing[0]}:"
            " run `vfmodel latents` again"
        )
    if theirs.autoencoder_sha256 != fingerprint(autoencoder.vae):
        return f"was made by another autoencoder than this run's, {theirs.autoencoder!r}"
    return ""


def agree(
    families: Sequence[LatentFamily | None],
    wanted: Sequence[str | None],
    buckets: Sequence[Bucket],
) -> list[LatentFamily | None]:
    """Takes all sources of a shape from latents, or all from pixels: a batch may hold several.

    Args:
        families: Of each source.
        wanted: What each source was asked to be trained from.
        buckets: The sources by shape.

    Raises:
        InputError: A family that was asked for by name would have to be left.
    """
    agreed = list(families)
    for bucket in buckets:
        if all(families[source] is not None for source in bucket.sources):
            continue
        for source in bucket.sources:
            if (family := families[source]) is None:
                continue
            if wanted[source] == family.name:
                raise InputError(
                    f"latents: {family.name!r} is asked for, and another source of the same shape,"
                    " whose clips are in the same batches, has no latents that fit"
                )
            LOG.info("not trained from the latents %r: another source has none", family.name)
            agreed[source] = None
    return agreed
