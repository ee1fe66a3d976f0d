"""Who works on a pass: plans by hand, work whose every step is known, and real Ray actors."""

import os

import pytest

from hdvg.claim import claim
from hdvg.cluster import ray_session
from hdvg.errors import InputError
from hdvg.family_workers import (
    Job,
    Workforce,
    check_outcome,
    list_nodes,
    plan_workforce,
    try_unit,
    work_here,
    work_on_ray,
)
from hdvg.make_unit import AbandonedError


@pytest.mark.parametrize(
    ("device", "nodes", "units", "wanted"),
    [
        ("cpu", [{"CPU": 2.0}], 9, (1, 2, 0)),
        ("cpu", [{"CPU": 16.0}], 9, (2, 8, 0)),
        ("cpu", [{"CPU": 64.0}], 3, (3, 8, 0)),
        ("cpu", [{"CPU": 4.0}, {"CPU": 12.0}, {"memory": 1.0}], 9, (4, 4, 0)),
        ("cuda", [{"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0, "GPU": 1.0}], 9, (3, 1, 1)),
        ("cuda", [{"CPU": 96.0, "GPU": 8.0}], 5, (5, 1, 1)),
    ],
)
def test_workforce(device, nodes, units, wanted):
    count, cpus, gpus = wanted
    assert plan_workforce(device, nodes, units) == Workforce(count=count, cpus=cpus, gpus=gpus)


def test_a_gpu_that_is_not_there_is_an_input_error():
    with pytest.raises(InputError, match="no GPU"):
        plan_workforce("cuda", [{"CPU": 8.0}], 1)


def test_this_machine_is_one_node_with_cpus():
    [node] = list_nodes(None)
    assert node["CPU"] >= 1


def _prepare(failing=""):
    """Work that reads the unit's commit and writes down who did it; travels by value."""

    def work(storage, unit, wanted):
        if unit == failing:
            raise InputError(f"{unit} is odd")
        if not wanted():
            raise AbandonedError(unit)
        nbytes = storage.size(f"commits/build/{unit}.json")
        storage.write_bytes(f"media/{unit}-by", str(os.getpid()).encode())
        return {"nbytes": nbytes}

    return lambda: work


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def _job(storage, owner, failing=""):
    return Job(root=storage.root, owner=owner, prepare=_prepare(failing), doing="testing")


def test_one_worker_does_all_units_in_turn(storage):
    with claim(storage) as owner:
        outcomes = list(work_here(_job(storage, owner), ["u00001", "u00000"]))
    sizes = {unit: storage.size(f"commits/build/{unit}.json") for unit in ("u00001", "u00000")}
    assert {row["unit"]: row["nbytes"] for row in outcomes} == sizes
    assert [row["unit"] for row in outcomes] == ["u00001", "u00000"]


def test_trouble_ends_the_run_by_name(storage):
    with claim(storage) as owner:
        outcomes = work_here(_job(storage, owner, failing="u00001"), ["u00000", "u00001"])
        assert next(outcomes)["unit"] == "u00000"
        with pytest.raises(InputError, match="testing stopped at unit u00001: u00001 is odd"):
            next(outcomes)


def test_a_missing_file_is_trouble_and_a_bug_is_not(storage):
    with claim(storage) as owner:
        work = _prepare()()
        assert "u9" in try_unit(storage, "u9", owner, work)["trouble"]
        with pytest.raises(ZeroDivisionError):
            try_unit(storage, "u00000", owner, lambda *_: 1 // 0)


def test_a_worker_that_outlives_its_run_does_nothing(storage):
    with claim(storage) as owner:
        pass
    outcome = try_unit(storage, "u00000", owner, _prepare()())
    with pytest.raises(InputError, match="run that asked for it has ended"):
        check_outcome(outcome, "testing")
    assert not storage.exists("media/u00000-by")


@pytest.mark.slow  # a Ray session and two processes
def test_two_actors_do_what_one_process_does(storage):
    units = ["u00000", "u00001"]
    with claim(storage) as owner, ray_session("", 2) as ray:
        here = list(work_here(_job(storage, owner), units))
        force = Workforce(count=2, cpus=1, gpus=0)
        there = list(work_on_ray(ray, _job(storage, owner), units, force))
        with pytest.raises(InputError, match="u00001 is odd"):
            list(work_on_ray(ray, _job(storage, owner, failing="u00001"), units, force))
    assert sorted(there, key=lambda row: row["unit"]) == here
    pids = {storage.read_bytes(f"media/{unit}-by") for unit in units}
    assert str(os.getpid()).encode() not in pids
