"""A dataset on an S3 server that the test starts: built, killed, resumed, read, purged."""

import logging
import subprocess
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer

from hdvg import ClipDataset
from hdvg.catalogue import Catalogue
from hdvg.claim import LEASE_FILE, claim, is_claimed
from hdvg.purge import purge
from hdvg.storage import Storage
from hdvg.verify import verify


@pytest.fixture(scope="module")
def bucket():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield "s3://bucket"
    server.stop()


def _hdvg(*arguments):
    command = [sys.executable, "-m", "hdvg", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def _content(storage):
    names = Catalogue(storage).files()
    return {name: storage.read_bytes(name) for name in names}


def test_a_dataset_is_verified_claimed_and_purged(bucket, write_small_dataset):
    root = f"{bucket}/small"
    storage = write_small_dataset(root)
    assert verify(storage, deep=True, num_sampled=0, seed=0).damage == []
    storage.write_bytes("media/u00009.tar", b"half")
    assert verify(storage, deep=True, num_sampled=0, seed=0).damage == [
        "media/u00009.tar: no commit names it"
    ]
    with claim(storage) as owner:
        assert is_claimed(storage, owner)
        purge(storage, ["aa"], ["ch"], "", "2026-01-31T12:00:00Z")
    assert not is_claimed(storage)
    assert verify(storage, deep=True, num_sampled=0, seed=0).damage == []
    assert Catalogue(storage).table("clips")["video_id"].to_pylist() == ["bb", "bb"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_and_resumed_it_is_the_same_dataset(
    bucket, films, undisturbed, build_call, content, start, wait_until
):
    root = f"{bucket}/deep/data"
    storage = Storage(root)
    first = start(build_call(films, root))
    wait_until(lambda: storage.list_files("commits/build") or first.poll() is not None, "no commit")
    first.kill()
    first.wait()
    before = storage.list_files("commits/build")
    assert 0 < len(before) < 5
    assert storage.exists(LEASE_FILE)
    storage.write_bytes("media/u00004-r1.tar", b"left by a killed writer")

    resumed = _hdvg(*build_call(films, root)[3:])
    assert resumed.returncode == 0, resumed.stderr
    here = content(undisturbed)
    assert _content(storage) == {k: v for k, v in here.items() if not k.startswith("plan/")}
    assert storage.read_bytes("plan/units.parquet") == here["plan/units.parquet"]
    assert not storage.exists(LEASE_FILE)
    dataset = ClipDataset(root, num_frames=2, fps=8.0, height=32, width=64)
    local = ClipDataset(undisturbed, num_frames=2, fps=8.0, height=32, width=64)
    assert (dataset[3]["video"] == local[3]["video"]).all()
    assert verify(storage, deep=True, num_sampled=4, seed=0).damage == []


def test_a_second_writer_is_refused_in_one_line(bucket, films, build_call):
    with claim(Storage(f"{bucket}/held")):
        done = _hdvg(*build_call(films, f"{bucket}/held")[3:])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "another process is at work on" in done.stderr


def test_a_bucket_that_is_missing_is_one_line_and_not_made(bucket, films, build_call):
    done = _hdvg(*build_call(films, "s3://buckett/data")[3:])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "s3://buckett/data" in done.stderr
    names = [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]]
    assert names == ["bucket"]


def test_a_store_that_does_not_answer_is_one_line(films, build_call, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    done = _hdvg(*build_call(films, "s3://bucket/data")[3:])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "s3://bucket/data" in done.stderr
