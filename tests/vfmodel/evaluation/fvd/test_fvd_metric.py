"""The metric against the distance of all features at once, in every way that clips can come in."""

import json
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import distributed, multiprocessing, nn
from torch.utils.data import DataLoader

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork
from vfmodel.evaluation.fvd.feature_set import FeatureSet
from vfmodel.evaluation.fvd.frechet import frechet_of_features
from vfmodel.evaluation.fvd.fvd_metric import FVD, FVDConfig
from vfmodel.evaluation.pixels.flicker import Flicker

HEIGHT, WIDTH = 6, 8


class Projection(nn.Module):
    """Random weights over all pixels of the first frames, and how much follows."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3 * HEIGHT * WIDTH, 5)

    def forward(self, clips):
        return self.linear(clips[:, :, 0].flatten(1)) + clips.diff(dim=2).abs().mean()


def build_network(name="projection"):
    torch.manual_seed(0)
    return FeatureNetwork(
        figure="FVD[projection]",
        name=name,
        sha256="0" * 64,
        num_features=5,
        min_frames=2,
        height=HEIGHT,
        width=WIDTH,
        network=Projection().eval(),
    )


def clips(seed, count, high=256):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randint(high, (3, 3, HEIGHT, WIDTH), generator=generator, dtype=torch.uint8)
        for _ in range(count)
    ]


MADE, REAL = clips(0, 24, 200), clips(1, 24)


def fill(metric, made, real):
    for clip in made:
        metric.update(clip, "a prompt")
    for clip in real:
        metric.update(clip, real=True)
    return metric


def assert_alike(first, second):
    """Equal in everything, in numbers up to the order of sums."""
    flat = [pytest.approx(value, rel=1e-9) for value in _numbers(second)]
    assert _numbers(first) == flat
    others = {"value": 0.0, "low": 0.0, "high": 0.0}
    plain = [
        replace(one, **others, details={**one.details, "at_infinite_n": 0.0})
        for one in (first, second)
    ]
    assert plain[0] == plain[1]


def _numbers(result):
    return [result.value, result.low, result.high, result.details["at_infinite_n"]]


def extracted(network, videos):
    return torch.stack([network.extract(video) for video in videos])


def test_the_figure_is_the_distance_of_all_features_at_once():
    network = build_network()
    metric = fill(FVD(network), MADE, REAL)
    wanted = frechet_of_features(extracted(network, MADE), extracted(network, REAL))
    result = metric.result()
    assert result.value == pytest.approx(wanted, rel=1e-6)
    assert float(metric.compute()) == pytest.approx(wanted, rel=1e-6)
    assert result.low < result.value < result.high
    assert (result.name, result.num_samples) == ("FVD[projection]", 24)
    assert result.details["num_real"] == 24
    assert result.details["num_frames"] == [3, 3]
    assert result.details["fit"] == ["resize 6x8 bilinear antialias"]
    assert result.details["at_infinite_n"] < result.value
    assert json.loads(json.dumps(result.to_json()))["details"]["network_sha256"] == "0" * 64


def test_moments_alone_give_the_same_figure_and_keep_no_features():
    whole = fill(FVD(build_network()), MADE, REAL)
    lean = fill(FVD(build_network(), FVDConfig(num_resamples=0)), MADE, REAL)
    assert lean.result().value == whole.result().value
    assert (lean.result().low, lean.result().details["at_infinite_n"]) == (None, None)
    assert lean.features == lean.real_features == []


def test_merged_parts_in_any_order_are_the_whole():
    network = build_network()
    whole = fill(FVD(network), MADE, REAL).result()
    parts = [
        fill(FVD(network), MADE[16:], []),
        fill(FVD(network), MADE[:3], REAL[20:]),
        fill(FVD(network), MADE[3:16], REAL[:20]),
    ]
    for part in parts[1:]:
        parts[0].merge_state(part)
    merged = parts[0].result()
    assert_alike(merged, whole)


def test_real_videos_are_looked_at_once(tmp_path):
    network = build_network()
    whole = fill(FVD(network), MADE, REAL)
    whole.feature_set(real=True).save(tmp_path / "real.safetensors")
    real = FeatureSet.load(tmp_path / "real.safetensors")
    later = fill(FVD(network, real=real), MADE, [])
    assert_alike(later.result(), whole.result())
    with pytest.raises(InputError, match="real videos are given"):
        later.update(REAL[0], real=True)
    with pytest.raises(InputError, match=r"were made with .*projection.* not .*another"):
        FVD(build_network("another"), real=real)
    with pytest.raises(InputError, match="were made with"):
        FVD(network, FVDConfig(fit=("resize 6x8 bilinear",)), real=real)


def test_figures_of_different_numbers_are_refused_unless_asked_for():
    metric = fill(FVD(build_network()), MADE, REAL[:20])
    with pytest.raises(InputError, match=r"of 24 generated and 20 real videos"):
        metric.result()
    with pytest.raises(InputError, match="allow_unequal"):
        metric.compute()
    asked = fill(FVD(build_network(), FVDConfig(allow_unequal=True)), MADE, REAL[:20])
    assert (asked.result().num_samples, asked.result().details["num_real"]) == (24, 20)


def test_videos_of_different_lengths_or_none_are_refused():
    network = build_network()
    metric = fill(FVD(network), [*MADE[:3], MADE[3][:2]], REAL[:4])
    with pytest.raises(InputError, match="of videos of 2 to 3 frames"):
        metric.result()
    longer = fill(FVD(network), [clip[:2] for clip in MADE], REAL)
    with pytest.raises(InputError, match="of videos of 2 to 3 frames"):
        fill(FVD(network, real=longer.feature_set()), MADE, []).result()
    with pytest.raises(InputError, match=r"FVD\[projection\] needs at least 2 videos, got 0"):
        fill(FVD(network), [], REAL).result()
    with pytest.raises(InputError, match=r"\(real\) needs at least 2 videos, got 1"):
        fill(FVD(network), MADE, REAL[:1]).result()
    with pytest.raises(InputError, match="needs at least 1 videos, got 0"):
        FVD(network).feature_set()


def test_frames_come_to_the_networks_size_as_the_config_says():
    large = torch.randint(256, (3, 3, 12, 20), dtype=torch.uint8)
    metric = FVD(build_network(), FVDConfig(fit=("crop 6x8",)))
    metric.update(large)
    cut = large[..., 3:9, 6:14]
    assert metric.feature_set(real=False).features[0].equal(metric.network.extract(cut))
    with pytest.raises(InputError, match="takes frames of 6x8, got 3x4"):
        FVD(build_network(), FVDConfig(fit=("crop 3x4",))).update(large)


def test_wrong_settings_are_refused():
    with pytest.raises(InputError, match="num_resamples must be at least 0, got -1"):
        FVDConfig(num_resamples=-1)
    with pytest.raises(InputError, match="squeeze"):
        FVDConfig(fit=("squeeze 6x8",))


class Validation(LightningModule):
    """A training whose validation takes two metrics; a batch is one generated and one real clip."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.fvd, self.flicker = FVD(build_network()), Flicker()

    def validation_step(self, batch, batch_idx):
        made, real = batch
        self.fvd.update(made[0])
        self.fvd.update(real[0], real=True)
        self.flicker.update(made[0])
        self.log("val/fvd", self.fvd, on_epoch=True)
        self.log("val/flicker", self.flicker, on_epoch=True)


