"""The training step, and the promise that a resumed run equals an undisturbed one, bit for bit."""

import math

import pytest
import torch
from lightning.pytorch import Trainer

from hdvg.errors import InputError
from vfmodel.data import ClipConfig, ClipDataModule
from vfmodel.ema import EMA
from vfmodel.run_folder import LastCheckpoint
from vfmodel.swap_attention import SwapCrossAttention
from vfmodel.training import OptimiserConfig, VideoDiffusion, drop_captions

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


def fit(model, folder, max_steps, *, resume=False, data="shapes:5", cached_windows=0, **options):
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
    data = ClipDataModule(
        data, CLIP, batch_size=2, num_workers=0, cached_windows=cached_windows, seed=1
    )
    trainer.fit(model, data, ckpt_path=checkpoint if resume else None, weights_only=True)
    return trainer, ema


def equal(first, second):
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "options", [{}, {"accumulate_grad_batches": 2}, {"cached_windows": 2}], ids=str
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


def test_the_loss_of_one_clip_falls(tiny_base, tiny_unet, tmp_path):
    fast = OptimiserConfig(lr=2e-2, warmup_steps=5)
    model = Spy(tiny_unet, base=tiny_base, optimiser=fast, caption_dropout=0.0)
    fit(model, tmp_path, 80, data="shapes:1", cached_windows=1)
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


def test_captions_are_dropped_at_the_asked_rate():
    generator = torch.Generator().manual_seed(0)
    dropped = drop_captions(20_000, 0.1, generator).double().mean().item()
    assert abs(dropped - 0.1) < 4 * math.sqrt(0.1 * 0.9 / 20_000)
    assert not drop_captions(100, 0.0, generator).any()
    assert drop_captions(100, 1.0, generator).all()


def test_a_dropped_caption_is_the_null_prompt(tiny_base, tiny_unet):
    model = make(tiny_base, tiny_unet, caption_dropout=1.0)
    text = model.text_of(["a red circle", "a star"], torch.Generator().manual_seed(0))
    assert torch.equal(text, model.text_encoder.encode(["", ""]))


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
