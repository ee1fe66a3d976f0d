"""The fields of the page that say what a video should be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from vfmodel.app.limits import Limits, Number

# Combinations that the packaged model was made for, and plain enough for any other.
EXAMPLES = (
    "a red circle moving left over a green background",
    "a blue square moving up over a grey background",
    "a yellow star moving right over a teal background",
    "a purple triangle moving down over a pink background",
    "an orange circle growing over a blue background",
    "a white star staying still over a brown background",
)

# The same as `vfmodel.generate`: chosen there.
_STEPS, _GUIDANCE = 25, 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Fields:
    """The components whose values make up a request."""

    prompt: gr.Textbox
    negative_prompt: gr.Textbox
    seed: gr.Number
    draw_seed: gr.Checkbox
    steps: gr.Slider | gr.Number
    guidance_scale: gr.Slider | gr.Number
    num_frames: gr.Slider | gr.Number
    height: gr.Slider | gr.Number
    width: gr.Slider | gr.Number
    fps: gr.Slider | gr.Number

    def all(self) -> set[Any]:
        """Every component, as the inputs of an event."""
        return set(vars(self).values())

    def read(self, values: Mapping[Any, Any]) -> dict[str, Any]:
        """An event's inputs by name."""
        return {name: values[component] for name, component in vars(self).items()}


def draw_fields(prompt: gr.Textbox, limits: Limits) -> Fields:
    """Puts the fields where the page is being drawn, with ranges as the model allows.

    Args:
        prompt: It stands further up, above the button.
        limits: What the model can.
    """
    with gr.Row(elem_id="seed-row"):
        seed = gr.Number(label="Seed", value=0, precision=0, minimum=0, min_width=120)
        draw_seed = gr.Checkbox(label="New seed every time", value=True, min_width=160)
    with gr.Accordion("More settings", open=False, elem_id="more"):
        negative_prompt = gr.Textbox(
            label="Negative prompt", info="What to keep away from.", lines=1, max_lines=3
        )
        steps = _slider(limits, "steps", _STEPS, 1, "Steps", "More are slower and finer.")
        guidance_scale = _slider(
            limits,
            "guidance_scale",
            _GUIDANCE,
            0.1,
            "Guidance",
            "How strictly to follow the prompt; 1 or less is none and twice as fast.",
        )
        num_frames = _slider(limits, "num_frames", limits.num_frames, 1, "Frames")
        fps = _slider(limits, "fps", limits.fps, 1, "Frames per second")
        with gr.Row():
            width = _slider(limits, "width", limits.width, limits.cell, "Width")
            height = _slider(limits, "height", limits.height, limits.cell, "Height")
        gr.Markdown(
            f"The model was trained on {limits.num_frames} frames of {limits.width} x"
            f" {limits.height} at {limits.fps:g} a second and is at its best there.",
            elem_classes="dim",
        )
    return Fields(
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        draw_seed=draw_seed,
        steps=steps,
        guidance_scale=guidance_scale,
        num_frames=num_frames,
        height=height,
        width=width,
        fps=fps,
    )


def _slider(
    limits: Limits, name: str, value: Number, step: Number, label: str, info: str | None = None
) -> gr.Slider | gr.Number:
    least, most = limits.ranges[name]
    if least == most:
        return gr.Number(value, visible=False)
    return gr.Slider(
        least,
        most,
        value=min(value, most),
        step=step,
        label=label,
        info=info,
        elem_id=name.replace("_", "-"),
    )
