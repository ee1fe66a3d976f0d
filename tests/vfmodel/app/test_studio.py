"""The studio makes what `vfmodel.generate` makes, one video at a time, and stops when told."""

import threading

import pytest
import torch

import vfmodel
from hdvg.errors import InputError
from hdvg.video import Video
from vfmodel.app.studio import SamplingCancelledError, Studio


def enlarge(video):
    return Video(frames=video.frames.repeat_interleave(2, 2).repeat_interleave(2, 3), fps=video.fps)


@pytest.fixture
def studio(tiny_pipeline, tmp_path):
    return Studio(tiny_pipeline, tmp_path, enlarge)


def test_a_video_is_the_one_that_generate_makes(studio, tiny_pipeline, request_for):
    steps = []
    made = studio.make(request_for(negative_prompt="blue"), "me", steps.append)
    expected = vfmodel.generate(
        "a red circle", model=tiny_pipeline, seed=3, steps=2, negative_prompt="blue"
    )
    assert torch.equal(made.load().frames, expected.frames)
    assert steps == [1, 2]
    large = studio.enlarge(made)
    assert (large.width, large.height, large.num_frames) == (80, 48, 3)


def test_cancelling_stops_after_a_step_and_the_next_video_is_whole(studio, request_for, tmp_path):
    steps = []

    def after_step(done):
        steps.append(done)
        studio.cancel("me")

    with pytest.raises(SamplingCancelledError):
        studio.make(request_for(steps=5), "me", after_step)
    assert steps == [1]
    assert list(tmp_path.iterdir()) == []
    studio.expect("me")
    assert studio.make(request_for(), "me", lambda done: None).num_frames == 3


def test_cancelling_reaches_nobody_else(studio, request_for):
    studio.expect("me")
    studio.expect("you")
    studio.cancel("you")
    studio.cancel("a stranger")
    assert studio.make(request_for(), "me", lambda done: None).mp4.is_file()
    with pytest.raises(SamplingCancelledError):
        studio.make(request_for(), "you", lambda done: None)


def test_visitors_at_the_same_time_get_their_own_videos(studio, tiny_pipeline, request_for):
    made = {}

    def visit(seed):
        made[seed] = studio.make(request_for(seed=seed), str(seed), lambda done: None)

    visitors = [threading.Thread(target=visit, args=(seed,)) for seed in range(4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    for seed, shelved in made.items():
        alone = vfmodel.generate("a red circle", model=tiny_pipeline, seed=seed, steps=2)
        assert torch.equal(shelved.load().frames, alone.frames)


def test_the_models_own_tokenizer_counts(studio, tiny_pipeline):
    limit = tiny_pipeline.tokenizer.model_max_length
    values = {
        "prompt": "red " * (limit - 1),
        "negative_prompt": "",
        "seed": 0,
        "steps": 2,
        "guidance_scale": 4,
        "num_frames": 3,
        "height": 24,
        "width": 40,
        "fps": 4,
    }
    with pytest.raises(InputError, match=f"tokens and the model reads {limit}"):
        studio.read(values)
    assert studio.read(values | {"prompt": "red " * (limit - 2)}).fps is None


def test_what_cannot_be_enlarged_is_said(studio, tiny_pipeline, request_for, tmp_path):
    large = studio.enlarge(studio.make(request_for(), "me", lambda done: None))
    with pytest.raises(InputError, match="already"):
        studio.enlarge(large)
    with pytest.raises(InputError, match="without an upscaler"):
        Studio(tiny_pipeline, tmp_path).enlarge(large)


def test_a_full_gpu_is_something_that_a_visitor_can_mend(tiny_pipeline, request_for, tmp_path):
    def too_large(video):
        raise torch.OutOfMemoryError("CUDA out of memory")

    studio = Studio(tiny_pipeline, tmp_path, too_large)
    with pytest.raises(InputError, match="memory does not suffice"):
        studio.enlarge(studio.make(request_for(), "me", lambda done: None))
