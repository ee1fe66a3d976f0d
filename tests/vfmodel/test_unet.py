import pickle
import re
import subprocess
import sys
from collections import Counter

import pytest
import torch
from diffusers import UNet3DConditionModel
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from hdvg.errors import InputError
from vfmodel.fusion import TemporalSkip
from vfmodel.swap_attention import SwapCrossAttention
from vfmodel.temporal import TemporalAttention, TemporalConv
from vfmodel.unet import SwapUNet, SwapUNetConfig
from vfmodel.unet_config import SwapUNetConfig as ConfigAtHome

TINY = {
    "channels": (8, 16),
    "num_heads": (1, 2),
    "attention_levels": (True, False),
    "text_dim": 6,
    "norm_groups": 4,
    "window": (2, 3, 4),
}


def tiny(*, trained=False, **changes):
    torch.manual_seed(0)
    unet = SwapUNet(SwapUNetConfig(**(TINY | changes)))
    if trained:
        for parameter in unet.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.1)
    return unet


def inputs(batch=2, frames=3, height=5, width=7):
    latents = torch.randn(batch, 4, frames, height, width)
    return latents, torch.randint(0, 1000, (batch,)), torch.randn(batch, 9, 6)


@pytest.mark.parametrize("size", [(3, 24, 43), (1, 12, 22), (2, 5, 7), (4, 1, 1)])
def test_any_size_comes_back(size):
    x, t, text = inputs(1, *size)
    assert tiny()(x, t, text).sample.shape == x.shape


def test_swap_is_addition_until_it_is_trained():
    unet, given = tiny(), inputs()
    with_swap = unet(*given).sample
    unet.enable_swap(False)
    assert not unet.swap_active
    assert torch.equal(unet(*given).sample, with_swap)
    for module in unet.modules():
        if isinstance(module, SwapCrossAttention):
            nn.init.normal_(module.proj_out.weight)
    assert torch.equal(unet(*given).sample, with_swap)
    unet.enable_swap()
    assert (unet(*given).sample - with_swap).abs().max() > 1e-3


MODELSCOPE = {
    "temporal_self_attentions": 2,
    "temporal_positions": "none",
    "entry_attention_heads": 2,
    "temporal_skip": "nearest",
}


@pytest.mark.parametrize("changes", [{}, MODELSCOPE, {"temporal_skip": "none"}])
def test_after_three_steps_every_parameter_has_had_a_gradient(changes):
    unet = tiny(**changes)
    x, t, text = inputs()
    noise = torch.randn_like(x)
    optimiser = torch.optim.AdamW(unet.parameters(), lr=1e-3)
    touched = set()
    for _ in range(3):
        optimiser.zero_grad()
        (unet(x, t, text).sample - noise).square().mean().backward()
        touched |= {name for name, p in unet.named_parameters() if p.grad.abs().max() > 0}
        optimiser.step()
    assert touched == dict(unet.named_parameters()).keys()


def test_each_temporal_branch_has_one_matrix_at_zero_and_never_two():
    kinds = (SwapCrossAttention, TemporalAttention, TemporalConv, TemporalSkip)
    branches = [module for module in tiny(**MODELSCOPE).modules() if isinstance(module, kinds)]
    assert {type(branch) for branch in branches} == set(kinds)
    for branch in branches:
        zeros = [p for p in branch.parameters() if p.ndim > 1 and not p.any()]
        assert len(zeros) == 1, type(branch)


def test_still_images_are_what_the_spatial_half_makes_of_each():
    unet, (x, t, text) = tiny(trained=True, entry_attention_heads=1), inputs()
    stills = unet(x, t, text, still=True).sample
    for frame in range(3):
        alone = unet(x[:, :, frame : frame + 1], t, text, still=True).sample
        torch.testing.assert_close(stills[:, :, frame], alone[:, :, 0], atol=1e-5, rtol=1e-5)
    assert (unet(x, t, text).sample - stills).abs().max() > 1e-2
    unet(x, t, text, still=True).sample.sum().backward()
    used = {id(parameter) for parameter in unet.parameters() if parameter.grad is not None}
    resting = {id(parameter) for parameter in unet.resting_parameters(still=True)}
    assert resting
    assert not used & resting
    assert used | resting == {id(parameter) for parameter in unet.parameters()}
    for parameter in unet.resting_parameters(still=True):
        nn.init.normal_(parameter)
    assert torch.equal(unet(x, t, text, still=True).sample, stills)


