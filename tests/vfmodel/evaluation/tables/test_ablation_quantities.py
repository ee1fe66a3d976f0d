"""Means over seeds against scipy's interval, and columns that find their figure in a run."""

import numpy as np
import pytest
from scipy import stats

from vfmodel.evaluation.tables.ablation_quantities import QUANTITIES, mean_over_seeds


def test_intervals_are_students():
    values = [3.0, 4.5, 5.5, 4.1]
    mean, reach = mean_over_seeds(values)
    want = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (mean - reach, mean + reach) == pytest.approx(want)
    assert mean_over_seeds([2.0]) == (2.0, None)


def test_a_column_bears_the_name_of_the_figure_that_was_taken(ablation):
    run = ablation.summary("addition", 0, 11.0, share=0.25)
    read = {q.column_of([run]).title: q.read(run) for q in QUANTITIES["dataset"]}
    assert read == {
        "shapes-FVD": 11.0,
        "shapes-CLIPSIM": 0.25,
        "obeyed": 0.25,
        "motion": 0.25,
        "direction": 0.25,
        "watermarked": 0.75,
    }
    run["result"]["figures"] = []
    assert all(q.read(run) is None for q in QUANTITIES["dataset"])
    assert QUANTITIES["dataset"][0].column_of([run]).title == "FVD"
