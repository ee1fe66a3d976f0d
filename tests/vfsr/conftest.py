"""A dataset of two rendered videos, and a network small enough for tests."""

from fractions import Fraction
from functools import cache

import av
import numpy as np
import pytest
import torch

from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.manifest import table_file, write_rows
from hdvg.shards import TarWriter
from hdvg.video import write_video
from vfsr.dead_leaves import render_dead_leaves
from vfsr.rcan import RCAN, RCANConfig

SIZE = (64, 96)
FRAMES = 3


@pytest.fixture(scope="session")
def small_config():
    return RCANConfig(num_groups=1, num_blocks=1, channels=8, reduction=4)


@pytest.fixture
def small_model(small_config):
    torch.manual_seed(0)
    model = RCAN(small_config).eval()
    with torch.no_grad():  # away from plain interpolation, so that every layer matters
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return model


@pytest.fixture
def batch():
    """Random pairs as the loader gives them: two of 4x4 and 16x16."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randint(256, (2, 3, side, side), generator=generator).to(torch.uint8)
        for name, side in (("lr", 4), ("hr", 16))
    }


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """Four clips of two videos; a clip is three unlike frames at 1 a second."""
    root = tmp_path_factory.mktemp("sr") / "dataset"
    storage = create_dataset(root, sources=["rendered"], config={})
    rng = np.random.default_rng(5)
    rows = []
    with storage.writing("media/u0.tar") as file, TarWriter(file) as tar:
        for index in range(4):
            frames = np.stack([render_dead_leaves(rng, *SIZE) for _ in range(FRAMES)])
            path = write_video(
                root.parent / "clip.mp4", np.ascontiguousarray(frames.transpose(0, 3, 1, 2)), 1
            )
            member = tar.add(f"c{index}.mp4", path.read_bytes())
            rows.append(_row(index, member))
    table = write_rows(storage, "clips", table_file("clips", "u0"), rows)
    commit = Commit(stage="build", unit="u0", files=(file.record, table), rows={"clips": 4})
    commit_unit(storage, commit)
    return root


def _row(index, member):
    return {
        "clip_id": f"c{index}", "video_id": f"v{index % 2}", "scene_index": 0, "start_s": 0.0,
        "end_s": float(FRAMES), "start_pts": 0, "end_pts": FRAMES, "time_base_num": 1,
        "time_base_den": 1, "num_frames": FRAMES, "width": SIZE[1], "height": SIZE[0], "fps": 1.0,
        "codec": "h264", "cut_mode": "encode", "lead_hidden_frames": 0,
        "boundary_start": "video_edge", "boundary_end": "video_edge",
        "keyframe_s": 1.0, "shard": "media/u0.tar", **vars(member),
    }  # fmt: skip


@pytest.fixture(scope="session")
def plain():
    """A network that only interpolates, so that results can be compared with their sources."""
    return RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4, scale=2)).eval()


@pytest.fixture(scope="session")
def render_film():
    """Call it with a path and times in 1/30000 s: writes one dead-leaves picture a time, or always
    the same with other noise, in a codec and pixel format, with or without tags and rotation, and
    returns the path."""
    return _render_film


@cache
def _picture(seed, size):
    return render_dead_leaves(np.random.default_rng(seed), size[1], size[0])


def _render_film(path, times, size=(96, 64), **options):
    pixels = options.get("pix_fmt", "yuv420p")
    clock = Fraction(1, 30_000)
    with av.open(str(path), "w") as container:
        codec = options.get("codec", "libx264")
        stream = container.add_stream(codec, rate=25, options=options.get("options", {}))
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.time_base = stream.codec_context.time_base = clock
        for name, value in options.get("tags", {}).items():
            setattr(stream.codec_context, name, value)
        if "rotation" in options:
            stream.set_display_rotation(options["rotation"])
        for index, tick in enumerate(times):
            seed = 0 if options.get("still") else index % 8
            rgb = _picture(seed, size)
            if options.get("still"):
                noise = np.random.default_rng(index).integers(-4, 5, rgb.shape)
                rgb = (rgb + noise).clip(0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = tick, clock
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def frames_of():
    """Call it with a film: its decoded frames."""

    def call(path):
        with av.open(str(path)) as container:
            return list(container.decode(container.streams.video[0]))

    return call


@pytest.fixture(scope="session")
def packets_of():
    """Call it with a film and a kind of stream: (time in s, bytes) of the first such stream."""

    def call(path, kind):
        with av.open(str(path)) as container:
            stream = next(s for s in container.streams if s.type == kind)
            return [(p.pts * p.time_base, bytes(p)) for p in container.demux(stream) if p.size]

    return call
