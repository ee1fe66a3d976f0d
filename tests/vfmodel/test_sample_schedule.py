"""Steps with samples against the list of them."""

from unittest.mock import Mock

import pytest
from lightning.pytorch import Trainer

from vfmodel.sample_schedule import SampleSchedule


def due_steps(every, first, last, batches_a_step):
    """The steps after which samples were made, a batch at a time."""
    trainer = Mock(spec=Trainer, global_step=first, max_steps=last)
    schedule = SampleSchedule(every)
    schedule.begin(trainer)
    due = []
    for batch in range(1, (last - first) * batches_a_step + 1):
        trainer.global_step = first + batch // batches_a_step
        if schedule.is_due(trainer):
            due.append(trainer.global_step)
    return due


@pytest.mark.parametrize("batches_a_step", [1, 3])
def test_every_so_many_steps_and_the_last_one_each_once(batches_a_step):
    assert due_steps(4, 0, 10, batches_a_step) == [4, 8, 10]
    assert due_steps(5, 0, 10, batches_a_step) == [5, 10]
    assert due_steps(99, 0, 3, batches_a_step) == [3]


@pytest.mark.parametrize("batches_a_step", [1, 3])
def test_a_resumed_run_does_not_repeat_the_step_where_it_begins(batches_a_step):
    assert due_steps(4, 4, 10, batches_a_step) == [8, 10]
