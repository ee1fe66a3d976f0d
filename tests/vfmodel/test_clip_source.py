"""Everything that training reads clips from fits the one description of it."""

import pytest

import hdvg
from vfmodel.clip_source import ClipSource
from vfmodel.latent_clips import LatentClips
from vfmodel.scene_clips import SceneClips
from vfmodel.sound_clips import SoundClips


@pytest.mark.parametrize("kind", [hdvg.ClipDataset, LatentClips, SceneClips, SoundClips])
def test_sources_are_clip_sources(kind):
    assert issubclass(kind, ClipSource)


def test_a_list_is_none():
    assert not isinstance([], ClipSource)
