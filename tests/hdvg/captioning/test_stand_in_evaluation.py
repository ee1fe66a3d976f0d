import numpy as np

from hdvg.captioning.captioner import CaptionerConfig, describe_captioner, load_captioner
from hdvg.captioning.stand_in_evaluation import match_dataset, match_rendered, without_motion
from hdvg.catalogue import Catalogue
from hdvg.commits import Commit, commit_unit
from hdvg.manifest import write_rows
from hdvg.shapes.scene import caption, sample_scene, still_caption


def test_a_caption_without_motion_is_the_still_caption():
    rng = np.random.default_rng(3)
    for scene in (sample_scene(rng, 2.0) for _ in range(200)):
        assert without_motion(caption(scene)) == still_caption(scene)


def test_exact_matches_are_counted_and_mistakes_shown(numbered):
    truth = ["a red circle moving left over a grey background", "a blue star staying still"]
    said = ["a red circle over a grey background", "a blue square"]
    for family, texts in (("alt_text", truth), ("said", said)):
        rows = [
            {"clip_id": f"c{number}", "text": text, "source": "x"}
            for number, text in enumerate(texts)
        ]
        name = f"captions/{family}/u0.parquet"
        record = write_rows(numbered.storage, "captions", name, rows)
        commit = Commit(stage=f"captions.{family}", unit="u0", files=(record,), rows={})
        commit_unit(numbered.storage, commit)
    found = match_dataset(Catalogue(numbered.storage), "said")
    assert (found.num_right, found.num_pictures, found.rate) == (1, 2, 0.5)
    assert found.wrong == (("a blue star", "a blue square"),)


def test_a_captioner_that_says_one_thing_is_never_right():
    class Parrot:
        def caption(self, images):
            return ["polly"] * len(images)

    found = match_rendered(Parrot(), 3, batch_size=2)
    assert (found.num_right, found.num_pictures) == (0, 3)
    assert len({truth for truth, _ in found.wrong}) > 1


def test_the_shipped_captioner_says_what_it_sees():
    """At least 0.95 of 64: with the 0.995 that it reaches on 1,000 that is all but certain."""
    config = CaptionerConfig().settle(has_gpu=False)
    captioner = load_captioner(config, describe_captioner(config)["revision"])
    assert match_rendered(captioner, 64, batch_size=32).rate >= 0.95
