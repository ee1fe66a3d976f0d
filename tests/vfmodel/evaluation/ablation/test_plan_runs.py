"""What is equal among runs, and what is not; and the plan that ships."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hdvg.errors import InputError
from vfmodel.evaluation.ablate_command import parse_words
from vfmodel.evaluation.ablation.ablation_config import AblationConfig
from vfmodel.evaluation.ablation.plan_runs import merge, plan_runs

ROOT = Path(__file__).parents[4]


@pytest.fixture
def shipped(monkeypatch):
    monkeypatch.chdir(ROOT)
    config, _ = parse_words(["--config", "configs/ablation/mini.yaml"])
    return config


def test_merging_goes_deep_and_replaces_lists():
    below = {"a": {"b": 1, "c": [1, 2]}, "d": 3}
    assert merge(below, {"a": {"c": []}, "e": {"f": 4}}) == {
        "a": {"b": 1, "c": []},
        "d": 3,
        "e": {"f": 4},
    }
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": 3}


def test_the_papers_rows(shipped):
    assert list(shipped.tables["ablation"]) == [
        "addition",
        "fusion",
        "temporal_query",
        "spatial_query",
        "swapped_global",
        "swapped_windows",
    ]
    assert len(shipped.seeds) >= 3
    assert len(plan_runs(shipped)) == 21


def test_runs_of_a_seed_differ_in_their_variant_alone(shipped):
    runs = plan_runs(shipped)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)
    for run in runs:
        settings = {key: value for key, value in run.settings.items() if key != "run"}
        assert settings["model"]["seed"] == settings["data"]["seed"] == run.seed
        assert settings["model"]["init_from"] == str(run.folder / "start")
        other = next(r for r in runs if r.seed == run.seed)
        assert run.settings["trainer"] == other.settings["trainer"]
        if run.variant != "stock_alone":
            assert run.settings["data"] == other.settings["data"]
    assert len({run.folder for run in runs}) == 21


def sources_of(data):
    return [{"root": data["root"], "weight": 1.0, "clip": data["clip"]}, *data["joined"]]


def count_scenes(data):
    """By frames of a clip, how many scenes there are, and their share of the batches."""
    found = {}
    for source in sources_of(data):
        frames = source.get("clip", data["clip"])["num_frames"]
        count, weight = found.get(frames, (0, 0.0))
        found[frames] = (count + int(source["root"].split(":")[1]), weight + source["weight"])
    total = sum(weight for _, weight in found.values())
    return {frames: (count, weight / total) for frames, (count, weight) in found.items()}


def test_as_many_clips_of_stock_alone_as_of_both(shipped):
    by_name = {run.variant: run.settings["data"] for run in plan_runs(shipped)}
    both, alone = by_name["swapped_windows"], by_name["stock_alone"]
    assert {source["root"].split(":")[0] for source in sources_of(alone)} == {"stock_shapes"}
    for frames, (count, share) in count_scenes(both).items():
        assert count_scenes(alone)[frames] == (count, pytest.approx(share, abs=0.005))


@pytest.mark.parametrize("change", [{"trainer": {"max_steps": 9}}, {"data": {"batch_size": 8}}])
def test_a_variant_that_trains_more_is_refused(shipped, change):
    variants = {**shipped.variants, "more": {"fit": change}}
    with pytest.raises(InputError, match="variant 'more' changes"):
        plan_runs(replace(shipped, variants=variants))


def test_a_shared_config_that_is_none_is_named(tmp_path):
    config = AblationConfig(variants={"a": {}}, fit=str(tmp_path / "x.yaml"))
    with pytest.raises(InputError, match=r"cannot read the shared config .*x\.yaml"):
        plan_runs(config)
    (tmp_path / "x.yaml").write_text(yaml.safe_dump([1]))
    with pytest.raises(InputError, match="is no mapping"):
        plan_runs(config)
