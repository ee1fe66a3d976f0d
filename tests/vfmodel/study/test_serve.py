"""The server over real sockets: raters at once, hostile requests, sudden death."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from hdvg.errors import InputError
from vfmodel.study.serve import ServeConfig, StudyServer
from vfmodel.study.study_folder import load_study
from vfmodel.study.vote_store import VoteStore


@pytest.fixture
def folder(built, tmp_path):
    shutil.copytree(built, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def server(folder, study_tools):
    with study_tools.serving(folder, max_raters=50) as server:
        yield server


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    found = reply.status, dict(reply.getheaders()), reply.read()
    connection.close()
    return found


def post(port, path, content):
    status, _, body = ask(port, "POST", path, json.dumps(content))
    return status, json.loads(body)


def wait_for(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def answer(position, choice="left"):
    choices = dict.fromkeys(("quality", "text", "overall"), choice)
    return {"position": position, "seconds": 1.0, **choices}


def join_and_vote(port, study, positions):
    _, rater = post(port, "/api/join", {"study": study.study_id})
    head = {"study": study.study_id, **{name: rater[name] for name in ("rater", "sheet", "token")}}
    statuses = []
    for position in positions:
        statuses.append(post(port, "/api/votes", head | {"answers": [answer(position)]})[0])
    return head, statuses


def test_the_page_and_the_videos_are_served_whole_and_in_parts(server, folder):
    port = server.server_address[1]
    status, headers, page = ask(port, "GET", "/")
    assert status == 200
    assert headers["X-Frame-Options"] == "DENY"
    assert b'"collect":"server"' in page
    assert ask(port, "GET", "/index.html?sheet=1")[2] == page
    name = load_study(folder).pairs[0].first.name
    whole = (folder / f"public/media/{name}.mp4").read_bytes()
    status, headers, body = ask(port, "GET", f"/media/{name}.mp4")
    assert (status, headers["Content-Type"], body) == (200, "video/mp4", whole)
    assert "Last-Modified" not in headers
    status, headers, body = ask(port, "GET", f"/media/{name}.mp4", headers={"Range": "bytes=5-9"})
    assert (status, body) == (206, whole[5:10])
    assert headers["Content-Range"] == f"bytes 5-9/{len(whole)}"
    assert ask(port, "GET", f"/media/{name}.mp4", headers={"Range": "bytes=999999999-"})[0] == 416
    status, headers, body = ask(port, "HEAD", f"/media/{name}.mp4")
    assert (status, headers["Content-Length"], body) == (200, str(len(whole)), b"")


@pytest.mark.parametrize(
    "path",
    [
        "/study.json",
        "/secret",
        "/votes.sqlite",
        "/media/../study.json",
        "/media/..%2f..%2fstudy.json",
        "/media/../../secret",
        "//etc/passwd",
        "/media//etc/passwd",
        "/media/",
        "/public/index.html",
        "/api/votes",
        "/media/0000000000000000.mp4",
    ],
)
def test_nothing_else_is_served(server, path):
    status, _, body = ask(server.server_address[1], "GET", path)
    assert (status, json.loads(body)) == (404, {"error": "there is nothing here"})


def test_many_raters_at_once_lose_nothing(server, folder):
    port, study = server.server_address[1], server.desk.study
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(join_and_vote(port, study, range(6))))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [statuses for _, statuses in results] == [[200] * 6] * 20
    assert server.desk.store.count() == (20, 120)


def test_forged_and_broken_requests_are_refused_and_the_server_goes_on(server):
    port, study = server.server_address[1], server.desk.study
    head, _ = join_and_vote(port, study, [0])
    victim, _ = join_and_vote(port, study, [])
    forged = victim | {"token": head["token"], "answers": [answer(1)]}
    assert post(port, "/api/votes", forged)[0] == 403
    assert post(port, "/api/votes", head | {"answers": [answer(99)]})[0] == 400
    assert post(port, "/api/nothing", {})[0] == 404
    assert post(port, "/api/join", {"study": "other"})[0] == 409
    for body in (b"{", b"[]", b"\xff", b"[" * 50_000, b"", b"null"):
        assert ask(port, "POST", "/api/votes", body)[0] == 400
    assert ask(port, "POST", "/api/votes", b"x" * 70_000)[0] == 413
    for length in ("-1", "x", "9" * 30, ""):
        headers = {"Content-Length": length}
        assert ask(port, "POST", "/api/votes", headers=headers)[0] == 413
    assert ask(port, "PUT", "/")[0] == 501
    assert server.desk.store.count() == (2, 1)


def test_a_rater_who_hangs_up_disturbs_nobody(server, capfd):
    port = server.server_address[1]
    for sent in (b"", b"GET / HT", b"POST /api/votes HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"):
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(sent)
    assert ask(port, "GET", "/")[0] == 200
    assert capfd.readouterr().err == ""


def test_too_many_connections_are_turned_away_and_later_ones_are_not(server, monkeypatch):
    port = server.server_address[1]
    monkeypatch.setattr(server, "_free", threading.BoundedSemaphore(2))
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    wait_for(lambda: server._free._value == 0)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(port, "GET", "/")
    for connection in held:
        connection.close()
    wait_for(lambda: server._free._value == 2)
    assert ask(port, "GET", "/")[0] == 200
    wait_for(lambda: server._free._value == 2)


def start_process(folder):
    # A shell's background jobs ignore Ctrl-C, and so would what they start.
    code = (
        "import pathlib, signal, sys; from vfmodel.study.serve import ServeConfig, serve;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "serve(pathlib.Path(sys.argv[1]), ServeConfig(port=0))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().split()[0]
    return process, int(url.rstrip("/").rpartition(":")[2])


def test_a_killed_server_has_lost_no_vote_and_its_raters_go_on(folder):
    study = load_study(folder)
    process, port = start_process(folder)
    saved = {}

    def rate():
        _, rater = post(port, "/api/join", {"study": study.study_id})
        head = {n: rater[n] for n in ("rater", "sheet", "token")} | {"study": study.study_id}
        saved[rater["rater"]] = (head, set())
        try:
            for turn in range(10_000):
                sent = head | {"answers": [answer(turn % 6, ("left", "tie")[turn // 6 % 2])]}
                if post(port, "/api/votes", sent)[0] == 200:
                    saved[rater["rater"]][1].add(turn % 6)
        except (OSError, http.client.HTTPException):
            return

    threads = [threading.Thread(target=rate) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_for(lambda: sum(len(positions) > 2 for _, positions in list(saved.values())) == 5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for thread in threads:
        thread.join()
    process.stdout.close()
    process, port = start_process(folder)
    head, _ = next(iter(saved.values()))
    assert post(port, "/api/votes", head | {"answers": [answer(5)]}) == (200, {"saved": 1})
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()
    store = VoteStore(folder / "votes.sqlite", study.study_id)
    kept = {a.rater: {each.position for each in a.answers} for a in store.read([6] * 3)}
    store.close()
    for rater, (_, positions) in saved.items():
        assert positions <= kept[rater]


def test_an_address_in_use_is_refused(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}"):
            StudyServer(folder, ServeConfig(port=port))


@pytest.mark.parametrize(("field", "value"), [("port", -1), ("port", 65536), ("max_raters", 0)])
def test_a_bad_setting_is_named(field, value):
    with pytest.raises(InputError, match=field):
        ServeConfig(**{field: value})
