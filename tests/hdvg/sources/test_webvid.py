import math

from hdvg.sources.webvid import read_webvid

HEADER = "videoid,contentUrl,duration,page_dir,name\n"


def test_the_name_is_the_caption_of_the_whole_video(tmp_path):
    path = tmp_path / "results_2M_val.csv"
    path.write_text(
        HEADER + "1066674784,https://ak.example.net/v/1066674784/p.mp4,PT00H00M11S,006001_006050,"
        '"A ball, red,  rolls."\n',
    )
    [video] = read_webvid(path)
    assert video.kind == "url"
    assert video.locator == "https://ak.example.net/v/1066674784/p.mp4"
    assert video.video_id.startswith("webvid-1066674784-")
    [span] = video.spans
    assert (span.start_s, span.end_s, span.name) == (0.0, math.inf, "1066674784")
    assert span.caption == "A ball, red, rolls."


def test_an_id_is_one_video_wherever_it_lies(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        HEADER + "7,https://a.example/7.mp4,PT11S,d,one\n7,https://b.example/7.mp4,P0DT3M,d,two\n"
    )
    first, second = read_webvid(path)
    assert first.video_id == second.video_id


def test_durations_are_not_believed(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(HEADER + "7,https://a.example/7.mp4,,d,one\n8,https://a.example/8.mp4,?,d,x\n")
    assert len(list(read_webvid(path))) == 2


def test_rows_without_a_video_are_counted(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(HEADER + "7,not a url,PT1S,d,one\n,https://a.example/x.mp4,PT1S,d,one\n")
    assert [row.reason for row in read_webvid(path)] == ["no videoid or no URL"] * 2
