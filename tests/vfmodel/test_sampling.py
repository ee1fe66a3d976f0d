import pytest

from hdvg.errors import InputError
from vfmodel.sampling import Sampling


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("height", 0),
        ("width", -8),
        ("num_frames", 0),
        ("fps", 0.0),
        ("num_inference_steps", 0),
        ("num_videos_per_prompt", 0),
        ("decode_chunk_size", 0),
        ("guidance_scale", -1.0),
        ("guidance_scale", float("nan")),
        ("guidance_scale", float("inf")),
    ],
)
def test_refuses_by_name(field, value):
    with pytest.raises(InputError, match=f"{field}.*{value}"):
        Sampling(**{field: value})


@pytest.mark.parametrize(("scale", "guides"), [(0.0, False), (1.0, False), (1.01, True)])
def test_guides_above_one(scale, guides):
    assert Sampling(guidance_scale=scale).guides is guides
