"""A server that is gone for a while: what failed is retried, and nothing else is touched."""

import contextlib
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD
from hdvg.dataset_folder import open_dataset
from hdvg.shards import read_member
from hdvg.verify import verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def _serve(folder, port):
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _facts(root):
    """Everything that tables and shards say, apart from where in which shard a clip lies."""
    catalogue = Catalogue(open_dataset(root)[0])
    clips = catalogue.table("clips").to_pylist()
    for row in clips:
        names = ("shard", "offset", "nbytes", "sha256")
        row["payload"] = read_member(catalogue.storage, *(row.pop(name) for name in names))
    return {
        "videos": catalogue.table("videos").to_pylist(),
        "clips": clips,
        "captions": catalogue.family("captions", "alt_text").to_pylist(),
        "scores": catalogue.family("scores", "scan").to_pylist(),
    }


def test_after_an_outage_a_retry_gives_what_would_have_been(
    films, build_call, start, wait_until, tmp_path
):
    urls = tmp_path / "urls.txt"
    quick = ("--download.retries=0", "--download.timeout_s=5")
    root = tmp_path / "data"
    with _serve(films, 0) as port:
        names = sorted(path.name for path in films.iterdir())
        urls.write_text("".join(f"http://127.0.0.1:{port}/{name}\n" for name in names))
        whole = build_call(urls, tmp_path / "whole", *quick)
        done = subprocess.run(whole, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        process = start(build_call(urls, root, *quick))
        wait_until(
            lambda: list((root / "commits/build").glob("*")) or process.poll() is not None,
            "no commit",
        )
    assert process.wait(timeout=240) == 0, process.log.read_text()
    storage, _ = open_dataset(root)
    before = Catalogue(storage)
    failed = [r for r in before.table("videos").to_pylist() if r["status"] != "ok"]
    assert failed
    lost = {row["video_id"] for row in failed}
    touched = {
        unit
        for unit in before.units(BUILD)
        if lost & set(before.table("videos", unit)["video_id"].to_pylist())
    }
    assert {row["fail_class"] for row in failed} == {"transient"}
    assert verify(storage, deep=True, num_sampled=0, seed=0).damage == []

    # Still down: a retry that fails again keeps one row a video.
    again = build_call(urls, root, *quick, "--retry=transient")
    done = subprocess.run(again, capture_output=True, text=True, timeout=240)
    assert f"tried again: {len(failed)} failed videos, 0 of them" in done.stdout, done.stderr
    assert len(Catalogue(storage).table("videos")) == len(names)

    with _serve(films, port):
        done = subprocess.run(again, capture_output=True, text=True, timeout=240)
    text = f"tried again: {len(failed)} failed videos, {len(failed)} of them"
    assert text in done.stdout, done.stderr
    assert _facts(root) == _facts(tmp_path / "whole")
    assert verify(storage, deep=True, num_sampled=4, seed=0).damage == []
    # Units without a failure, and shards, are what they were.
    after = Catalogue(storage)
    for unit, commit in before.commits[BUILD].items():
        new = after.commits[BUILD][unit]
        if unit not in touched:
            assert new == commit
        shards = {r for r in commit.files if r.name.startswith("media/")}
        assert shards <= set(new.files)