def test_the_rate_is_an_embedding_that_says_nothing_at_first():
    plain, told = tiny(trained=True), tiny(fps_conditioning=True)
    told.load_state_dict(told.untold() | plain.state_dict())
    given = inputs()
    assert torch.equal(told(*given, fps=24.0).sample, plain(*given).sample)
    nn.init.normal_(told.fps_embedding.linear_2.weight)
    slow, fast = (told(*given, fps=fps).sample for fps in (8.0, 24.0))
    assert (slow - fast).abs().max() > 1e-3
    assert torch.equal(told(*given).sample, slow)
    each = told(*given, fps=torch.tensor([8.0, 24.0])).sample
    torch.testing.assert_close(each, torch.stack([slow[0], fast[1]]), atol=1e-5, rtol=1e-5)


def test_at_first_a_still_image_is_a_clip_of_one_frame():
    unet, (x, t, text) = tiny(), inputs(frames=1)
    assert torch.equal(unet(x, t, text, still=True).sample, unet(x, t, text).sample)


def test_clips_of_a_batch_do_not_meet():
    unet = tiny(trained=True)
    x, t, text = inputs(batch=3)
    together, alone = unet(x, t, text).sample, unet(x[1:2], t[1:2], text[1:2]).sample
    torch.testing.assert_close(together[1:2], alone, rtol=0, atol=2e-6)


def test_frames_meet_once_the_temporal_modules_are_trained():
    unet = tiny(trained=True)
    x, t, text = inputs(batch=1, frames=4)
    poked = x.clone()
    poked[:, :, 0] += 1.0
    change = (unet(poked, t, text).sample - unet(x, t, text).sample).abs().amax((0, 1, 3, 4))
    assert change.min() > 1e-4


def test_timesteps_and_text_are_taken_as_diffusers_gives_them():
    unet = tiny(trained=True)
    x, _, text = inputs()
    expected = unet(x, torch.tensor([7, 7]), text).sample
    assert torch.equal(unet(x, 7, text).sample, expected)
    assert torch.equal(unet(x, torch.tensor(7), encoder_hidden_states=text).sample, expected)
    assert torch.equal(unet(x, 7, text, return_dict=False)[0], expected)


@pytest.mark.parametrize("frame_text", [False, True])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_projected_text_is_the_text_bit_for_bit(checkpointing, frame_text):
    unet = tiny(trained=True, frame_text=frame_text)
    if checkpointing:
        unet.enable_gradient_checkpointing()
    x, t, text = inputs()
    projected = unet.project_text(text)
    assert [len(block) for block in projected.keys] == [1, 0, 1, 0, 2]
    assert torch.equal(unet(x, t, projected).sample, unet(x, t, text).sample)


