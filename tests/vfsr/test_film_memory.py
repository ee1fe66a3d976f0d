import pytest
import torch
import torch.nn.functional as F

from vfsr.film_memory import FilmMemory, drift_of, find_again

SIZE = (24, 32)


@pytest.fixture
def scene():
    coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=SIZE, mode="bicubic")[0].clamp(0, 1)


def noisy(frame, seed, levels=2.0):
    noise = torch.randn(frame.shape, generator=torch.Generator().manual_seed(seed))
    return frame + levels / 255 * noise


def enlarge(frame):
    return F.interpolate(frame[None], scale_factor=4, mode="nearest")[0]


def film(memory, smalls, larges):
    results = []
    for small, large in zip(smalls, larges, strict=True):
        memory.look_at(small)
        results.append(memory.settle(large))
    return torch.stack(results)


def test_a_still_scene_loses_its_flicker(scene):
    smalls = [noisy(scene, t) for t in range(8)]
    larges = torch.stack([noisy(enlarge(scene), 100 + t, 6.0) for t in range(8)])
    settled = film(FilmMemory(4), smalls, larges)
    before, after = ((x[1:] - x[:-1]).abs().mean() for x in (larges, settled))
    assert after < 0.5 * before
    assert (settled[-1] - enlarge(scene)).std() < 0.7 * (larges[-1] - enlarge(scene)).std()


def test_the_first_frame_only_takes_the_small_ones_colours(scene):
    large = enlarge(scene) + 0.1
    settled = film(FilmMemory(4), [scene], [large])[0]
    assert torch.allclose(settled, enlarge(scene), atol=1e-5)


def test_after_a_cut_nothing_is_left(scene):
    other = scene.flip(0, 2).roll(9, 1) * 0.5
    for cut in (other, torch.zeros_like(scene)):
        alone = film(FilmMemory(4), [cut], [enlarge(cut)])[0]
        memory = FilmMemory(4)
        memory.look_at(scene)
        memory.smooth(0, torch.ones(5))
        memory.settle(enlarge(scene) + 0.3)
        memory.look_at(cut)
        assert torch.equal(memory.smooth(0, torch.zeros(5)), torch.zeros(5))
        assert torch.equal(memory.settle(enlarge(cut)), alone)


def test_another_size_is_a_cut(scene):
    memory = FilmMemory(4)
    film(memory, [scene], [enlarge(scene)])
    smaller = scene[:, :-3]
    settled = film(memory, [smaller], [enlarge(smaller)])[0]
    assert torch.allclose(settled, enlarge(smaller), atol=1e-5)


def test_attention_remembers_each_layer():
    memory = FilmMemory(4)
    assert torch.equal(memory.smooth(0, torch.ones(3)), torch.ones(3))
    assert torch.equal(memory.smooth(1, torch.zeros(3)), torch.zeros(3))
    assert torch.allclose(memory.smooth(0, torch.zeros(3)), torch.full((3,), 0.8))
    assert torch.allclose(memory.smooth(0, torch.zeros(3)), torch.full((3,), 0.64))
    assert torch.equal(memory.smooth(1, torch.zeros(3)), torch.zeros(3))


def test_a_thing_that_comes_in_leaves_no_ghost(scene):
    with_thing = scene.clone()
    with_thing[:, 8:16, 10:20] = 1 - with_thing[:, 8:16, 10:20].round()
    settled = film(FilmMemory(4), [scene, with_thing], [enlarge(scene), enlarge(with_thing)])[1]
    changed = (with_thing - scene).abs().amax(0) > 0.2
    wrong = (settled - enlarge(with_thing)).abs().amax(0)[enlarge(changed[None].float())[0] > 0]
    assert wrong.mean() < 0.01


def test_noise_is_not_taken_for_motion(scene):
    plain = torch.full((3, *SIZE), 0.4)
    flow, kept = find_again(noisy(plain, 1), noisy(plain, 2))
    assert (flow.abs().amax(0) > 0).float().mean() < 0.1
    assert kept.mean() > 0.5
    # Where something else came up, hardly anything counts.
    assert find_again(noisy(plain, 1), noisy(plain + 0.2, 2))[1].max() < 0.01


def test_drift_is_the_difference_of_block_averages():
    small, large = torch.rand(3, 16, 24), torch.rand(3, 64, 96)
    drift = drift_of(large, small, 4)
    assert drift.shape == (3, 2, 3)
    truth = small[:, 8:16, 16:24].mean((1, 2)) - large[:, 32:64, 64:96].mean((1, 2))
    assert torch.allclose(drift[:, 1, 2], truth, atol=1e-6)
