import pytest
import torch

from vfsr.consistency import consistency_loss


def views(motion, side=40, noise=0.0):
    """Crops of one large picture, as the motion says."""
    picture = torch.rand(3, 100, 100)
    result = []
    for down, right in motion:
        for y, x in ((30, 30), (30 + down, 30 + right)):
            view = picture[:, y : y + side, x : x + side]
            result.append(view + noise * torch.rand(view.shape))
    return torch.stack(result)


@pytest.mark.parametrize("motion", [[(0, 0)], [(5, -3), (-4, 9)], [(-12, -7)]])
def test_views_of_one_picture_agree(motion):
    given = torch.tensor(motion, dtype=torch.int16)
    assert consistency_loss(views(motion), given) == 0
    assert consistency_loss(views(motion), given + 1) > 0.1


def test_it_is_the_mean_over_what_both_show():
    first, second = torch.rand(2, 3, 40, 40)
    down, right = 4, -6
    total = count = 0
    for y in range(40):
        for x in range(40):
            there = y - down, x - right
            if 8 + down <= y < 32 and 8 <= x < 32 + right:
                assert all(0 <= v < 40 for v in there)
                total += (first[:, y, x] - second[:, there[0], there[1]]).abs().sum().item()
                count += 3
    loss = consistency_loss(torch.stack([first, second]), torch.tensor([[down, right]]))
    assert loss.item() == pytest.approx(total / count, rel=1e-5)


def test_gradients_reach_both_views():
    result = views([(2, 3)], noise=0.1).requires_grad_()
    consistency_loss(result, torch.tensor([[2, 3]])).backward()
    assert all(gradient.abs().sum() > 0 for gradient in result.grad)
