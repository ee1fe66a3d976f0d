from array import array

from hdvg.scan.count_skipped import count_skipped


def test_skipped_frames_are_counted_and_unsure_ones_left_out(make_scene):
    pts = array("q", [0, 30, 10, 20, 60, 40, 50, 90, 70, 80])  # in coding order
    seen = [
        make_scene(start_pts=0, end_pts=31, boundary_end="cut", num_frames=2),
        make_scene(start_pts=60, end_pts=90, boundary_end="forced", num_frames=1),
        make_scene(start_pts=90, end_pts=99, boundary_end="video_edge", num_frames=1),
    ]
    first, second, third = count_skipped(seen, pts)
    # The frames at 40 and 50 lie between the last one seen before the cut and the first after it.
    assert (first.start_pts, first.end_pts, first.num_frames) == (0, 40, 4)
    assert (second.start_pts, second.end_pts, second.num_frames) == (60, 90, 3)
    assert (third.start_pts, third.end_pts, third.num_frames) == (90, 100, 1)
