"""The second stage: what each player learns from, and that it leaves the other alone."""

import copy
import math
import os
import subprocess
import sys

import pytest
import torch
import yaml

from hdvg.errors import InputError
from vfsr.adversarial_training import AdversarialTraining
from vfsr.fit_command import run_fit
from vfsr.weights import load_rcan, save_rcan


@pytest.fixture
def start(small_model, tmp_path):
    return str(save_rcan(small_model, tmp_path / "first_stage"))


@pytest.fixture
def training(small_config, start):
    torch.manual_seed(0)
    stage = AdversarialTraining(rcan=small_config, init_from=start, discriminator_channels=4)
    stage.log_dict = lambda *args, **kwargs: None
    stage.manual_backward = lambda loss: loss.backward()
    mine, other = stage.configure_optimizers()
    other.optimizer = other  # as Lightning wraps it
    stage.optimizers = lambda: [mine, other]
    return stage


def state(module):
    return copy.deepcopy(module.state_dict())


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_it_starts_from_the_first_stages_average(training, small_model):
    assert equal(training.model.state_dict(), small_model.state_dict())


def test_the_adversarial_gradient_reaches_every_layer_of_the_network(training):
    result = training.model(torch.rand(2, 3, 4, 4))
    loss = training.generator_losses(result, torch.rand(2, 3, 16, 16))["adversarial"]
    loss.backward()
    assert all(p.grad.abs().sum() > 0 for p in training.model.parameters())


def test_without_it_the_step_is_another(training, batch):
    with_it, without = copy.deepcopy(training.model), copy.deepcopy(training.model)
    gradients = []
    for model, weight in ((with_it, 0.1), (without, 0.0)):
        result = model(batch["lr"] / 255)
        losses = training.generator_losses(result, batch["hr"] / 255)
        (losses["l1"] + weight * losses["adversarial"]).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert (gradients[0] - gradients[1]).norm() > 1e-4 * gradients[1].norm()


def test_each_players_step_leaves_the_other_alone(training, batch, monkeypatch):
    states = []
    move = training._move

    def watched(optimiser, loss, parameters):
        before = state(training.model), state(training.discriminator)
        move(optimiser, loss, parameters)
        states.append((before, (state(training.model), state(training.discriminator))))

    monkeypatch.setattr(training, "_move", watched)
    start = state(training.discriminator)
    training.training_step(batch, 0)
    (first_before, first_after), (second_before, second_after) = states
    assert equal(start, first_before[1])  # the network's forward pass moved no buffer either
    assert not equal(first_before[0], first_after[0])
    assert equal(first_before[1], first_after[1])
    assert equal(second_before[0], second_after[0])
    assert not equal(second_before[1], second_after[1])
    assert all(p.requires_grad for p in training.discriminator.parameters())
    assert training.discriminator.training


def test_the_losses_are_binary_cross_entropy(training):
    made, truth = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    training.eval()
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    clean, fake = training.discriminator(truth), training.discriminator(made)
    expected = bce(clean, torch.ones_like(clean)) + bce(fake, torch.zeros_like(fake))
    assert training.discriminator_loss(made, truth).item() == pytest.approx(expected.item())
    fooled = bce(fake, torch.ones_like(fake)).item()
    assert training.generator_losses(made, truth)["adversarial"].item() == pytest.approx(fooled)


def test_undecided_costs_twice_the_logarithm_of_two(training):
    with torch.no_grad():
        for parameter in training.discriminator.last[-1].parameters():
            parameter.zero_()
    loss = training.discriminator_loss(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8))
    assert loss.item() == pytest.approx(2 * math.log(2))


def test_gradients_are_clipped(training, batch):
    training.clip_norm = 1e-3
    training.training_step(batch, 0)
    for player in (training.model, training.discriminator):
        norm = torch.cat([p.grad.flatten() for p in player.parameters()]).norm()
        assert norm <= 1e-3 * 1.001


def test_another_perceptual_loss_takes_the_place_of_ours(training):
    training.perceptual = lambda result, truth: (result - truth).square().mean()
    result, truth = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)
    losses = training.generator_losses(result, truth)
    assert losses["perceptual"] == (result - truth).square().mean()


def test_bad_settings_are_refused(small_config, start):
    for knob, value in (
        ("perceptual_weight", -1.0),
        ("adversarial_weight", -0.1),
        ("clip_norm", 0.0),
    ):
        with pytest.raises(InputError, match=knob):
            AdversarialTraining(rcan=small_config, init_from=start, **{knob: value})


@pytest.mark.filterwarnings("ignore")
def test_a_resumed_run_equals_an_undisturbed_one(tmp_path, dataset, start):
    settings = {
        "trainer": {"accelerator": "cpu", "enable_progress_bar": False, "log_every_n_steps": 1,
                    "limit_val_batches": 0, "num_sanity_val_steps": 0},
        "save_every": 2,
        "model": {"rcan": {"num_blocks": 1, "channels": 8, "reduction": 4}, "init_from": start,
                  "discriminator_channels": 4, "learning_rate": 1e-3},
        "data": {"root": str(dataset), "batch_size": 2, "num_workers": 0,
                 "crops": {"height": 64, "width": 96, "crop": 16, "crops_per_clip": 2}},
    }  # fmt: skip
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))

    def refine(run, steps, *more):
        words = ["fit", "--config", str(config), "--run", str(tmp_path / run), *more]
        run_fit([*words, "--trainer.max_steps", str(steps)], training=AdversarialTraining)

    refine("whole", 4)
    refine("parts", 2)
    refine("parts", 4, "--ckpt_path", "last")
    whole, parts = (
        torch.load(tmp_path / run / "checkpoints" / "last.ckpt", weights_only=True)
        for run in ("whole", "parts")
    )
    assert whole["global_step"] == parts["global_step"] == 4
    for kind in ("state_dict", "current_model_state"):
        assert equal(whole[kind], parts[kind])
    averaged = whole["state_dict"]["model.head.0.weight"]
    assert torch.equal(load_rcan(tmp_path / "whole" / "model").head[0].weight, averaged)
    assert not torch.equal(whole["current_model_state"]["model.head.0.weight"], averaged)


@pytest.mark.slow  # two processes import torch and lightning
def test_two_processes_learn_as_one_does(tmp_path, dataset, start):
    ends = []
    for name, devices in (("one", 1), ("two", 2)):
        settings = {
            "trainer": {"accelerator": "cpu", "devices": devices, "max_steps": 3,
                        "strategy": "ddp" if devices > 1 else "auto", "limit_val_batches": 0,
                        "enable_progress_bar": False, "num_sanity_val_steps": 0},
            "save_every": 3,
            "model": {"rcan": {"num_blocks": 1, "channels": 8, "reduction": 4},
                      "init_from": start, "discriminator_channels": 4},
            "data": {"root": str(dataset), "batch_size": 4 // devices, "num_workers": 0,
                     "crops": {"height": 64, "width": 96, "crop": 16, "crops_per_clip": 2}},
        }  # fmt: skip
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump(settings))
        words = ["refine", "--config", str(config), "--run", str(tmp_path / name)]
        done = subprocess.run(
            [sys.executable, "-m", "vfsr", *words], capture_output=True, text=True, check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        ends.append(torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True))
    one, two = (end["current_model_state"] for end in ends)
    begun = load_rcan(start).state_dict()
    for name, value in one.items():
        assert torch.allclose(two[name], value, atol=2e-5), name
    assert not torch.equal(one["model.head.0.weight"], begun["head.0.weight"])