def test_a_frame_s_embedding_reads_the_prompt_where_it_is_told_to():
    """Without a block that attends to text, the embedding is the prompt's only way in."""
    x, t, text = inputs()
    silent = {"attention_levels": (False, False)}
    for frame_text in (False, True):
        unet = tiny(trained=True, frame_text=frame_text, **silent)
        for block in unet.blocks():
            for attention in block.attentions:
                torch.nn.init.zeros_(attention.proj_out.weight)
        same = torch.equal(unet(x, t, text).sample, unet(x, t, text.flip(0)).sample)
        assert same != frame_text
        # It reads the mean: the order of the tokens is the text encoder's business.
        turned = unet(x, t, text.flip(1)).sample
        torch.testing.assert_close(turned, unet(x, t, text).sample, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("changes", [{}, MODELSCOPE])
def test_gradient_checkpointing_changes_nothing(changes):
    unet, given = tiny(trained=True, **changes), inputs()

    def gradients():
        unet.zero_grad()
        unet(*given).sample.square().mean().backward()
        return [p.grad.clone() for p in unet.parameters()]

    expected = gradients()
    unet.enable_gradient_checkpointing()
    for actual, wanted in zip(gradients(), expected, strict=True):
        torch.testing.assert_close(actual, wanted, rtol=0, atol=0)


def test_gradient_checkpointing_is_not_the_reentrant_kind():
    unet, given = tiny(trained=True), inputs()
    unet.enable_gradient_checkpointing()
    # The reentrant kind refuses autograd.grad, and drops gradients where no input needs one.
    gradients = torch.autograd.grad(unet(*given).sample.square().mean(), list(unet.parameters()))
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_bfloat16_autocast_is_close():
    unet, given = tiny(trained=True), inputs()
    expected = unet(*given).sample
    with torch.autocast("cpu", torch.bfloat16):
        actual = unet(*given).sample
    assert (actual.float() - expected).abs().max() < 0.05 * expected.abs().max()


# In a process of its own: checking shapes at run time, as these tests do, cannot be compiled.
COMPILE = """
import sys
import torch
from vfmodel.unet import SwapUNet, SwapUNetConfig

torch.set_num_threads(1)
torch.manual_seed(0)
unet = SwapUNet(SwapUNetConfig(**eval(sys.argv[1])))
for parameter in unet.parameters():
    if not parameter.any():
        torch.nn.init.normal_(parameter, std=0.1)
unet.requires_grad_(sys.argv[2] == "True")

def given(height=5, width=7):
    return torch.randn(2, 4, 3, height, width), torch.tensor([3, 700]), torch.randn(2, 9, 6)

graphs = []
def keep(graph, _):
    graphs.append(graph)
    return graph.forward

compiled = torch.compile(unet, backend=keep, fullgraph=True, dynamic=False)
sizes = [(5, 7), (5, 7)] if sys.argv[2] == "True" else [(5, 7), (5, 7), (6, 9)]
for size in sizes:
    inputs = given(*size)
    torch.testing.assert_close(compiled(*inputs)[0], unet(*inputs)[0], rtol=0, atol=1e-6)
    print(size, len(graphs))
# Sorting is how window order is found; the graph has the result.
print(any("argsort" in str(node.target) for graph in graphs for node in graph.graph.nodes))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("training", [False, True])
def test_compiles_into_one_graph_that_holds_its_windows(training):
    command = [sys.executable, "-W", "error:Dynamo", "-c", COMPILE, repr(TINY), str(training)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    another_size = [] if training else ["(6, 9) 2"]
    assert done.stdout.split("\n")[:-1] == ["(5, 7) 1", "(5, 7) 1", *another_size, "False"]


def test_channels_last_is_the_same_network():
    unet, given = tiny(trained=True), inputs()
    expected = unet(*given).sample
    actual = unet.to(memory_format=torch.channels_last)(*given).sample
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)


def test_saved_and_loaded(tmp_path):
    unet, given = tiny(trained=True, first_query="spatial", fps=5.0), inputs()
    unet.save_pretrained(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
    loaded = SwapUNet.from_pretrained(tmp_path, low_cpu_mem_usage=False)
    assert loaded.config.first_query == "spatial"
    assert torch.equal(loaded(*given).sample, unet(*given).sample)


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(InputError, match="chanels"):
        SwapUNet.from_config({"_class_name": "SwapUNet", "chanels": [8]})


def test_the_papers_size():
    with torch.device("meta"):
        unet = SwapUNet(SwapUNetConfig.paper())
    ours = re.compile(
        r"(frame_embedding|entry_attention|temp_convs|temp_attns|conv_fuses|end_fuses|swap"
        r"|temp_skip)\."
    )
    counts = Counter()
    for name, parameter in unet.named_parameters():
        found = ours.search(name)
        counts[found[1] if found else "spatial"] += parameter.numel()
    assert counts["spatial"] == 865_910_724  # Stable Diffusion 2.1
    with torch.device("meta"):
        modelscope = UNet3DConditionModel()
    shared = ("spatial", "temp_convs", "temp_attns", "entry_attention")
    assert sum(counts[part] for part in shared) == sum(p.numel() for p in modelscope.parameters())
    # 1.602 B is ModelScope's, the fusions and Swap-CA; the rest is our reconstruction.
    reconstructed = counts.pop("frame_embedding") + counts.pop("temp_skip")
    assert round(counts.total() / 1e9, 3) == 1.602
    assert counts.total() + reconstructed == 1_609_253_700
    swaps = [m.settings for m in unet.modules() if isinstance(m, SwapCrossAttention)]
    assert [swap.channels for swap in swaps] == [320, 640, 1280, 1280, 1280, 1280, 640, 320]
    assert [swap.shift for swap in swaps] == [0, 4] * 4
    assert [swap.query for swap in swaps] == ["temporal", "spatial"] * 4


def swap_flops(tokens, channels, window_tokens):
    """Two operations a multiplication: 19 C x C products a token, and two sums over its window."""
    return 2 * tokens * (19 * channels**2) + 4 * tokens * window_tokens * channels


def flops_beyond_modelscopes(frames=16, text=77 * 1024):
    """By hand, for one forward at 16 x 24 x 43: what we add, less what we compute only once."""
    places = [24 * 43, 12 * 22, 6 * 11, 3 * 6]
    tokens, channels = [frames * n for n in places], [320, 640, 1280, 1280]
    # Places in a token's window: 43 columns are cut into 11, 11, 11 and 10, the others fit.
    window_places = [12 * (3 * 11 * 11 + 10 * 10) / 43, 12 * 11, 6 * 11, 3 * 6]
    extra = 2 * frames * (320 * 1280 + 1280 * 1280)  # frame embedding
    for level, (n, c) in enumerate(zip(tokens, channels, strict=True)):
        fusions = 3 + (5 if level < 3 else 0)  # after each pair but the last, and each convolution
        extra += fusions * 4 * n * c**2
        window = window_places[level]
        shifted = (4 * 4 + 8 * 8 + 4 * 4) / frames  # time is cut at 4 and 12
        extra += swap_flops(n, c, 8 * window) + swap_flops(n, c, shifted * window)
        if level < 3:
            extra -= 5 * (frames - 1) * 4 * text * c  # keys and values of the text
    extra += 3 * 4 * tokens[3] * 1280**2 - (frames - 1) * 4 * text * 1280  # middle
    for into, out_of, n in ((1, 0, 1), (2, 1, 2), (3, 2, 3), (2, 3, 3), (1, 2, 2), (0, 1, 1)):
        extra += 2 * tokens[n] * channels[into] * channels[out_of]  # temporal skips
    return extra


def count_flops(unet):
    given = (torch.empty(1, 4, 16, 24, 43), torch.tensor([3]), torch.empty(1, 77, 1024))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        unet(*(x.to("meta") for x in given))
    return counter.get_total_flops()


def test_the_papers_cost_is_modelscopes_and_what_can_be_added_up_by_hand():
    with torch.device("meta"):
        ours, modelscope = SwapUNet(SwapUNetConfig.paper()), UNet3DConditionModel()
    counted = count_flops(ours)
    assert counted == count_flops(modelscope) + flops_beyond_modelscopes()
    assert round(counted / 1e12, 3) == 5.638


def test_first_query_turns_the_roles_around():
    config = SwapUNetConfig(first_query="spatial")
    assert [config.swap(depth).query for depth in range(3)] == ["spatial", "temporal", "spatial"]


def test_the_config_may_lie_in_a_checkpoint(tmp_path):
    torch.save({"unet": SwapUNetConfig(**TINY)}, tmp_path / "x.ckpt")
    loaded = torch.load(tmp_path / "x.ckpt", weights_only=True)
    assert loaded["unet"] == SwapUNetConfig(**TINY)
    assert ConfigAtHome is SwapUNetConfig
    assert pickle.loads(pickle.dumps(SwapUNetConfig())) == SwapUNetConfig()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_heads": (1,)}, "num_heads"),
        ({"attention_levels": (True,)}, "attention_levels"),
        ({"num_heads": (3, 2)}, "num_heads 3"),
        ({"norm_groups": 5}, "norm_groups 5"),
        ({"window": (2, 0, 4)}, "window"),
        ({"layers_per_block": 0}, "layers_per_block"),
        ({"num_frames": 0}, "num_frames"),
        ({"fps": 0.0}, "fps"),
        ({"channels": (), "num_heads": (), "attention_levels": ()}, "channels"),
    ],
)
def test_refuses_by_name(changes, named):
    with pytest.raises(InputError, match=named):
        SwapUNetConfig(**(TINY | changes))
