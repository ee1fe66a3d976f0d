"""A Ray cluster of two nodes on this machine; one of them is lost in mid-build."""

import subprocess
import sys
import time

import pytest

from hdvg.dataset_folder import open_dataset
from hdvg.verify import verify

# Ray's least object store; nothing large ever travels.
NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


@pytest.fixture
def cluster(monkeypatch, scratch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    yield made
    made.shutdown()


def _num_commits(root):
    return len(list((root / "commits/build").glob("*.json")))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_lost_node_costs_time_and_nothing_else(
    cluster, films, undisturbed, build_call, content, start, wait_until, tmp_path
):
    root = tmp_path / "data"
    second = cluster.add_node(**NODE)
    process = start(build_call(films, root, f"--address={cluster.address}"))
    wait_until(lambda: _num_commits(root) or process.poll() is not None, "no commit")
    assert _num_commits(root) < _num_commits(undisturbed), process.log.read_text()
    cluster.remove_node(second, allow_graceful=False)
    assert process.wait(timeout=300) == 0, process.log.read_text()
    assert content(root) == content(undisturbed)
    storage, _ = open_dataset(root)
    assert verify(storage, deep=True, num_sampled=4, seed=0).damage == []


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:6379", "nonsense", "auto"])
def test_an_address_that_nobody_answers_is_one_line_soon(address, films, build_call, tmp_path):
    started_s = time.monotonic()
    call = build_call(films, tmp_path / "data", f"--address={address}")
    done = subprocess.run([sys.executable, *call[1:]], capture_output=True, text=True, timeout=120)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("hdvg build: ")]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert lines[0].startswith("error: ")
    assert address in lines[0]
    if address != "auto":
        assert not (tmp_path / "data").exists()
    assert time.monotonic() - started_s < 60  # 5 s on an idle machine, where Ray takes minutes
