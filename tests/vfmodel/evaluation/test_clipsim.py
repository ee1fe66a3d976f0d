"""CLIPSIM with an encoder whose cosines are known, and with the shipped one on rendered clips."""

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.clipsim import ClipSim, ClipSimConfig
from vfmodel.evaluation.load_clip import LoadedClip, load_clip
from vfmodel.evaluation.shapes_prompts import draw_prompts


class Brightness(LoadedClip):
    """Its cosine is the first pixel, in 255ths, whatever the prompt."""

    def cosines(self, frames, prompt, fit, device):
        return frames[:, 0, 0, 0].float() / 255

    def weights_sha256(self):
        return "0" * 64


@pytest.fixture(scope="module")
def shipped():
    return load_clip("shapes")


@pytest.fixture
def known(shipped):
    return Brightness(
        figure="CLIPSIM[known]",
        name="known",
        model=shipped.model,
        tokenizer=shipped.tokenizer,
        fit=("crop 2x2",),
        mean=(0.0, 0.0, 0.0),
        deviation=(1.0, 1.0, 1.0),
    )


def clip_of(*levels):
    frames = torch.zeros(len(levels), 3, 4, 4, dtype=torch.uint8)
    frames[:, 0] = torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1)
    return frames


def test_every_video_counts_the_same_and_in_it_every_frame(known):
    metric = ClipSim(known)
    metric.update(clip_of(51, 102, 102, 153), "a prompt")  # 0.4
    metric.update(clip_of(204), "a prompt")  # 0.8
    result = metric.result()
    assert result.value == pytest.approx(0.6)
    assert float(metric.compute()) == pytest.approx(0.6)
    assert (result.low, result.high) == pytest.approx((0.4, 0.8))
    assert (result.name, result.num_samples, result.higher_is_better) == ("CLIPSIM[known]", 2, True)
    assert result.details == {
        "network": "known",
        "network_sha256": "0" * 64,
        "fit": ["crop 2x2"],
        "frames": "all",
    }


def test_parts_merge(known):
    first, second = ClipSim(known), ClipSim(known)
    first.update(clip_of(51), "a prompt")
    second.update(clip_of(153), "a prompt")
    first.merge_state(second)
    assert first.result().value == pytest.approx(0.4)


def test_a_rendered_clip_goes_with_its_own_prompt_best(shipped):
    prompts = draw_prompts(8, 0, 1.0)
    right, wrong = ClipSim(shipped), ClipSim(shipped)
    for prompt, other in zip(prompts, prompts[3:] + prompts[:3], strict=True):
        frames = prompt.render(4, 4.0, 96, 176)
        right.update(frames, prompt.text)
        wrong.update(frames, other.text)
    assert right.result().value > wrong.result().value + 0.1
    assert right.result().name == "shapes-CLIPSIM"


def test_the_crop_can_be_another(shipped):
    frames = draw_prompts(1, 0, 1.0)[0].render(2, 4.0, 96, 176)
    steps = ("shorter 96 bicubic antialias", "crop 96x96")
    metric = ClipSim(shipped, ClipSimConfig(fit=steps))
    metric.update(frames, "a red circle")
    assert metric.result().details["fit"] == list(steps)
    whole = ClipSim(shipped)
    whole.update(frames, "a red circle")
    assert metric.result().value != whole.result().value


def test_videos_without_a_prompt_are_refused(known):
    with pytest.raises(InputError, match=r"CLIPSIM\[known\] needs the prompt of every video"):
        ClipSim(known).update(clip_of(1), " ")
    with pytest.raises(InputError, match="needs at least 1 videos, got 0"):
        ClipSim(known).result()
