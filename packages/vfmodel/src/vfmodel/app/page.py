"""The page: what is asked for on one side, the video on the other, this visit's videos below."""

import html

import gradio as gr

from vfmodel.app.fields import EXAMPLES, Fields, draw_fields
from vfmodel.app.handlers import Handlers
from vfmodel.app.result import Result, draw_result
from vfmodel.app.studio import Studio

# The queue that generating and enlarging share, so that one thing is made at a time.
_QUEUE = "model"
# Seconds: how often files that browsers were given are looked through, and how old they may be.
_SWEEP_S, _OLD_S = 3600, 24 * 3600
_ABOUT_MINI = "The packaged mini model: coloured shapes that move over a background."


def build_page(studio: Studio, model: str | None, upscaler: str | None) -> gr.Blocks:
    """The page over a studio, ready to be launched.

    Args:
        studio: Makes the videos.
        model: What the model is called in the commands that are shown; None for the packaged one.
        upscaler: Import path of the studio's upscaler; None if it has none.
    """
    with gr.Blocks(
        title="VideoFactory", analytics_enabled=False, delete_cache=(_SWEEP_S, _OLD_S)
    ) as page:
        about = html.escape(model) if model else _ABOUT_MINI
        gr.HTML(f"<h1>VideoFactory</h1><p>{about}</p>", elem_id="head")
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=5, min_width=300):
                prompt = gr.Textbox(
                    label="Prompt",
                    placeholder="What should the video show?",
                    lines=2,
                    max_lines=4,
                    autofocus=True,
                    elem_id="prompt",
                )
                make = gr.Button("Generate", variant="primary", elem_id="make")
                cancel = gr.Button("Cancel", visible=False, elem_id="cancel")
                examples = gr.Dataset(
                    components=[gr.Textbox(visible=False)],
                    samples=[[text] for text in EXAMPLES],
                    label="For example",
                    layout="gallery",
                    type="values",
                    elem_id="examples",
                )
                fields = draw_fields(prompt, studio.limits)
            with gr.Column(scale=7, min_width=300):
                result = draw_result(model, upscaler)
        quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        examples.click(lambda sample: sample[0], examples, prompt, **quick)
        handlers = Handlers(studio, fields, result)
        _connect_making(handlers, fields, result, make, cancel)
        _connect_result(handlers, result)
        page.unload(handlers.cancel)
    return page


def _connect_making(
    handlers: Handlers, fields: Fields, result: Result, make: gr.Button, cancel: gr.Button
) -> None:
    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    # Queued, since the page shows no error of what is not, but never behind anybody's video.
    checking = quick | {"queue": True, "concurrency_limit": None}
    buttons = [make, cancel]
    running = []
    for trigger in (make.click, fields.prompt.submit):
        checked = trigger(handlers.check, fields.all(), None, **checking)
        started = checked.success(_while_making, None, buttons, **quick)
        made = started.success(
            handlers.make,
            {*fields.all(), result.shelf},
            [fields.seed, *result.components()],
            show_progress_on=result.video,
            concurrency_limit=1,
            concurrency_id=_QUEUE,
            api_name="generate",
        )
        made.then(_when_idle, None, buttons, **quick)
        running.append(made)
    cancel.click(handlers.cancel, None, None, cancels=running, **quick).then(
        _when_idle, None, buttons, **quick
    )


def _connect_result(handlers: Handlers, result: Result) -> None:
    result.enlarge.click(
        handlers.enlarge,
        [result.shelf, result.shown],
        result.components(),
        show_progress_on=result.video,
        concurrency_limit=1,
        concurrency_id=_QUEUE,
        api_visibility="private",
    )
    result.gallery.select(
        handlers.pick,
        result.shelf,
        result.components(),
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _while_making() -> tuple[gr.Button, gr.Button]:
    return gr.Button(visible=False), gr.Button(visible=True)


def _when_idle() -> tuple[gr.Button, gr.Button]:
    return gr.Button(visible=True), gr.Button(visible=False)
