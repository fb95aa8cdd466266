"""A file that is sent while it is read: its reading ends with the answer, however that ends."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from starlette.types import Message

from api import csv_response
from api.csv_response import CsvResponse


class Pieces:
    """Endless pieces, and whether whoever reads them has ended it."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.read = 0
        self.is_closed = False
        self._fail_at = fail_at

    async def generate(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                if self.read == self._fail_at:
                    raise ConnectionError
                self.read += 1
                yield b"row\r\n"
        finally:
            # As a query that is cancelled: it takes another look at the network.
            await asyncio.sleep(0)
            self.is_closed = True


class Client:
    """Takes so many pieces, and then goes away, or just takes no more of them."""

    def __init__(self, takes: int, leaves: bool = True) -> None:
        self.taken: list[Message] = []
        self._left = takes
        self._full = asyncio.Event()
        self._leaves = leaves

    async def send(self, message: Message) -> None:
        if self._left == 0:
            self._full.set()
            await asyncio.Event().wait()
        self._left -= 1
        self.taken.append(message)

    async def receive(self) -> Message:
        await self._full.wait()
        if not self._leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}


async def answer(response: CsvResponse, client: Client) -> None:
    await response({"type": "http"}, client.receive, client.send)


async def test_a_file_is_sent_piece_by_piece_and_to_its_end() -> None:
    async def three() -> AsyncGenerator[bytes, None]:
        for piece in (b"a", b"b", b"c"):
            yield piece

    client = Client(takes=10)
    await answer(await CsvResponse.of(three(), "runs.csv"), client)
    start, *parts, end = client.taken
    headers = dict(start["headers"])
    assert start["status"] == 200
    assert headers[b"content-type"] == b"text/csv; charset=utf-8"
    assert headers[b"content-disposition"] == b'attachment; filename="runs.csv"'
    assert b"content-length" not in headers
    assert [part["body"] for part in parts] == [b"a", b"b", b"c"]
    assert all(part["more_body"] for part in parts) and not end["more_body"]


@pytest.mark.parametrize("takes", [0, 1, 5])
async def test_a_client_that_goes_away_ends_the_reading(takes: int) -> None:
    pieces = Pieces()
    await answer(await CsvResponse.of(pieces.generate(), "runs.csv"), Client(takes))
    assert pieces.is_closed
    assert pieces.read <= takes + 1


async def test_a_client_that_takes_too_long_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_response, "LONGEST", timedelta(milliseconds=20))
    pieces = Pieces()
    client = Client(3, leaves=False)
    await answer(await CsvResponse.of(pieces.generate(), "runs.csv"), client)
    assert pieces.is_closed
    assert client.taken[-1]["more_body"], "the client is not told that this is all"


async def test_a_server_that_stops_ends_the_reading() -> None:
    pieces = Pieces()
    client = Client(3, leaves=False)
    serving = asyncio.create_task(answer(await CsvResponse.of(pieces.generate(), "runs.csv"), client))
    while len(client.taken) < 3:
        await asyncio.sleep(0)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert pieces.is_closed


async def test_what_fails_at_once_is_an_error_and_what_fails_later_breaks_the_file_off() -> None:
    with pytest.raises(ConnectionError):
        await CsvResponse.of(Pieces(fail_at=0).generate(), "runs.csv")
    client = Client(takes=10)
    with pytest.raises(ConnectionError):
        await answer(await CsvResponse.of(Pieces(fail_at=2).generate(), "runs.csv"), client)
    assert client.taken[-1]["more_body"]
