from pipelines import upscaler_pictures
from pipelines.upscaler_pictures import write_dataset

import hdvg


def test_what_it_writes_is_a_dataset(tmp_path, monkeypatch):
    monkeypatch.setattr(upscaler_pictures, "HEIGHT", 64)
    monkeypatch.setattr(upscaler_pictures, "WIDTH", 96)
    write_dataset(tmp_path, 2)
    clips = hdvg.ClipDataset(tmp_path, num_frames=2, fps=1, height=64, width=96, captions=None)
    assert len(clips) == 2
    assert clips[0]["video"].shape == (2, 3, 64, 96)
    write_dataset(tmp_path, 2)  # and leaves it alone
