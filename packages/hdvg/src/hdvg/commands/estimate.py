"""`hdvg estimate`: tries some videos of a source and says what building all of it would take."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.estimate import Estimate, EstimateConfig, Interval

ABOUT = "Tries some videos of a source; says what building all of it would take and give."


def add_arguments(command: "ArgumentParser") -> None:
    """The build's options, and those of the estimate."""
    from hdvg.build import BuildConfig
    from hdvg.estimate import EstimateConfig

    command.add_class_arguments(EstimateConfig, as_group=False)
    command.add_class_arguments(BuildConfig, as_group=False)
    # Nothing is written, so that a config without a dataset folder will do.
    command.set_defaults(data="nowhere")


def run(options: "Namespace") -> Result:
    """Tries and extrapolates."""
    from hdvg.build import BuildConfig, video_settings
    from hdvg.estimate import EstimateConfig, allow_requests, estimate
    from hdvg.offer_source import offer_source
    from hdvg.progress import View
    from hdvg.sources.sample import draw
    from hdvg.try_videos import try_videos

    settings = dict(vars(options))
    how = EstimateConfig(
        **{field.name: settings.pop(field.name) for field in fields(EstimateConfig)}
    )
    config = BuildConfig(**settings)
    how = allow_requests(how, config.download)
    with offer_source(config.source, config.shapes, config.sample, config.labels, config.spans) as (
        found,
        origin,
    ):
        tried = draw(found.videos, how.num_trials, how.seed)
        with View("hdvg estimate", len(tried)) as view:
            trials = try_videos(tried, origin, video_settings(config), view.update)
    result = estimate(trials, len(found.videos), how)
    return Result(text=format_estimate(result, how), data=asdict(result) | {"assumed": asdict(how)})


def format_estimate(result: "Estimate", how: "EstimateConfig") -> str:
    """The estimate as a table for a person."""
    share = result.success
    rows = [
        ("videos with clips", f"{share.value:.0%}", f"{share.low:.0%} to {share.high:.0%}"),
        _row("clips", result.clips),
        _row("hours of clips", result.clip_hours),
        _row("pages asked for", result.requests),
        _row("download, GB", result.download_bytes, 1e9),
        _row("dataset, GB", result.dataset_bytes, 1e9),
        _row("CPU hours", result.cpu_hours),
        _row("hours to wait", result.wall_hours),
    ]
    lines = [f"{result.num_videos} videos, {result.num_tried} of them tried; 95 % intervals"]
    lines += [f"  {name:18s} {value:>12s}  ({interval})" for name, value, interval in rows]
    lines.append(
        f"  with {how.workers} workers and {how.requests_per_hour:g} pages an hour, limited by"
        f" {result.limited_by}"
    )
    lines += [f"  failed: {count:4d} {name}" for name, count in result.failures.items()]
    return "\n".join(lines) + "\n"


def _row(name: str, interval: "Interval", scale: float = 1.0) -> tuple[str, str, str]:
    value, low, high = (
        f"{number / scale:,.3g}" if number / scale < 1000 else f"{number / scale:,.0f}"
        for number in (interval.value, interval.low, interval.high)
    )
    return name, value, f"{low} to {high}"
