"""What is drawn stands where the numbers say; files do not change with the day."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from PIL import Image
from scipy import stats

from hdvg.errors import InputError
from vfmodel.evaluation.tables.draw_ablation import draw_ablation, save_figure

FVD = (10.0, 11.5, 12.0)


@pytest.fixture
def summaries(ablation):
    done = [ablation.summary("addition", seed, value) for seed, value in enumerate(FVD)]
    return [*done, ablation.summary("windows", 0, 8.0)]


def test_seeds_mean_and_interval_are_where_they_belong(ablation, summaries):
    figure = draw_ablation(ablation.plan, summaries, "ablation")
    [panel] = [axes for axes in figure.axes if axes.get_title() == "shapes-FVD \u2193"]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["sums", "windows (1 of 3 seeds)"]
    assert panel.yaxis_inverted()
    dots = [part.get_offsets() for part in panel.collections if isinstance(part, PathCollection)]
    assert [sorted(np.asarray(d)[:, 0]) for d in dots] == [sorted(FVD), [8.0]]
    means = [line.get_xydata() for line in panel.lines if line.get_marker() == "o"]
    assert means[0] == pytest.approx(np.array([[np.mean(FVD), 0.0]]))
    assert means[1] == pytest.approx(np.array([[8.0, 1.0]]))
    # One seed has no whisker.
    [whisker] = [part for part in panel.collections if isinstance(part, LineCollection)]
    [ends] = whisker.get_segments()
    want = stats.t.interval(0.95, 2, loc=np.mean(FVD), scale=stats.sem(FVD))
    assert ends[:, 0] == pytest.approx(np.array(want))


def test_there_is_a_panel_for_every_column_that_somebody_asked_for(ablation, summaries):
    figure = draw_ablation(ablation.plan, summaries, "dataset")
    shown = [axes.get_title() for axes in figure.axes if axes.get_visible()]
    assert [title.split()[0] for title in shown] == [
        "shapes-FVD",
        "shapes-CLIPSIM",
        "obeyed",
        "motion",
        "direction",
        "watermarked",
    ]
    scattered = [ablation.summary("stock", seed, 9.0, seed / 2) for seed in range(3)]
    figure = draw_ablation(ablation.plan, scattered, "dataset")
    low, high = figure.axes[2].get_xlim()
    assert -0.1 < low < 0 < 1 < high < 1.1  # Student's interval is -0.74 to 1.74
    with pytest.raises(InputError, match="no table 'main'"):
        draw_ablation(ablation.plan, summaries, "main")


def test_the_same_figure_gives_the_same_files(ablation, summaries, tmp_path):
    contents = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        figure = draw_ablation(ablation.plan, summaries, "ablation")
        paths = save_figure(figure, folder, "ablation")
        assert [path.name for path in paths] == ["ablation.png", "ablation.svg"]
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    assert np.asarray(Image.open(tmp_path / "a" / "ablation.png")).std() > 5