def test_it_is_logged_in_a_trainings_validation_and_starts_anew_each_time():
    module = Validation()
    loader = DataLoader(list(zip(MADE, REAL, strict=True)), batch_size=1)
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False
    )
    wanted = fill(FVD(build_network()), MADE, REAL).result().value
    for _ in range(2):
        [found] = trainer.validate(module, loader, verbose=False)
        assert found["val/fvd"] == pytest.approx(wanted, rel=1e-6)
    assert found["val/flicker"] > 0
    assert list(module.state_dict()) == ["weight"]  # checkpoints hold no network of features


def _measure_as(rank, folder):
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    made = MADE[:17] if rank == 0 else MADE[17:]
    real = [] if rank == 0 else REAL  # one of them sees no real video
    metric = fill(FVD(build_network()), made, real)
    torch.save((metric.result(), metric.compute(), len(metric.features)), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_have_the_result_of_one(tmp_path):
    multiprocessing.start_processes(_measure_as, (str(tmp_path),), nprocs=2, start_method="fork")
    alone = fill(FVD(build_network()), MADE, REAL).result()
    for rank, kept in ((0, 17), (1, 7)):
        result, figure, count = torch.load(tmp_path / f"{rank}.pt", weights_only=False)
        assert_alike(result, alone)
        assert float(figure) == pytest.approx(alone.value, rel=1e-6)
        assert count == kept
