"""`hdvg shapes`: renders the shapes corpus and offers it over HTTP."""

import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

ABOUT = "Renders the shapes corpus, videos whose content is known, and can offer it over HTTP."


def add_arguments(command: "ArgumentParser") -> None:
    """Where it goes, what is rendered, and whether it is served."""
    from hdvg.shapes.corpus import CorpusConfig

    command.add_argument(
        "--out",
        required=True,
        type=str,
        help="folder: `site` is what a build may see, `truth` what is in the videos",
    )
    command.add_argument(
        "--port",
        type=int,
        default=-1,
        help="serve the site on this port until interrupted; 0 takes a free one, -1 does not serve",
    )
    command.add_class_arguments(CorpusConfig, "corpus")


def run(options: "Namespace") -> Result:
    """Renders what is missing; with a port, serves until interrupted."""
    from hdvg.progress import View
    from hdvg.shapes.corpus import plan_corpus
    from hdvg.shapes.server import serve
    from hdvg.shapes.site import write_site

    total = len(plan_corpus(options.corpus))
    with View("rendering shapes", total) as view:
        site = write_site(Path(options.out), options.corpus, progress=view.update)
    if options.port >= 0:
        with serve(site, options.port) as base_url:
            sys.stderr.write(f"serving {site} on {base_url} until interrupted\n")
            sys.stderr.flush()
            Event().wait()
    return Result(
        text=f"{site}: {total} videos, listed in {site / 'urls.txt'}\n",
        data={"site": str(site), "num_videos": total},
    )
