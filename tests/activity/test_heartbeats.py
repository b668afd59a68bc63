"""Heartbeats in WakaTime's protocol: what is believed of them, and who may send them."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.activity.heartbeat_server import RATE, Heartbeats
from codevault.activity.heartbeats import LARGEST, MOST, Beat, read_beats, signals_of
from codevault.activity.model import Signal, SignalKind, Watched
from tests.activity.seen import SHOP

KEY = "3f0f6b0e-0000-4000-8000-1234567890ab"
PROJECT = Watched(project=SHOP, root="/home/me/shop")
BULK = "/api/v1/users/current/heartbeats.bulk"
# What wakatime 13.1.0 sent for a save, as a server of this test's kind received it (names shortened).
RECORDED = json.dumps(
    [
        {
            "time": 1795386395.5846357,
            "entity": "/home/me/shop/billing/tax.py",
            "type": "file",
            "category": None,
            "is_write": True,
            "project": None,
            "branch": None,
            "language": "Python",
            "dependencies": [],
            "lines": 1,
            "lineno": None,
            "cursorpos": None,
            "user_agent": "wakatime/13.1.0 (Linux-6.18-x86_64-with-glibc2.36) Python3.9.18.final.0 vim/9",
        }
    ]
).encode()


class Client:
    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, body: bytes = RECORDED, path: str = BULK, *, key: str = KEY, **headers: str) -> tuple[int, bytes]:
        """The status and the answer; headers as WakaTime's client sets them, unless others are given."""
        given = {
            "Host": f"127.0.0.1:{self.port}",
            "Authorization": "Basic " + base64.b64encode(key.encode()).decode(),
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def server() -> Iterator[Heartbeats]:
    made = Heartbeats(KEY, clock=lambda: 0.0)
    made.watch([PROJECT])
    yield made
    made.close()


@pytest.fixture
def client(server: Heartbeats) -> Client:
    return Client(server.port)


def kinds(signals: list[Signal]) -> list[tuple[SignalKind, str]]:
    return [(signal.kind, signal.path) for signal in signals]


def test_a_recorded_request_is_a_beat_and_a_save(server: Heartbeats, client: Client) -> None:
    status, answer = client.post()

    assert (status, json.loads(answer)) == (202, {"responses": [[{"data": None}, 201]]})
    assert kinds(list(server.poll(7))) == [(SignalKind.BEAT, "billing/tax.py"), (SignalKind.CHANGED, "billing/tax.py")]
    assert server.poll(8) == ()


def test_one_beat_may_come_alone_and_by_every_path_a_client_makes_of_the_setting(
    server: Heartbeats, client: Client
) -> None:
    beat = json.dumps({"entity": "/home/me/shop/a.py", "type": "file", "time": 1.5}).encode()
    paths = ("/api/v1", "/api/v1/users/current/heartbeats", "/v1/users/current/heartbeats?x=1")

    assert [client.post(beat, path)[0] for path in paths] == [202, 202, 202]
    assert kinds(list(server.poll(0))) == [(SignalKind.BEAT, "a.py")] * 3


def test_what_should_not_come_in_does_not(server: Heartbeats, client: Client) -> None:
    statuses = {
        "another key": client.post(key="another")[0],
        "no key": client.post(Authorization="Bearer x")[0],
        "no base64": client.post(Authorization="Basic ???")[0],
        "another name": client.post(Host="evil.example:80")[0],
        "a browser": client.post(Origin="https://evil.example")[0],
        "another path": client.post(path="/api/v1/users/current/summaries")[0],
        "no length": client.post(Content_Length="-1")[0],
        "in chunks": client.post(Transfer_Encoding="chunked")[0],
        "too long": client.post(b"", Content_Length=str(LARGEST + 1))[0],
        "no JSON": client.post(b"{not json")[0],
    }

    assert list(statuses.values()) == [401, 401, 401, 403, 403, 404, 411, 411, 413, 400]
    assert (server.poll(0), server.state().refused) == ((), len(statuses))


def test_there_is_nothing_to_be_read_here(server: Heartbeats) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()

    assert status == 404


def test_too_many_requests_are_turned_away(server: Heartbeats, client: Client) -> None:
    statuses = [client.post()[0] for _ in range(int(RATE * 5) + 3)]

    assert set(statuses[: int(RATE * 5)]) == {202}
    assert set(statuses[int(RATE * 5) :]) == {429}


def test_a_client_that_stalls_holds_nobody_up(server: Heartbeats, client: Client) -> None:
    stalled = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    stalled[0].sendall(b"POST /api/v1 HTTP/1.1\r\nHost: ")

    assert client.post()[0] == 202
    for connection in stalled:
        connection.close()


def test_it_listens_on_loopback_only(server: Heartbeats) -> None:
    assert server._server.server_address[0] == "127.0.0.1"


NO_BEATS: list[object] = [
    {"entity": "relative.py", "time": 1},
    {"entity": "/a\0b", "time": 1},
    {"entity": "/" + "a" * 5000, "time": 1},
    {"entity": "", "time": 1},
    {"entity": 5, "time": 1},
    {"entity": "/a", "time": "now"},
    {"entity": "/a", "time": True},
    {"entity": "/a", "time": float("inf")},
    {"entity": "/a"},
    {"entity": "github.com", "type": "domain", "time": 1},
    "a text",
    [[]],
]
NO_BODIES = [
    b"",
    b"\xff\xfe",
    b"5",
    b"[" * 100_000,
    b" " * (LARGEST + 1),
    json.dumps([{}] * (MOST + 1)).encode(),
]
OUTSIDE = ["/home/me/shop/../other/a.py", "/etc/passwd", "/home/me/shopping/a.py", "/home/me/shop", "/"]


def test_beats_that_mean_nothing_are_refused_and_the_others_are_taken() -> None:
    read = read_beats(json.dumps([*NO_BEATS, {"entity": "/home/me/shop/a.py", "time": 1}]).encode())

    assert read is not None
    assert (read.refused, read.beats[-1]) == (len(NO_BEATS), Beat(path="/home/me/shop/a.py"))


def test_a_body_that_is_no_such_request_is_refused_whole() -> None:
    assert [read_beats(body) for body in NO_BODIES] == [None] * len(NO_BODIES)


def test_paths_outside_of_every_project_are_counted_and_nothing_else() -> None:
    read = read_beats(json.dumps([{"entity": path, "time": 1} for path in OUTSIDE]).encode())

    assert read is not None
    assert signals_of([beat for beat in read.beats if beat], [PROJECT], 0) == ([], len(OUTSIDE))


def test_the_innermost_project_gets_the_beat() -> None:
    inner = Watched(project=type(SHOP)("bb"), root="/home/me/shop/inner")
    signals, _ = signals_of([Beat(path="/home/me/shop/inner/a.py")], [PROJECT, inner], 5)

    assert [(signal.project, signal.path, signal.at_ns) for signal in signals] == [("bb", "a.py", 5)]


@pytest.mark.scale
def test_a_real_client_of_wakatime_is_understood(server: Heartbeats, tmp_path: Path) -> None:
    """`WAKATIME` names the program of `pip install wakatime==13.1.0` under a Python below 3.10."""
    program = os.environ.get("WAKATIME", "")
    if not program:
        pytest.skip("WAKATIME names no client")
    (tmp_path / "a.py").write_text("x = 1\n")
    config = tmp_path / "wakatime.cfg"
    config.write_text(f"[settings]\napi_key = {KEY}\napi_url = http://127.0.0.1:{server.port}/api/v1\n")
    server.watch([Watched(project=SHOP, root=str(tmp_path))])
    command = [program, "--entity", str(tmp_path / "a.py"), "--config", str(config), "--write", "--plugin", "vim/9"]
    done = subprocess.run(command, env={**os.environ, "WAKATIME_HOME": str(tmp_path)}, capture_output=True)

    assert done.returncode == 0, done.stderr.decode(errors="replace") + sys.version
    assert kinds(list(server.poll(0))) == [(SignalKind.BEAT, "a.py"), (SignalKind.CHANGED, "a.py")]
