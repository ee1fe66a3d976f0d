import pytest

from hdvg.scan.gap import Gap


@pytest.mark.parametrize(
    ("cut", "inside"), [(7, False), (8, True), (15, True), (22, True), (23, False)]
)
def test_cuts_at_its_ends_are_part_of_it(cut, inside):
    assert Gap(start=10, end=20, before="fade", after="fade").absorbs(cut) == inside
