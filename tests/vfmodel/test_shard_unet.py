"""A sharded U-Net against the whole one; with several processes: chaos/test_training_processes."""

from types import SimpleNamespace

import pytest
import torch
from torch.distributed.device_mesh import init_device_mesh

from hdvg.errors import InputError
from vfmodel.shard_unet import asks_to_shard, gather_like, is_sharded, local_part, shard_unet
from vfmodel.unet import SwapUNet


@pytest.fixture
def mesh():
    """Of one process: one copy of the model, shared by one."""
    torch.distributed.init_process_group(
        "gloo", store=torch.distributed.HashStore(), rank=0, world_size=1
    )
    yield init_device_mesh("cpu", (1, 1), mesh_dim_names=("data_parallel", "tensor_parallel"))
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:.*returned a view tensor.*")
@pytest.mark.parametrize("recomputes", [False, True])
def test_it_predicts_and_learns_as_the_whole_one(tiny_unet, mesh, recomputes):
    torch.manual_seed(0)
    whole = SwapUNet(tiny_unet)
    for weight in whole.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    sharded = SwapUNet(tiny_unet)
    sharded.load_state_dict(whole.state_dict())
    if recomputes:
        sharded.enable_gradient_checkpointing()
    shard_unet(sharded, mesh)
    assert is_sharded(sharded)
    assert not is_sharded(whole)
    given = torch.randn(2, 4, 3, 5, 7), torch.tensor([3, 700]), torch.randn(2, 6, 16)
    for active in (False, True):
        for unet in (whole, sharded):
            unet.enable_swap(active)
            unet.zero_grad()
            unet(*given).sample.square().mean().backward()
        pairs = zip(whole.named_parameters(), sharded.parameters(), strict=True)
        for (name, want), got in pairs:
            if want.grad is None:
                assert got.grad is None, name
                continue
            torch.testing.assert_close(
                gather_like(local_part(got.grad), got), want.grad, atol=1e-6, rtol=1e-4
            )


def test_what_is_not_sharded_is_its_own_part():
    tensor = torch.arange(3.0)
    assert local_part(tensor) is tensor
    assert gather_like(tensor, tensor) is tensor


def strategy(name, **options):
    return SimpleNamespace(class_path=f"lightning.{name}", init_args=SimpleNamespace(**options))


def test_strategies_that_shard_are_told_from_others():
    assert not asks_to_shard("ddp")
    assert not asks_to_shard(strategy("DDPStrategy"))
    assert asks_to_shard(strategy("ModelParallelStrategy", save_distributed_checkpoint=False))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("fsdp", "trainer.strategy fsdp is not supported"),
        ("deepspeed_stage_2", "deepspeed_stage_2 .*videofactory_fsdp"),
        (strategy("FSDPStrategy"), "FSDPStrategy is not supported"),
        (
            strategy("ModelParallelStrategy", save_distributed_checkpoint=True),
            "save_distributed_checkpoint: false",
        ),
    ],
    ids=str,
)
def test_those_that_cannot_be_followed_are_named(given, named):
    with pytest.raises(InputError, match=named):
        asks_to_shard(given)
