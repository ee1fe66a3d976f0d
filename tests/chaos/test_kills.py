"""Whatever is killed, the same command ends with the same bytes as if nothing had happened."""

import contextlib
import os
import random
import signal
import time

import psutil
import pytest

from hdvg.dataset_folder import open_dataset
from hdvg.verify import verify


def _num_commits(root):
    return len(list((root / "commits/build").glob("*.json")))


def _family(process):
    """A process and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    return []


def _is_worker(process):
    """Whether it runs our code for Ray: a task, an actor, or waiting for one."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.name().startswith(("ray::IDLE", "ray::Map", "ray::_Ledger", "ray::LocalG"))
    return False


def _is_agent(process):
    """Whether it is one of Ray's two agents, which take a minute to see that Ray is gone; the slow
    tests wait for them too."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.name().startswith(("ray::Dashboard", "ray::RuntimeEnv"))
    return False


def _kill(process, target, rng):
    """Kills a worker, one of Ray's own processes, the driver, or the driver's whole group."""
    if target in ("worker", "ray"):
        family = _family(process)[1:]
        workers = [p for p in family if target == "ray" or _is_worker(p)]
        if workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                rng.choice(workers).kill()
    elif target == "driver":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _check_same(root, undisturbed, content, scratch):
    assert content(root) == content(undisturbed)
    storage, _ = open_dataset(root)
    assert verify(storage, deep=True, num_sampled=4, seed=0).damage == []
    assert not list((scratch / f"hdvg-{os.getuid()}").glob("*"))


def _ask_to_end(process, check_gone, scratch):
    """One quiet line, and nothing is left running or lying about."""
    family = _family(process)
    process.terminate()
    assert process.wait(timeout=120) == 143
    lines = process.log.read_text().splitlines()
    assert lines[-1] == "terminated"
    assert all(line.startswith("hdvg build: ") for line in lines[:-1]), lines
    check_gone(family)
    assert not list((scratch / f"hdvg-{os.getuid()}").glob("*"))


def test_killed_asked_to_end_and_resumed_it_is_the_same_dataset(
    films, undisturbed, build_call, content, start, wait_until, check_gone, scratch, tmp_path
):
    root = tmp_path / "data"
    first = start(build_call(films, root))
    wait_until(lambda: _num_commits(root) or first.poll() is not None, "no commit")
    family = [p for p in _family(first) if not _is_agent(p)]
    first.kill()
    first.wait()
    check_gone(family)
    before = {p: p.stat().st_mtime_ns for p in (root / "commits/build").glob("*.json")}
    assert 0 < len(before) < _num_commits(undisturbed)
    (root / "media/.u00009.tar.1.partial").touch()
    (root / "media/u00004-r1.tar").touch()

    second = start(build_call(films, root))
    wait_until(lambda: _num_commits(root) > len(before) or second.poll() is not None, "no commit")
    _ask_to_end(second, check_gone, scratch)
    assert not list(root.rglob("*.partial"))

    third = start(build_call(films, root))
    wait_until(lambda: any(map(_is_worker, _family(third))), "no worker")
    time.sleep(1)
    _kill(third, "worker", random.Random(0))
    assert third.wait(timeout=240) == 0, third.log.read_text()
    # What was committed before the kill is not made again.
    assert {p: p.stat().st_mtime_ns for p in before} == before
    _check_same(root, undisturbed, content, scratch)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("target", ["worker", "ray", "driver", "group"])
def test_killed_at_random_again_and_again(
    target,
    seed,
    films,
    undisturbed,
    build_call,
    content,
    start,
    check_gone,
    scratch,
    tmp_path,
):
    rng = random.Random(f"{target}{seed}")
    root = tmp_path / "data"
    for _ in range(4):
        process = start(build_call(films, root))
        time.sleep(rng.uniform(1.0, 14.0))
        family = _family(process)
        _kill(process, target, rng)
        code = process.wait(timeout=240)
        check_gone(family)
        if code == 0:
            break
    last = start(build_call(films, root))
    assert last.wait(timeout=240) == 0, last.log.read_text()
    _check_same(root, undisturbed, content, scratch)
