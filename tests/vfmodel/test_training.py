"""The training step, and the promise that a resumed run equals an undisturbed one, bit for bit."""

from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Trainer

from hdvg.errors import InputError
from vfmodel.data import ClipConfig, ClipDataModule, SourceConfig
from vfmodel.ema import EMA
from vfmodel.run_folder import LastCheckpoint
from vfmodel.swap_attention import SwapCrossAttention
from vfmodel.training import OptimiserConfig, VideoDiffusion

CLIP = ClipConfig(num_frames=3, height=16, width=24)
FAST = OptimiserConfig(lr=3e-3, warmup_steps=2, total_steps=20)


class Spy(VideoDiffusion):
    """Notes the clips and the loss of every step."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.seen = []
        self.losses = []

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.seen.append(batch["clip_id"])
        self.losses.append(loss.item())
        return loss


def make(tiny_base, tiny_unet, **settings):
    return Spy(tiny_unet, base=tiny_base, optimiser=FAST, **settings)


def fit(model, folder, max_steps, *, resume=False, data="shapes:5", reads=None, **options):
    checkpoint = folder / "last.ckpt"
    ema = EMA(0.9)
    trainer = Trainer(
        max_steps=max_steps,
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        callbacks=[ema, LastCheckpoint(checkpoint, every_n_steps=100)],
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
        **options,
    )
    reads = {"batch_size": 2, "num_workers": 0, "seed": 1} | (reads or {})
    data = ClipDataModule(data, **({"clip": CLIP} | reads))
    trainer.fit(model, data, ckpt_path=checkpoint if resume else None, weights_only=True)
    return trainer, ema


def equal(first, second):
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


STILLS = SourceConfig(root="shapes:4", clip=ClipConfig(num_frames=1, height=16, width=24))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"accumulate_grad_batches": 2},
        {"reads": {"cached_windows": 2}},
        {"reads": {"joined": [SourceConfig(root="shapes:4", weight=2.0), STILLS]}},
    ],
    ids=["plain", "accumulating", "cached", "joint"],
)
def test_n_plus_m_steps_equal_n_then_a_restart_then_m(tiny_base, tiny_unet, tmp_path, options):
    settings = {"swap_start_step": 2, "caption_dropout": 0.5}
    whole = make(tiny_base, tiny_unet, **settings)
    whole_trainer, whole_ema = fit(whole, tmp_path / "whole", 5, **options)
    fit(make(tiny_base, tiny_unet, **settings), tmp_path / "parts", 3, **options)
    torch.manual_seed(99)  # whatever happened in between must not matter
    rest = make(tiny_base, tiny_unet, **settings)
    rest_trainer, rest_ema = fit(rest, tmp_path / "parts", 5, resume=True, **options)
    assert rest.seen == whole.seen[-len(rest.seen) :]
    assert rest.losses == whole.losses[-len(rest.losses) :]
    assert len(rest.seen) == 2 * options.get("accumulate_grad_batches", 1)
    assert equal(rest.state_dict(), whole.state_dict())
    assert equal(rest_ema.average(), whole_ema.average())
    for a, b in zip(
        rest_trainer.optimizers[0].state_dict()["state"].values(),
        whole_trainer.optimizers[0].state_dict()["state"].values(),
        strict=True,
    ):
        assert equal(a, b)
    a, b = (t.optimizers[0].param_groups[0]["lr"] for t in (rest_trainer, whole_trainer))
    assert a == b


class Descent(Spy):
    """Plain gradient descent: its weights differ by no more than the gradients do."""

    def configure_optimizers(self):
        return torch.optim.SGD(self.unet.parameters(), lr=0.05)


def test_gradients_accumulated_over_k_batches_are_those_of_one_k_times_as_large(
    tiny_base, tiny_unet, tmp_path
):
    ends = []
    for batch_size, accumulate in ((6, 1), (2, 3), (3, 2)):
        model = Descent(tiny_unet, base=tiny_base, caption_dropout=0.5)
        reads = {"batch_size": batch_size}
        options = {"reads": reads, "accumulate_grad_batches": accumulate}
        fit(model, tmp_path / str(batch_size), 3, **options)
        ends.append((sorted(clip for batch in model.seen for clip in batch), model.state_dict()))
    started = Descent(tiny_unet, base=tiny_base).state_dict()
    assert any((ends[0][1][name] - started[name]).abs().max() > 1e-3 for name in started)
    for seen, weights in ends[1:]:
        assert seen == ends[0][0]
        for name, value in weights.items():
            torch.testing.assert_close(value, ends[0][1][name], atol=2e-6, rtol=1e-4)


def test_still_images_train_the_spatial_half_alone(tiny_base, tiny_unet, tmp_path):
    model = Descent(tiny_unet, base=tiny_base)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, tmp_path, 2, reads={"joined": [STILLS]})
    both = {name: value.clone() for name, value in model.state_dict().items()}
    assert any(not torch.equal(both[name], before[name]) for name in before if "temp_" in name)
    alone = Descent(tiny_unet, base=tiny_base)
    still = ClipConfig(num_frames=1, height=16, width=24)
    trainer, _ = fit(alone, tmp_path / "alone", 2, reads={"clip": still, "batch_size": 3})
    after = alone.state_dict()
    video = ("temp_", "swap", "frame_embedding", "entry_attention")
    for name, value in after.items():
        is_temporal = any(part in name for part in video)
        assert torch.equal(value, before[name]) or not is_temporal, name
    assert any(not torch.equal(after[name], before[name]) for name in after)
    # They stay in the graph all the same, as DistributedDataParallel wants it.
    assert trainer.global_step == 2
    assert all(parameter.grad is not None for parameter in alone.unet.parameters())


def test_a_loss_that_is_not_finite_stops_the_run_by_name(tiny_base, tiny_unet, tmp_path):
    model = make(tiny_base, tiny_unet)
    torch.nn.init.constant_(model.unet.conv_out.bias, float("nan"))
    with pytest.raises(InputError, match=r"the loss is nan at step 0, in the clips shapes-1-\d, "):
        fit(model, tmp_path, 2)
    assert not (tmp_path / "last.ckpt").exists()


def test_the_rate_of_each_clip_reaches_the_network(tiny_base, tiny_unet, tmp_path):
    told = replace(tiny_unet, fps_conditioning=True)
    model = make(tiny_base, told)
    asked = []
    model.unet.register_forward_pre_hook(
        lambda _, __, given: asked.append(sorted(given["fps"].tolist())), with_kwargs=True
    )
    slow = ClipConfig(num_frames=3, fps=2.0, height=16, width=24)
    fit(model, tmp_path, 2, reads={"joined": [SourceConfig(root="shapes:4", clip=slow)]})
    assert sorted(asked) == [[2.0, 2.0], [8.0, 8.0]]
    assert model.unet.fps_embedding.linear_2.weight.any()


def test_the_loss_of_one_clip_falls(tiny_base, tiny_unet, tmp_path):
    fast = OptimiserConfig(lr=2e-2, warmup_steps=5)
    model = Spy(tiny_unet, base=tiny_base, optimiser=fast, caption_dropout=0.0)
    fit(model, tmp_path, 80, data="shapes:1", reads={"cached_windows": 1})
    first, last = sum(model.losses[:10]), sum(model.losses[-10:])
    assert last < 0.85 * first


def test_addition_comes_first_and_the_switch_to_swap_changes_nothing_yet(
    tiny_base, tiny_unet, tmp_path
):
    model = make(tiny_base, tiny_unet, swap_start_step=2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, tmp_path, 2)
    assert not model.unet.swap_active
    after = model.state_dict()
    outputs = [
        module.proj_out for module in model.unet.modules() if isinstance(module, SwapCrossAttention)
    ]
    assert outputs
    assert all(not parameter.any() for out in outputs for parameter in out.parameters())
    assert any(not torch.equal(after[name], before[name]) for name in before)
    # Every parameter took part in the graph, also those that were switched off.
    assert all(parameter.grad is not None for parameter in model.unet.parameters())
    fit(model, tmp_path / "on", 3)
    assert model.unet.swap_active


def test_frozen_parts_stay_out_of_weights_and_checkpoints(tiny_base, tiny_unet, tmp_path):
    model = make(tiny_base, tiny_unet)
    fit(model, tmp_path, 1)
    content = torch.load(tmp_path / "last.ckpt", weights_only=True)
    names = {*content["state_dict"], *content["current_model_state"], *model.state_dict()}
    assert {name.split(".")[0] for name in names} == {"unet"}
    assert not any(p.grad is not None for p in model.autoencoder.vae.parameters())


def test_a_dropped_caption_is_the_null_prompt(tiny_base, tiny_unet):
    model = make(tiny_base, tiny_unet, caption_dropout=1.0)
    text = model.text_of(["a red circle", "a star"], torch.tensor([True, False]))
    assert torch.equal(text, model.text_encoder.encode(["", "a star"]))


def test_the_learning_rate_rises_then_falls_as_a_half_cosine():
    config = OptimiserConfig(warmup_steps=10, total_steps=110)
    assert [config.factor(s) for s in (0, 4, 9)] == [0.1, 0.5, 1.0]
    assert config.factor(60) == pytest.approx(0.5)
    assert config.factor(110) == pytest.approx(0.0)
    assert OptimiserConfig(warmup_steps=0).factor(10**6) == 1.0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"caption_dropout": 1.5}, "1.5"),
        ({"swap_start_step": -1}, "-1"),
        ({"base": "/no/such/model"}, "/no/such/model"),
        ({"init_from": "/no/such/model"}, "/no/such/model"),
    ],
)
def test_settings_that_cannot_be_are_named(tiny_base, tiny_unet, settings, named):
    with pytest.raises(InputError, match=named):
        VideoDiffusion(tiny_unet, **({"base": tiny_base} | settings))


def test_a_unet_for_other_text_is_refused(tiny_base):
    from vfmodel.unet_config import SwapUNetConfig

    config = SwapUNetConfig(channels=(16,), num_heads=(1,), attention_levels=(True,), text_dim=24)
    with pytest.raises(InputError, match=r"text_dim is 24, but .* has 16"):
        VideoDiffusion(config, base=tiny_base)


@pytest.mark.parametrize(
    ("values", "named"),
    [({"lr": 0.0}, "lr"), ({"warmup_steps": 9, "total_steps": 9}, "total_steps 9")],
)
def test_an_optimiser_that_cannot_be_is_named(values, named):
    with pytest.raises(InputError, match=named):
        OptimiserConfig(**values)
