"""The endpoint for heartbeats: loopback only, a key of ours, small requests, few at a time, none from browsers."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from codevault.activity.heartbeats import LARGEST, Beat, read_beats, signals_of
from codevault.activity.model import Signal, SourceState, Watched

HOST = "127.0.0.1"
PATHS = frozenset(
    f"{start}{end}"
    for start in ("/api/v1", "/v1")
    for end in ("/users/current/heartbeats", "/users/current/heartbeats.bulk", "")
)
"""Newer clients add the rest to `api_url`, the one in Python (13) takes it as it is: one setting serves both."""

RATE = 20.0
"""Requests a second, and five times as many at once; an editor sends one every two minutes, and one a save."""

_MOST_WAITING = 2000
_MOST_AT_ONCE = 8
_PATIENCE_S = 3.0
_ROUND_S = 30.0  # between two looks whether it is to end: a process that waits should not wake up for nothing


class Heartbeats:
    """A `Source` that listens for editors' heartbeats. `port` 0 takes any; `OSError` when it cannot listen."""

    def __init__(self, key: str, port: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._waiting: deque[Beat] = deque(maxlen=_MOST_WAITING)
        self._projects: Sequence[Watched] = ()
        self._guard = threading.Lock()
        self._refused = 0
        self._outside = 0
        self._server = _Server(port, _Gate(key, clock), self._take, self._refuse)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_ROUND_S,), name="heartbeats", daemon=True
        )
        self._thread.start()

    def watch(self, projects: Sequence[Watched]) -> None:
        """See `Source.watch`."""
        self._projects = tuple(projects)

    def poll(self, now_ns: int) -> Sequence[Signal]:
        """See `Source.poll`."""
        with self._guard:
            beats = tuple(self._waiting)
            self._waiting.clear()
        if not beats:
            return ()
        signals, outside = signals_of(beats, self._projects, now_ns)
        self._outside += outside
        return signals

    def state(self) -> SourceState:
        """See `Source.state`. `refused` counts beats that meant nothing, or lay in no project."""
        with self._guard:
            return SourceState(
                name="heartbeats",
                working=self._thread.is_alive(),
                watches=len(self._projects),
                refused=self._refused + self._outside,
            )

    def close(self) -> None:
        """See `Source.close`."""
        if self._thread.is_alive():
            threading.Thread(target=self._server.shutdown, daemon=True).start()
        while self._thread.is_alive():  # a connection ends the round it is in
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
                self._thread.join(0.05)
        self._server.server_close()

    def _take(self, beats: Sequence[Beat], refused: int) -> None:
        with self._guard:
            self._refused += refused + max(0, len(self._waiting) + len(beats) - _MOST_WAITING)
            self._waiting.extend(beats)

    def _refuse(self) -> None:
        with self._guard:
            self._refused += 1


class _Gate:
    """Who may come in: the key, and not too often."""

    def __init__(self, key: str, clock: Callable[[], float]) -> None:
        self._key = key.encode()
        self._clock = clock
        self._lock = threading.Lock()
        self._left = RATE * 5
        self._asked = clock()

    def knows(self, authorization: str) -> bool:
        kind, _, given = authorization.partition(" ")
        try:
            key = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        return hmac.compare_digest(key.strip().rstrip(b":"), self._key) and kind.lower() == "basic"

    def lets_in(self) -> bool:
        with self._lock:
            now = self._clock()
            self._left = min(RATE * 5, self._left + RATE * (now - self._asked))
            self._asked = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(
        self, port: int, gate: _Gate, take: Callable[[Sequence[Beat], int], None], refuse: Callable[[], None]
    ) -> None:
        super().__init__((HOST, port), _Handler)
        self.gate = gate
        self.take = take
        self.refuse = refuse
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Starts a thread, or hangs up when there are enough."""
        if not self._places.acquire(blocking=False):
            self.refuse()
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Gives the place back at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A client that goes away or stalls is nobody's business."""
        self.refuse()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout: ClassVar[float] = _PATIENCE_S
    protocol_version = "HTTP/1.1"
    server_version = "CodeVault"
    sys_version = ""

    def do_POST(self) -> None:
        """Takes beats."""
        refused = self._refusal()
        if refused is not None:
            self._refuse(refused)
            return
        length = int(self.headers["Content-Length"])
        read = read_beats(self.rfile.read(length))
        if read is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self.server.take([beat for beat in read.beats if beat is not None], read.refused)
        each = [[{"data": None if beat else {"error": "not understood"}}, 201 if beat else 400] for beat in read.beats]
        self._answer(HTTPStatus.ACCEPTED, {"responses": each} if read.many else {"data": {}})

    def do_GET(self) -> None:
        """There is nothing to be had here."""
        self._refuse(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What a client sends is never written to a log."""

    def _refusal(self) -> HTTPStatus | None:
        """Why this request gets nothing. A browser sends an Origin, and a name that was rebound another Host."""
        port = self.server.server_address[1]
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Host") not in {f"{HOST}:{port}", f"localhost:{port}"} or self.headers.get("Origin"):
            return HTTPStatus.FORBIDDEN
        if not self.server.gate.lets_in():
            return HTTPStatus.TOO_MANY_REQUESTS
        if not self.server.gate.knows(self.headers.get("Authorization", "")):
            return HTTPStatus.UNAUTHORIZED
        if self.path.split("?")[0] not in PATHS:
            return HTTPStatus.NOT_FOUND
        if not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            return HTTPStatus.LENGTH_REQUIRED
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if len(length) > 9 or int(length) > LARGEST else None

    def _refuse(self, status: HTTPStatus) -> None:
        self.server.refuse()
        self.close_connection = True  # what else it sent is not read
        self._answer(status, {"error": status.phrase})

    def _answer(self, status: HTTPStatus, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
