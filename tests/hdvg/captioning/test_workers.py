import pytest

from hdvg.captioning import workers
from hdvg.captioning.caption_unit import Family
from hdvg.captioning.captioner import CaptionerConfig
from hdvg.captioning.workers import (
    Job,
    Workforce,
    caption_here,
    caption_on_ray,
    list_nodes,
    plan_workforce,
)
from hdvg.catalogue import Catalogue
from hdvg.claim import claim
from hdvg.cluster import ray_session
from hdvg.errors import InputError

FAMILY = Family(name="said", source="reader", settings={"revision": "sha256:0"})


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


def _job(numbered, owner, family=FAMILY, batch_size=4):
    return Job(
        root=numbered.storage.root,
        family=family,
        captioner=CaptionerConfig().settle(has_gpu=False),
        batch_size=batch_size,
        owner=owner,
    )


@pytest.fixture
def owner(numbered):
    with claim(numbered.storage) as name:
        yield name


def test_one_captioner_works_on_all_units(numbered, owner, monkeypatch):
    monkeypatch.setattr(workers, "load_captioner", lambda config, revision: numbered.reader)
    outcomes = list(caption_here(_job(numbered, owner), ["u1", "u0"]))
    assert [(row["unit"], row["captioned"]) for row in outcomes] == [("u1", 1), ("u0", 7)]


def test_trouble_ends_the_run_by_name(numbered, owner, monkeypatch):
    monkeypatch.setattr(workers, "load_captioner", lambda config, revision: numbered.reader)
    numbered.storage.remove("keyframes/u1.tar")
    with pytest.raises(InputError, match=r"unit u1.*keyframes/u1\.tar"):
        list(caption_here(_job(numbered, owner), ["u1"]))


def test_a_captioner_that_outlives_its_run_commits_nothing(numbered, monkeypatch):
    monkeypatch.setattr(workers, "load_captioner", lambda config, revision: numbered.reader)
    with claim(numbered.storage) as owner:
        pass
    with pytest.raises(InputError, match="run that asked for it has ended"):
        list(caption_here(_job(numbered, owner), ["u0"]))
    assert Catalogue(numbered.storage).units(FAMILY.stage) == []


@pytest.mark.slow  # a Ray session and two processes that load a model
def test_two_actors_caption_what_one_process_does(numbered, owner):
    units = ["u0", "u1", "u2"]
    texts = {}
    for name in ("here", "ray"):
        family = Family(name=name, source="blip2", settings={"revision": "sha256:0"})
        job = _job(numbered, owner, family, batch_size=2)
        if name == "here":
            outcomes = list(caption_here(job, units))
        else:
            force = Workforce(count=2, cpus=1, gpus=0)
            with ray_session("", 2) as ray:
                outcomes = list(caption_on_ray(ray, job, units, force))
        assert sorted(row["captioned"] for row in outcomes) == [0, 1, 7]
        texts[name] = Catalogue(numbered.storage).family("captions", name).to_pylist()
    assert texts["ray"] == texts["here"]
    assert [row["clip_id"] for row in texts["ray"]] == list(numbered.truth)
