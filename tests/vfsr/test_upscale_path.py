"""Folders: what is made of which file, and that none takes another down."""

import errno

import numpy as np
import pytest
from PIL import Image

from hdvg.errors import InputError
from vfsr import upscale_path
from vfsr.film.encoding import EncodeConfig
from vfsr.frame_upscaler import UpscalingConfig
from vfsr.upscale_path import Job, plan_folder, upscale_folder, upscale_one


@pytest.fixture
def job(plain):
    def make(existing="refuse"):
        return Job(
            network=plain, upscaling=UpscalingConfig(), encode=EncodeConfig(), existing=existing
        )

    return make


def ignore(done, total):
    """Takes no notice."""


@pytest.fixture
def folder(render_film, tmp_path):
    root = tmp_path / "in"
    (root / "deep").mkdir(parents=True)
    render_film(root / "a.mp4", [0, 1200, 2400], (32, 32))
    render_film(root / "deep/b.avi", [0, 1200], (32, 32), codec="ffv1")
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(root / "c.PNG")
    (root / "broken.mkv").write_bytes(b"no film")
    (root / "lying.jpg").write_text("<html>")
    (root / "notes.txt").write_text("hello")
    (root / ".hidden.mp4").write_bytes(b"no film either")
    return root


def test_each_file_has_its_outcome(folder, job, tmp_path):
    target = tmp_path / "out"
    plan = plan_folder(folder, target)
    outcomes = {o.source.name: o for o in upscale_folder(plan, job(), ignore)}
    assert {name: (o.status, o.frames) for name, o in outcomes.items()} == {
        "a.mp4": ("done", 3),
        "b.avi": ("done", 2),
        "c.PNG": ("done", 1),
        "broken.mkv": ("failed", 0),
        "lying.jpg": ("failed", 0),
        "notes.txt": ("left out", 0),
    }
    assert "not a readable video" in outcomes["broken.mkv"].message
    assert "lying.jpg is no picture" in outcomes["lying.jpg"].message
    made = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert made == {"a.mp4", "deep/b.mkv", "c.PNG"}
    again = [o.status for o in upscale_folder(plan, job("resume"), ignore)]
    assert sorted(again) == ["failed", "failed", "left out", "was there", "was there", "was there"]


def test_an_error_of_ours_is_one_files_outcome_but_a_full_disk_ends_all(
    folder, job, tmp_path, monkeypatch
):
    plan = plan_folder(folder, tmp_path / "out")

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(upscale_path, "upscale_one", fail)
    error = ZeroDivisionError("strange")
    outcomes = list(upscale_folder(plan, job(), ignore))
    assert [o.status for o in outcomes].count("failed") == 5
    assert outcomes[0].message == "ZeroDivisionError: strange"
    error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space"):
        list(upscale_folder(plan, job(), ignore))


def test_folders_in_each_other_and_two_of_a_name_are_refused(folder, tmp_path):
    for target in (folder, folder / "deep", folder / "new/one"):
        with pytest.raises(InputError, match="lies in the input folder"):
            plan_folder(folder, target)
    (folder / "deep/b.flv").write_bytes(b"")
    with pytest.raises(InputError, match=r"b\.avi and .*b\.flv would both become .*b\.mkv"):
        plan_folder(folder, tmp_path / "out")


def test_single_files_are_told_apart_by_content(folder, job, tmp_path):
    for source, target, message in (
        ("a.mp4", "a.png", "is no picture"),
        ("c.PNG", "c.mp4", "is a picture; write .png"),
        ("none.mp4", "a.mp4", "neither a file nor a folder"),
    ):
        with pytest.raises(InputError, match=message):
            upscale_one(folder / source, tmp_path / target, job(), ignore)
    with pytest.raises(InputError, match="would replace the input"):
        upscale_one(folder / "c.PNG", folder / "c.PNG", job("overwrite"), ignore)
    assert upscale_one(folder / "c.PNG", tmp_path / "c.png", job(), ignore).status == "done"
    with pytest.raises(InputError, match=r"c\.png exists; --overwrite"):
        upscale_one(folder / "c.PNG", tmp_path / "c.png", job(), ignore)
