"""Shards a U-Net's weights over processes, with torch's `fully_shard` (FSDP2).

Each process holds a part of every weight, gradient and moment. A block's weights are gathered when
the block runs and given up after it, in the forward pass and again in the backward pass.
"""

from typing import Any

from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from hdvg.errors import InputError
from vfmodel.unet import SwapUNet

# Other ways to shard, in lower case: by whole processes' flat buffers, which no average can follow.
_OTHERS = ("fsdp", "deepspeed")


def shard_unet(unet: SwapUNet, mesh: DeviceMesh) -> None:
    """Shards each block for itself, and what lies outside of blocks as one; in place.

    Args:
        unet: With the same weights in every process.
        mesh: Of Lightning's ModelParallelStrategy: copies of the model x processes that share one.
    """
    copies, sharers = mesh.mesh_dim_names or ()
    chosen = mesh if mesh[copies].size() > 1 else mesh[sharers]
    for block in unet.blocks():
        fully_shard(block, mesh=chosen)
    fully_shard(unet, mesh=chosen)


def asks_to_shard(strategy: Any) -> bool:  # noqa: ANN401
    """Whether a run's `trainer.strategy`, a name or a parsed class, shares the weights out.

    Raises:
        InputError: It does, in a way that we do not follow.
    """
    name = strategy if isinstance(strategy, str) else strategy.class_path
    if any(kind in name.lower() for kind in _OTHERS):
        raise InputError(
            f"trainer.strategy {name} is not supported; to shard the weights use"
            " ModelParallelStrategy, as configs/vfmodel/videofactory_fsdp.yaml does"
        )
    if not name.endswith("ModelParallelStrategy"):
        return False
    if strategy.init_args.save_distributed_checkpoint:
        raise InputError(
            "trainer.strategy ModelParallelStrategy needs save_distributed_checkpoint: false, so"
            " that a checkpoint is one file"
        )
    return True


def is_sharded(module: nn.Module) -> bool:
    """Whether any part of a module is sharded."""
    return any(isinstance(part, FSDPModule) for part in module.modules())


def local_part(tensor: Tensor) -> Tensor:
    """The part of a tensor that this process holds: all of it, if it is not sharded."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def gather_like(part: Tensor, parameter: Tensor) -> Tensor:
    """The whole of what each process has a part of, sharded as a parameter is.

    All processes have to call it.
    """
    if not isinstance(parameter, DTensor):
        return part
    sharded = DTensor.from_local(
        part,
        parameter.device_mesh,
        parameter.placements,
        shape=parameter.shape,
        stride=parameter.stride(),
    )
    return sharded.full_tensor()
