"""A family is made once, goes on where it stopped, and belongs to one captioner."""

import json
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from hdvg.captioning import caption_dataset as module
from hdvg.captioning.caption_dataset import CaptionConfig, caption_dataset
from hdvg.catalogue import Catalogue
from hdvg.claim import LEASE_FILE, claim
from hdvg.dataset_folder import create_dataset
from hdvg.errors import InputError


@pytest.fixture
def world(numbered, monkeypatch):
    """The numbered dataset, captioned by its reader instead of a model."""

    def describe(config):
        return {"model": config.model, "revision": "1", "prompt": config.prompt}

    monkeypatch.setattr(module, "describe_captioner", describe)
    monkeypatch.setattr(module, "load_captioner", lambda config, revision: numbered.reader)
    return numbered


def _caption(world, **changes):
    settings = {"data": world.storage.root, "model": "x", "device": "cpu", "batch_size": 3}
    return caption_dataset(CaptionConfig(**(settings | changes)))


def _texts(world, family="blip2"):
    rows = Catalogue(world.storage).family("captions", family).to_pylist()
    assert {row["source"] for row in rows} == {"blip2"}
    return {row["clip_id"]: row["text"] for row in rows}


def test_every_clip_gets_its_own_caption_once(world):
    first = _caption(world)
    assert (first.num_made, first.num_captions, first.num_clips) == (8, 8, 8)
    assert (first.units_made, first.units_before, first.num_unreadable) == (3, 0, 0)
    assert _texts(world) == world.truth
    world.reader.sizes.clear()
    again = _caption(world)
    assert (again.num_made, again.num_captions) == (0, 8)
    assert (again.units_made, again.units_before) == (0, 3)
    assert world.reader.sizes == []


def test_interrupted_it_goes_on_with_the_units_that_lack(world, monkeypatch):
    class Dying:
        calls = 0

        def caption(self, images):
            self.calls += 1
            if self.calls > 3:
                raise KeyboardInterrupt
            return world.reader.caption(images)

    monkeypatch.setattr(module, "load_captioner", lambda config, revision: Dying())
    with pytest.raises(KeyboardInterrupt):
        _caption(world)
    assert Catalogue(world.storage).units("captions.blip2") == ["u0"]
    monkeypatch.setattr(module, "load_captioner", lambda config, revision: world.reader)
    world.reader.sizes.clear()
    summary = _caption(world)
    assert (summary.num_made, summary.units_before, summary.units_made) == (1, 1, 2)
    assert world.reader.sizes == [1]
    assert _texts(world) == world.truth


def test_another_captioner_needs_another_family(world):
    _caption(world)
    with pytest.raises(InputError, match=r"'blip2'.*prompt \(was '', now 'a photo of'\).*--family"):
        _caption(world, prompt="a photo of")
    _caption(world, prompt="a photo of", family="photo")
    assert Catalogue(world.storage).families("captions") == ["blip2", "photo"]


def test_the_family_of_the_build_is_not_overwritten(world):
    from hdvg.commits import Commit, commit_unit
    from hdvg.manifest import write_rows

    record = write_rows(world.storage, "captions", "captions/alt_text/u9.parquet", [])
    commit = Commit(stage="build", unit="u9", files=(record,), rows={"clips": 0})
    commit_unit(world.storage, commit)
    with pytest.raises(InputError, match=r"'alt_text'.*came with the build"):
        _caption(world, family="alt_text")


def test_unreadable_keyframes_are_counted(world):
    ids = world.units["u0"]
    broken = world.keyframes | {ids[0]: b"\xff\xd8 no jpeg"}
    world.put_unit(world.storage, "u0", {clip_id: broken[clip_id] for clip_id in ids})
    summary = _caption(world)
    assert (summary.num_captions, summary.num_unreadable, summary.num_clips) == (7, 1, 8)


def test_an_empty_dataset_is_no_trouble(world):
    for unit in ("u0", "u1", "u2"):
        world.storage.remove(f"commits/build/{unit}.json")
    assert _caption(world).num_clips == 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"data": ""}, "data is empty"),
        ({"family": "a/b"}, "a/b"),
        ({"family": ".."}, "family"),
        ({"batch_size": 0}, "batch_size"),
        ({"data": "/nowhere/at/all"}, "not found"),
    ],
)
def test_mistakes_are_named(world, wrong, named):
    with pytest.raises(InputError, match=named):
        _caption(world, **wrong)


def test_one_writer_at_a_time(world):
    with (
        claim(world.storage),
        pytest.raises(InputError, match="another process"),
    ):
        _caption(world)


def test_an_object_store_serves_as_well(world):
    root = f"memory://{uuid.uuid4().hex}"
    there = create_dataset(root, sources=["x"], config={})
    ids = world.units["u0"][:3]
    world.put_unit(there, "u0", {clip_id: world.keyframes[clip_id] for clip_id in ids})
    assert _caption(world, data=root).num_made == 3
    rows = Catalogue(there).family("captions", "blip2").to_pylist()
    assert {row["clip_id"]: row["text"] for row in rows} == {i: world.truth[i] for i in ids}
    assert not there.exists(LEASE_FILE)


@pytest.mark.slow  # starts the command three times, each of which loads a model
def test_killed_and_started_again_it_makes_the_same_family(numbered, tmp_path):
    shutil.copytree(numbered.storage.root, tmp_path / "undisturbed")
    call = [sys.executable, "-m", "hdvg", "caption", "--batch_size=1", "--device=cpu"]
    subprocess.run([*call, tmp_path / "undisturbed"], check=True, capture_output=True)
    root = Path(numbered.storage.root)
    with subprocess.Popen([*call, root], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(root.glob("captions/blip2/u0*")):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    done = subprocess.run([*call, root, "--json"], check=True, capture_output=True)
    assert json.loads(done.stdout)["num_captions"] == 8
    names = [f"captions/blip2/{unit}.parquet" for unit in ("u0", "u1", "u2")]
    for name in names:
        assert (root / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert sorted(p.name for p in (root / "captions/blip2").iterdir()) == sorted(
        Path(name).name for name in names
    )
