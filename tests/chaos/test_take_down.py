"""A video that was taken down does not come back, whatever is run afterwards."""

import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from hdvg.catalogue import Catalogue
from hdvg.dataset_folder import open_dataset
from hdvg.purge import purge
from hdvg.verify import verify

NOON = "2026-01-31T12:00:00Z"


def _find(root, needle):
    """Files that hold a text as bytes, or in a row of a table, which Parquet may have packed."""
    found = set()
    for path in root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += repr(pq.read_table(path).to_pylist()).encode()
            if needle.encode() in content:
                found.add(path.relative_to(root).as_posix())
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_purged_video_stays_away(films, undisturbed, build_call, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(undisturbed, root)
    storage, _ = open_dataset(root)
    clips = Catalogue(storage).table("clips").to_pylist()
    done, planned = clips[0]["video_id"], clips[-1]["video_id"]
    # The last unit is as if it had not been built yet.
    last = Catalogue(storage).units("build")[-1]
    storage.remove(f"commits/build/{last}.json")
    purge(storage, [done, planned], [], "asked for", NOON)

    command = build_call(films, root, "--retry=transient,throttled,geo,resource,internal")
    built = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert built.returncode == 0, built.stderr
    assert "2 permanent/purged" in built.stdout
    kept = [row["clip_id"] for row in clips if row["video_id"] not in (done, planned)]
    assert Catalogue(storage).table("clips")["clip_id"].to_pylist() == kept
    for row in clips:
        if row["clip_id"] not in kept:
            assert _find(root, row["clip_id"]) == set()
    for name in (done, planned):
        where = {name.split("/")[0] for name in _find(root, name)}
        assert where == {"plan", "videos", "tombstones.parquet"}
    verified = subprocess.run(
        [sys.executable, "-m", "hdvg", "verify", str(root), "--deep"],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert verified.returncode == 0, verified.stdout
    assert verify(storage, deep=True, num_sampled=99, seed=1).damage == []
