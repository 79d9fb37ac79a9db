"""Framing and the writer's queue, without a process."""

from __future__ import annotations

import io
import threading

import pytest

from auto_deployer.lsp import transport
from auto_deployer.lsp.transport import BadFrame, FrameWriter, frames

GOOD = b"Content-Length: 2\r\n\r\n{}"


def split(data: bytes) -> list[bytes | str]:
    """The frames of some input; what is none as "bad"."""
    return ["bad" if isinstance(frame, BadFrame) else frame for frame in frames(io.BytesIO(data).read)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (GOOD * 3, [b"{}"] * 3),
        (b"content-length:2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\n\n{}", [b"{}"]),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + GOOD, [b"{}"]),
        (b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}", [b"{}"]),
        (b"\r\n\r\n" + GOOD, [b"{}"]),
        (b"garbage\r\nmore garbage\r\n" + GOOD, ["bad", b"{}"]),
        (b'{"jsonrpc":"2.0"}' + GOOD, [b"{}"]),
        (b"Content-Length: -5\r\n\r\nabcde\r\n" + GOOD, ["bad", b"{}"]),
        (b"Content-Length: many\r\n\r\n" + GOOD, ["bad", b"{}"]),
        (b"Content-Length: 9999999999999999999999\r\n\r\n" + GOOD, ["bad", b"{}"]),
        (b"Content-Length: 999999999999\r\n\r\n{}" + GOOD, ["bad", b"{}"]),
        (b"\xff\xfe\x00\x01\r\n" + GOOD, ["bad", b"{}"]),
        (b"x" * 300_000 + b"\r\n" + GOOD, ["bad", b"{}"]),
        (b"x" * 300_000 + GOOD, [b"{}"]),
        (b"Content-Length: 0\r\n\r\n" + GOOD, [b"", b"{}"]),
        (b"Content-Length: 50\r\n\r\n{}", []),
        (GOOD + b"Content-Len", [b"{}"]),
    ],
)
def test_frames(data: bytes, expected: list[bytes | str]):
    assert split(data) == expected


def test_frames_from_single_bytes():
    source = io.BytesIO(GOOD * 2)
    assert list(frames(lambda _: source.read(1))) == [b"{}", b"{}"]


class Pipe:
    """A client's end that reads only when told to."""

    def __init__(self) -> None:
        self.reading = threading.Event()
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.reading.wait(20)
        self._chunks.append(data)

    @property
    def written(self) -> bytes:
        return b"".join(self._chunks)


def test_everything_arrives_whole_and_in_order():
    pipe = Pipe()
    pipe.reading.set()
    writer = FrameWriter(pipe.write)
    writer.start()
    bodies = [b"%d" % number * (number % 50 + 1) for number in range(2000)]
    assert all(writer.send(body) for body in bodies)
    writer.close(20)
    assert split(pipe.written) == bodies


def test_output_is_dropped_first_and_events_still_go():
    pipe = Pipe()
    writer = FrameWriter(pipe.write)
    writer.start()
    chunk = b"x" * 100_000
    sent = sum(writer.send(chunk, droppable=True) for _ in range(100))
    assert transport.OUTPUT_LIMIT // len(chunk) <= sent < 20
    assert writer.send(b"event")
    pipe.reading.set()
    writer.close(20)
    assert split(pipe.written) == [chunk] * sent + [b"event"]


def test_a_client_that_reads_nothing_is_given_up_once():
    pipe = Pipe()
    stopped: list[int] = []
    writer = FrameWriter(pipe.write, on_stopped=lambda: stopped.append(1), stall_s=0)
    writer.start()
    chunk = b"x" * (1 << 20)
    sent = sum(writer.send(chunk) for _ in range(200))
    assert 60 <= sent <= 70
    assert writer.stopped
    assert stopped == [1]
    pipe.reading.set()
    writer.close(20)
    assert len(split(pipe.written)) < 2  # what was being written then, no more


def test_a_full_queue_alone_is_no_reason_to_give_up():
    """The replay of a long log may be queued faster than any client reads."""
    pipe = Pipe()
    writer = FrameWriter(pipe.write, stall_s=3600)
    writer.start()
    chunk = b"x" * (1 << 20)
    assert all(writer.send(chunk) for _ in range(100))
    pipe.reading.set()
    writer.close(20)
    assert split(pipe.written) == [chunk] * 100


def test_a_broken_pipe_stops_the_writer():
    def write(_: bytes) -> None:
        raise BrokenPipeError

    gone = threading.Event()
    writer = FrameWriter(write, on_stopped=gone.set)
    writer.start()
    writer.send(b"{}")
    assert gone.wait(20)
    assert not writer.send(b"{}")
