import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hdvg import ClipDataset
from hdvg.build import BuildConfig, ShapesConfig, build, data_settings
from hdvg.errors import InputError
from hdvg.manifest import read_table
from hdvg.scratch import hold
from hdvg.storage import Storage


def _command(corpus, data, *more):
    wanted = json.loads((corpus / "truth/corpus.json").read_text())
    same = [f"--shapes.corpus.{key}={json.dumps(value)}" for key, value in wanted.items()]
    fixed = ["--source=shapes", f"--shapes.folder={corpus}", "--unit_size=2", "--num_cpus=2"]
    steps = ["--filter.min_height=128", "--scan.min_scene_s=0.5", "--cut.preset=ultrafast"]
    call = [sys.executable, "-m", "hdvg", "build", f"--data={data}"]
    return [*call, *fixed, *same, *steps, *more]


def _run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=240, **options)


@pytest.fixture(scope="module")
def undisturbed(corpus, tmp_path_factory):
    root = tmp_path_factory.mktemp("builds") / "undisturbed"
    done = _run(_command(corpus, root))
    assert done.returncode == 0, done.stderr
    return root, done


# What this corpus' filter and any decoder refuse; all other videos give clips.
_REFUSED = {"vertical", "small", "static", "missing", "not_video", "truncated"}


def test_every_video_has_one_row_and_the_clips_are_readable(undisturbed, truth):
    root, done = undisturbed
    storage = Storage(root)
    rows = []
    for path in sorted((root / "videos").iterdir()):
        rows += read_table(storage, "videos", f"videos/{path.name}").to_pylist()
    hd = {row["video_id"]: row["trouble"] for row in truth.values() if row["part"] == "hd"}
    assert sorted(row["video_id"] for row in rows) == sorted(hd)
    fine = {name for name, trouble in hd.items() if trouble not in _REFUSED}
    assert {row["video_id"] for row in rows if row["status"] == "ok"} == fine
    dataset = ClipDataset(root, num_frames=2, fps=8.0, height=32, width=64)
    assert len(dataset) == sum(row["num_clips"] for row in rows)
    known = {text for row in truth.values() for text in row["captions"]}
    assert all(dataset[i]["caption"] in known for i in range(len(dataset)))
    assert f"{len(dataset)} clips from {len(fine)} of {len(hd)} videos" in done.stdout
    assert "1 permanent/not_found" in done.stdout


def test_the_log_is_ours_alone(undisturbed, truth):
    _, done = undisturbed
    lines = [line for line in done.stderr.splitlines() if line]
    assert all(line.startswith("hdvg build: ") for line in lines), done.stderr
    total = sum(row["part"] == "hd" for row in truth.values())
    assert lines[-1].startswith(f"hdvg build: {total}/{total} videos")


def test_other_settings_and_a_second_build_at_once_are_refused(undisturbed, corpus):
    root, _ = undisturbed
    changed = _run(_command(corpus, root, "--cut.crf=30"))
    assert (changed.returncode, changed.stderr.count("\n")) == (2, 1)
    assert "cut.crf (was 18, now 30)" in changed.stderr
    with hold(root, keep="dataset.json"):
        second = _run(_command(corpus, root))
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "another process is at work" in second.stderr


def _config(source, data, **changes):
    return BuildConfig(source=str(source), data=str(data), **changes)


def test_bad_sources_leave_nothing_behind(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.txt").write_text("nonsense line\n")
    for source in ("nowhere", "empty", "list.txt"):
        with pytest.raises(InputError, match=source):
            build(_config(tmp_path / source, tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_a_folder_of_something_else_is_refused_and_untouched(tmp_path, media):
    (tmp_path / "in").mkdir()
    shutil.copy(media["web"], tmp_path / "in/a.mp4")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/thesis.txt").touch()
    for config in (
        _config(tmp_path / "in", tmp_path / "data"),
        _config("shapes", tmp_path / "data", shapes=ShapesConfig(folder=str(tmp_path / "shapes"))),
    ):
        with pytest.raises(InputError, match="not a dataset"):
            build(config)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["thesis.txt"]
    assert not (tmp_path / "shapes").exists()


def test_a_corpus_of_another_config_is_refused_before_the_dataset_is_made(tmp_path, corpus):
    shapes = ShapesConfig(folder=str(corpus))
    with pytest.raises(InputError, match="another config"):
        build(_config("shapes", tmp_path / "data", shapes=shapes))
    assert not (tmp_path / "data").exists()


def test_only_what_alters_the_data_counts_as_a_change():
    first = _config("list.txt", "a", num_cpus=1, address="")
    assert data_settings(first) == data_settings(_config("list.txt", "b", num_cpus=7, address="x"))
    assert data_settings(first) != data_settings(_config("list.txt", "a", unit_size=3))
    assert "shapes" not in data_settings(first)
    assert "shapes" in data_settings(_config("shapes", "a"))


@pytest.mark.parametrize(
    "changes", [{"source": ""}, {"data": ""}, {"unit_size": 0}, {"num_cpus": -1}, {"retry": "x"}]
)
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        BuildConfig(**({"source": "a", "data": "b"} | changes))
    with pytest.raises(InputError, match="half"):
        ShapesConfig(part="half")


def test_relative_paths_and_a_folder_of_files(tmp_path, media):
    """A folder named relative to where the command runs, with a caption file, as users have it."""
    (tmp_path / "my films").mkdir()
    shutil.copy(media["web"], tmp_path / "my films/a.mp4")
    shutil.copy(media["not_video"], tmp_path / "my films/b.mp4")
    (tmp_path / "my films/a.txt").write_text("a ball rolls")
    config = Path(__file__).parents[2] / "configs/hdvg/own.yaml"
    call = [sys.executable, "-m", "hdvg", "build", "--config", str(config)]
    done = _run([*call, "--source", "my films", "--data", "out/set"], cwd=tmp_path, env=os.environ)
    assert done.returncode == 0, done.stderr
    dataset = ClipDataset(tmp_path / "out/set", num_frames=4, fps=8.0, height=32, width=64)
    assert {dataset[i]["caption"] for i in range(len(dataset))} == {"a ball rolls"}
    assert "1 corrupt/probe_failed" in done.stdout
