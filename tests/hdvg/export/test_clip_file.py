import io

import av
import numpy as np

from hdvg.export.clip_file import read_clip_file
from hdvg.export.collect import Collection
from hdvg.video import decode, to_rgb


def _levels(content):
    """The shown frames' numbers in the film, by their grey level."""
    return [round(float(to_rgb(frame).mean()) / 6) for frame in decode(io.BytesIO(content))]


def _num_packets(content):
    with av.open(io.BytesIO(content)) as container:
        return sum(packet.size > 0 for packet in container.demux(video=0))


def test_a_file_is_as_it_lies_there(exported_from):
    clips = Collection(exported_from, "alt_text", "")
    for clip in clips:
        found = read_clip_file(clips, clip, unhide=False)
        assert found.content == clips.media(clip)
        assert found.facts["lead_hidden_frames"] == clip.row["lead_hidden_frames"]


def test_hidden_frames_can_be_left_out(exported_from):
    clips = Collection(exported_from, "alt_text", "")
    first, hidden, _ = clips
    assert hidden.row["lead_hidden_frames"] == 10
    before = read_clip_file(clips, hidden, unhide=False).content
    found = read_clip_file(clips, hidden, unhide=True)
    assert _num_packets(before) > _num_packets(found.content) == hidden.row["num_frames"] == 20
    assert _levels(found.content) == _levels(before) == list(range(10, 30))
    assert found.facts == {"cut_mode": "encode", "codec": "h264", "lead_hidden_frames": 0}
    # What hides nothing is not touched.
    assert read_clip_file(clips, first, unhide=True).content == clips.media(first)


def test_times_start_at_zero_and_keep_their_distances(exported_from):
    clips = Collection(exported_from, "alt_text", "")
    _, hidden, _ = clips
    content = read_clip_file(clips, hidden, unhide=True).content
    times = [float(frame.pts * frame.time_base) for frame in decode(io.BytesIO(content))]
    np.testing.assert_allclose(times, np.arange(20) / 25, atol=1e-6)
