"""`ClipDataset` against rendered clips whose every frame is known by its grey level."""

import multiprocessing
import pickle
import uuid
from fractions import Fraction

import av
import numpy as np
import pytest
from torch.utils.data import DataLoader

import hdvg
from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.errors import InputError
from hdvg.manifest import table_file, write_rows
from hdvg.shards import TarWriter
from hdvg.video import write_video

TICKS = 12_800
# Times of the frames of each clip in ticks; constant at 25 and 30 a second, and variable.
CLIPS = {
    "u0": {
        "steady25": range(0, 3 * TICKS, 512),
        "vfr": [0, 300, 900, 5000, 9000, 9300, 20_000, 31_000],
    },
    "u1": {
        "steady30": [round(i * TICKS / 30) for i in range(90)],
        "short": range(0, TICKS // 2, 512),
    },
}
DURATION_S = {"steady25": 3.0, "vfr": 2.6, "steady30": 3.0, "short": 0.5}


def level(index):
    return 16 + (37 * index) % 220


def render(path, ticks, size=(128, 72)):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        for index, tick in enumerate(ticks):
            grey = np.full((size[1], size[0], 3), level(index), np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


def clip_row(clip_id, unit, ticks, member):
    start_s = 7.0  # where it was cut from; must not matter to the reader
    return {
        "clip_id": clip_id,
        "video_id": f"video-{unit}",
        "scene_index": 0,
        "start_s": start_s,
        "end_s": start_s + DURATION_S[clip_id],
        "start_pts": 0,
        "end_pts": 1,
        "time_base_num": 1,
        "time_base_den": TICKS,
        "num_frames": len(ticks),
        "width": 128,
        "height": 72,
        "fps": 25.0,
        "codec": "h264",
        "cut_mode": "encode",
        "lead_hidden_frames": 0,
        "boundary_start": "cut",
        "boundary_end": "cut",
        "keyframe_s": start_s,
        "shard": f"media/{unit}.tar",
        "offset": member.offset,
        "nbytes": member.nbytes,
        "sha256": member.sha256,
    }


def write_unit(storage, unit, clips):
    """Writes a unit as a build does and returns what its commit has to name."""
    with storage.writing(f"media/{unit}.tar") as file, TarWriter(file) as tar:
        rows = [
            clip_row(name, unit, CLIPS[unit][name], tar.add(f"{name}.mp4", content))
            for name, content in clips.items()
        ]
    captions = [
        {"clip_id": name, "text": f"caption of {name}", "source": "title"}
        for name in clips
        if name != "vfr"
    ]
    return (
        file.record,
        write_rows(storage, "clips", table_file("clips", unit), rows),
        write_rows(storage, "captions", table_file("captions", unit, "alt_text"), captions),
    )


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return {
        unit: {name: render(folder / f"{name}.mp4", ticks) for name, ticks in clips.items()}
        for unit, clips in CLIPS.items()
    }


def build(root, rendered):
    storage = create_dataset(root, sources=["test"], config={})
    for unit, clips in rendered.items():
        files = write_unit(storage, unit, clips)
        commit_unit(storage, Commit(stage="build", unit=unit, files=files, rows={}))
    return storage


@pytest.fixture(scope="module")
def root(tmp_path_factory, rendered):
    path = tmp_path_factory.mktemp("dataset")
    build(path, rendered)
    return path


def expected_levels(clip_id, unit, times_s):
    """The level on screen at each time, by the definition."""
    starts = np.array(list(CLIPS[unit][clip_id])) / TICKS
    return [level(int(np.flatnonzero(starts <= t + 1e-6)[-1])) for t in times_s]


def assert_shows(item, dataset, index):
    row = dataset.rows.slice(index, 1).to_pylist()[0]
    unit = row["shard"].removeprefix("media/").removesuffix(".tar")
    want = expected_levels(row["clip_id"], unit, dataset.frame_times_s(index))
    centre = np.asarray(item["video"])[:, 1, 20, 30].astype(int)
    assert np.abs(centre - want).max() <= 3


def test_items_are_what_the_contract_says(root):
    clips = hdvg.ClipDataset(root, num_frames=8, fps=8, height=48, width=64)
    item = clips[0]
    assert item["video"].dtype == np.uint8
    assert item["video"].shape == (8, 3, 48, 64)
    assert item["video"].flags["C_CONTIGUOUS"]
    assert (item["caption"], item["clip_id"], item["fps"]) == (
        "caption of steady25",
        "steady25",
        8.0,
    )
    assert set(item) == {"video", "caption", "clip_id", "fps"}


def test_clips_come_by_unit_and_then_in_the_order_of_their_table(root):
    clips = hdvg.ClipDataset(root, min_duration_s=0)
    assert clips.rows["clip_id"].to_pylist() == ["steady25", "vfr", "steady30", "short"]
    assert [clips[i]["clip_id"] for i in range(len(clips))] == clips.rows["clip_id"].to_pylist()
    assert clips[-1]["clip_id"] == "short"
    with pytest.raises(IndexError, match="clip 4 of 4"):
        clips[4]


@pytest.mark.parametrize("window", ["random", "centre"])
@pytest.mark.parametrize("fps", [4, 8, 24])
def test_every_window_shows_the_frames_that_are_on_screen_at_its_times(root, window, fps):
    clips = hdvg.ClipDataset(root, num_frames=6, fps=fps, height=48, width=64, window=window)
    for epoch in range(3):
        clips.set_epoch(epoch)
        for index in range(len(clips)):
            assert_shows(clips[index], clips, index)


def test_windows_lie_within_their_clips_and_span_what_they_should(root):
    clips = hdvg.ClipDataset(root, num_frames=8, fps=8)
    for epoch in range(50):
        clips.set_epoch(epoch)
        for index, clip_id in enumerate(clips.rows["clip_id"].to_pylist()):
            times = clips.frame_times_s(index)
            np.testing.assert_allclose(np.diff(times), 1 / 8)
            assert times[0] >= 0
            assert times[-1] + 1 / 8 <= DURATION_S[clip_id] + 1e-9


def test_random_windows_depend_on_seed_epoch_and_index_alone(root):
    def starts(seed, epoch):
        clips = hdvg.ClipDataset(root, seed=seed)
        clips.set_epoch(epoch)
        return [clips.frame_times_s(i)[0] for i in range(len(clips))]

    assert starts(0, 0) == starts(0, 0)
    assert len({tuple(starts(0, 0)), tuple(starts(1, 0)), tuple(starts(0, 1))}) == 3
    assert len(set(starts(0, 0))) == 3


def test_random_windows_use_the_whole_clip_and_central_ones_its_middle(root):
    clips = hdvg.ClipDataset(root, num_frames=8, fps=8)
    starts = []
    for epoch in range(400):
        clips.set_epoch(epoch)
        starts.append(clips.frame_times_s(0)[0])
    # 2 s of room; a uniform draw has mean 1 and, of 400, hardly all in 95 % of the range.
    assert abs(np.mean(starts) - 1) < 0.12
    assert min(starts) < 0.05
    assert max(starts) > 1.95
    central = hdvg.ClipDataset(root, num_frames=8, fps=8, window="centre")
    assert central.frame_times_s(0)[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("fps", "grid_fps"), [(8, 8), (8, 24), (4, 8)])
def test_windows_on_a_grid_begin_at_each_of_its_points(root, fps, grid_fps):
    clips = hdvg.ClipDataset(root, num_frames=fps, fps=fps, grid_fps=grid_fps)
    starts = []
    for epoch in range(40 * grid_fps):
        clips.set_epoch(epoch)
        times = clips.frame_times_s(0)
        np.testing.assert_allclose(np.diff(times), 1 / fps)
        starts.append(times[0] * grid_fps)
    np.testing.assert_allclose(starts, np.round(starts), atol=1e-9)
    # The clip lasts 3 s, the window 1 s: 2 s of room, both ends counted.
    assert set(np.round(starts)) == set(range(2 * grid_fps + 1))
    central = hdvg.ClipDataset(root, num_frames=fps, fps=fps, grid_fps=grid_fps, window="centre")
    assert central.frame_times_s(0)[0] == pytest.approx(1.0)


def test_clips_shorter_than_the_window_are_left_out_and_counted(root):
    clips = hdvg.ClipDataset(root, num_frames=8, fps=8)
    assert clips.rows["clip_id"].to_pylist() == ["steady25", "vfr", "steady30"]
    assert clips.num_left_out == 1
    assert len(hdvg.ClipDataset(root, num_frames=22, fps=8)) == 2


def test_a_selection_leaves_out_the_rest(root):
    clips = hdvg.ClipDataset(root, select="duration_s > 2.8 and not 'steady30' in caption")
    assert clips.rows["clip_id"].to_pylist() == ["steady25"]
    assert clips.num_left_out == 0
    assert clips[0]["caption"] == "caption of steady25"
    with pytest.raises(InputError, match=r"'fps > 99' chooses none of the 4 clips"):
        hdvg.ClipDataset(root, select="fps > 99")
    with pytest.raises(InputError, match="no selection 'hq'; there are: hd_vg"):
        hdvg.ClipDataset(root, select="hq")


def test_short_clips_that_are_kept_hold_their_last_frame(root):
    clips = hdvg.ClipDataset(root, num_frames=8, fps=8, height=48, width=64, min_duration_s=0)
    item = clips[3]
    assert clips.frame_times_s(3) == [k / 8 for k in range(8)]
    assert_shows(item, clips, 3)
    np.testing.assert_array_equal(item["video"][4], item["video"][7])
    assert abs(int(item["video"][7, 0, 20, 30]) - level(12)) <= 3


def test_a_clip_without_a_caption_has_an_empty_one(root):
    clips = hdvg.ClipDataset(root)
    assert clips[1]["clip_id"] == "vfr"
    assert clips[1]["caption"] == ""
    assert hdvg.ClipDataset(root, captions=None)[0]["caption"] == ""


def test_clip_bytes_are_the_file_that_was_written(root, rendered):
    clips = hdvg.ClipDataset(root, min_duration_s=0)
    assert clips.clip_bytes(2) == rendered["u1"]["steady30"]


def test_only_committed_units_are_read(tmp_path, rendered):
    storage = build(tmp_path, rendered)
    storage.remove("commits/build/u0.json")
    clips = hdvg.ClipDataset(tmp_path, min_duration_s=0)
    assert clips.rows["clip_id"].to_pylist() == ["steady30", "short"]


def test_a_caption_family_of_its_own_stage_is_found_and_its_leftovers_are_not(tmp_path, rendered):
    storage = build(tmp_path, rendered)
    for unit, name in [("u0", "steady25"), ("u1", "steady30")]:
        row = {"clip_id": name, "text": f"blip of {name}", "source": "blip2"}
        record = write_rows(storage, "captions", table_file("captions", unit, "blip2"), [row])
        if unit == "u0":
            commit = Commit(stage="captions.blip2", unit=unit, files=(record,), rows={})
            commit_unit(storage, commit)
    clips = hdvg.ClipDataset(tmp_path, captions="blip2")
    assert [clips[i]["caption"] for i in range(3)] == ["blip of steady25", "", ""]
    both = {"blip2": 0.5, "alt_text": 0.5}
    texts = {}
    for family in both:
        one = hdvg.ClipDataset(tmp_path, captions=family)
        texts[family] = [one._captions.choose(row, 0.0) for row in one.rows["clip_id"].to_pylist()]
    mixed = hdvg.ClipDataset(tmp_path, captions=both, num_frames=1, height=8, width=16)
    shown = []
    for epoch in range(24):
        mixed.set_epoch(epoch)
        shown.append([mixed[i]["caption"] for i in range(3)])
    # The first clip has both captions, and the draws of one epoch do not fix those of another.
    assert {captions[0] for captions in shown} == {texts[family][0] for family in both}
    assert {captions[2] for captions in shown} == {texts["alt_text"][2]}
    mixed.set_epoch(7)
    assert [mixed[i]["caption"] for i in range(3)] == shown[7]


def test_datasets_on_an_object_store_read_the_same(rendered, root):
    url = f"memory://reader-{uuid.uuid4().hex}/data"
    build(url, rendered)
    np.testing.assert_array_equal(
        hdvg.ClipDataset(url)[0]["video"], hdvg.ClipDataset(root)[0]["video"]
    )


def test_a_pickled_dataset_reads_the_same(root):
    clips = hdvg.ClipDataset(root)
    clips.set_epoch(3)
    again = pickle.loads(pickle.dumps(clips))
    assert again.frame_times_s(1) == clips.frame_times_s(1)
    np.testing.assert_array_equal(again[1]["video"], clips[1]["video"])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_dataloader_workers_give_the_same_items(root, method):
    clips = hdvg.ClipDataset(root, height=48, width=64)
    loader = DataLoader(
        clips,
        batch_size=3,
        num_workers=2 if method == "fork" else 1,
        multiprocessing_context=multiprocessing.get_context(method),
    )
    [batch] = list(loader)
    assert batch["video"].shape == (3, 8, 3, 48, 64)
    assert batch["caption"] == ["caption of steady25", "", "caption of steady30"]
    for index in range(3):
        np.testing.assert_array_equal(batch["video"][index].numpy(), clips[index]["video"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_frames": 0}, "num_frames must be positive, got 0"),
        ({"fps": -8.0}, r"fps must be positive, got -8\.0"),
        ({"height": -1}, "height must be positive, got -1"),
        ({"width": 0}, "width must be positive, got 0"),
        ({"backend": "vlc"}, "backend must be auto or one of pyav, decord, torchcodec, got 'vlc'"),
        ({"window": "start"}, "window must be 'random' or 'centre', got 'start'"),
        ({"seed": -1}, "seed must not be negative, got -1"),
        ({"max_broken": 1.0}, r"max_broken must be in \[0, 1\), got 1"),
        ({"captions": "blip9"}, "no caption family 'blip9'; it has: alt_text"),
        ({"num_frames": 80}, r"none of the 4 clips in .* lasts 10 s \(80 frames at 8 fps\)"),
    ],
)
def test_bad_options_are_named_with_their_value(root, options, message):
    with pytest.raises(InputError, match=message):
        hdvg.ClipDataset(root, **options)


def test_folders_without_clips_are_named(tmp_path):
    with pytest.raises(InputError, match="dataset folder not found"):
        hdvg.ClipDataset(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a dataset"):
        hdvg.ClipDataset(tmp_path)
    storage = create_dataset(tmp_path, sources=["test"], config={})
    with pytest.raises(InputError, match="no committed clips"):
        hdvg.ClipDataset(tmp_path)
    record = write_rows(storage, "clips", table_file("clips", "u0"), [])
    commit_unit(storage, Commit(stage="build", unit="u0", files=(record,), rows={}))
    with pytest.raises(InputError, match="no clips, every video failed"):
        hdvg.ClipDataset(tmp_path)


def test_damaged_media_is_named(tmp_path, rendered):
    broken = {"u0": {**rendered["u0"], "steady25": b"not a video"}}
    build(tmp_path, broken)
    clips = hdvg.ClipDataset(tmp_path)
    with pytest.raises(InputError, match="clip steady25 cannot be read: not a readable video"):
        clips[0]
    shard = tmp_path / "media/u0.tar"
    shard.write_bytes(shard.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"media/u0\.tar ends too early"):
        clips[1]


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
@pytest.mark.parametrize("name", ["clips/u0.parquet", "captions/alt_text/u0.parquet"])
def test_a_unit_with_a_damaged_table_can_be_left_out(tmp_path, rendered, name, damage):
    build(tmp_path, rendered)
    path = tmp_path / name
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content if damage == "flipped" else content[:-9])
    if damage == "missing":
        path.unlink()
    with pytest.raises(InputError, match=name):
        hdvg.ClipDataset(tmp_path)
    with pytest.raises(InputError, match=f"1 of 2 units in .* allows; the first: .*{name}"):
        hdvg.ClipDataset(tmp_path, max_broken=0.4)
    for select in (None, "duration_s > 2"):
        clips = hdvg.ClipDataset(tmp_path, max_broken=0.5, select=select)
        assert list(clips.damage) == ["u0"]
        assert clips.damage["u0"].startswith(name)
        assert [clips[i]["caption"] for i in range(len(clips))] == ["caption of steady30"]
    assert hdvg.ClipDataset(tmp_path, captions=None, max_broken=0.5).damage.keys() == (
        {"u0"} if name.startswith("clips") else set()
    )


@pytest.fixture(scope="module")
def barred(tmp_path_factory):
    """A clip with a picture of 60x40 in black bars, and the same one whose row says so."""
    root = tmp_path_factory.mktemp("barred")
    frames = np.zeros((60, 3, 72, 128), np.uint8)
    frames[:, :, 16:56, 34:94] = np.linspace(60, 240, 60).astype(np.uint8)[:, None, None, None]
    path = write_video(root / "a.mp4", frames, 25, crf=5)
    content = path.read_bytes()
    storage = create_dataset(root / "data", sources=["test"], config={})
    with storage.writing("media/u0.tar") as file, TarWriter(file) as tar:
        rows = []
        for name in ("plain", "cropped"):
            row = clip_row("steady25", "u0", range(60), tar.add(f"{name}.mp4", content))
            rows.append(row | {"clip_id": name, "end_s": row["start_s"] + 60 / 25})
    rows[1] |= {"crop_x": 34, "crop_y": 16, "crop_width": 60, "crop_height": 40}
    files = (file.record, write_rows(storage, "clips", table_file("clips", "u0"), rows))
    commit_unit(storage, Commit(stage="build", unit="u0", files=files, rows={}))
    return root / "data"


@pytest.mark.parametrize("backend", ["auto", "pyav", "decord", "torchcodec"])
def test_black_bars_are_cut_off_before_scaling(barred, backend):
    try:
        clips = hdvg.ClipDataset(barred, height=20, width=30, captions=None, backend=backend)
    except InputError as error:
        pytest.skip(str(error))
    plain, cropped = clips[0]["video"], clips[1]["video"]
    assert plain[:, :, 0].max() < 20
    assert cropped.min() > 50
    # Each frame is of one level; nothing of the bars bleeds in at its edges.
    assert np.ptp(cropped, axis=(2, 3)).max() <= 6


def test_backends_show_the_same_windows(root):
    want = hdvg.ClipDataset(root, height=48, width=64)
    for backend in ("pyav", "decord", "torchcodec"):
        try:
            clips = hdvg.ClipDataset(root, height=48, width=64, backend=backend)
        except InputError:
            continue
        for index in range(len(clips)):
            assert_shows(clips[index], clips, index)
            assert np.abs(clips[index]["video"].astype(int) - want[index]["video"]).max() <= 3


def test_frames_of_any_time_and_size_can_be_asked_for(root):
    clips = hdvg.ClipDataset(root)
    frames = clips.frames(0, [0.0, 1.01, 99.0], 40, 30)
    assert frames.shape == (3, 3, 30, 40)
    for frame, index in zip(frames, (0, 25, 74), strict=True):
        assert np.abs(frame.astype(int) - level(index)).max() <= 3
