"""Requests that may be repeated: one attempt at a time, one answer, for a day."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from store.database import Database
from store.idempotency import (
    CLAIM_LIFETIME,
    LIFETIME,
    Answer,
    Claim,
    InProgressError,
    KeyReusedError,
    RepeatableRequest,
    claim_request,
    discard_expired_requests,
    keep_answer,
    key_hash,
    release_request,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANSWER = Answer(201, "application/json", '{"id": "x"}')


def new_request(scope: str = "organisation/admin") -> RepeatableRequest:
    return RepeatableRequest(scope, key_hash(str(uuid4())), "POST /v1/things", "hash of the request")


async def claim(database: Database, request: RepeatableRequest, now: datetime = NOW) -> Claim | Answer:
    async with database.transaction() as session:
        return await claim_request(session, request, now)


async def claimed(database: Database, request: RepeatableRequest, now: datetime = NOW) -> Claim:
    found = await claim(database, request, now)
    assert isinstance(found, Claim)
    return found


async def keep(database: Database, held: Claim, answer: Answer = ANSWER) -> None:
    async with database.transaction() as session:
        await keep_answer(session, held, answer)


async def release(database: Database, held: Claim) -> None:
    async with database.transaction() as session:
        await release_request(session, held, NOW)


async def test_an_answer_is_given_again(database: Database) -> None:
    request = new_request()
    await keep(database, await claimed(database, request))
    assert await claim(database, request, NOW + LIFETIME / 2) == ANSWER


async def test_of_attempts_at_once_one_is_let_through(database: Database) -> None:
    request = new_request()
    results = await asyncio.gather(*(claim(database, request) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, InProgressError) for result in results) == 4


async def test_another_request_with_the_key_is_refused_at_any_stage(database: Database) -> None:
    request = new_request()
    other = RepeatableRequest(request.scope, request.key_hash, request.request, "hash of another")
    held = await claimed(database, request)
    for settle in (release, keep):
        with pytest.raises(KeyReusedError):
            await claim(database, other, NOW)
        await settle(database, held)
    with pytest.raises(KeyReusedError):
        await claim(database, other, NOW)


async def test_scopes_do_not_share_keys(database: Database) -> None:
    request = new_request()
    other = RepeatableRequest("another/admin", request.key_hash, request.request, request.request_hash)
    await keep(database, await claimed(database, request))
    await claimed(database, other)


async def test_a_released_request_may_be_tried_again_as_the_same_one(database: Database) -> None:
    request = new_request()
    first = await claimed(database, request)
    await release(database, first)
    second = await claimed(database, request)
    assert second.request_id == first.request_id
    assert second.attempt != first.attempt


async def test_an_attempt_that_crashed_blocks_the_key_only_for_a_while(database: Database) -> None:
    request = new_request()
    crashed = await claimed(database, request)
    with pytest.raises(InProgressError) as caught:
        await claim(database, request, NOW + CLAIM_LIFETIME / 2)
    assert caught.value.until == NOW + CLAIM_LIFETIME
    next_one = await claimed(database, request, NOW + CLAIM_LIFETIME)
    assert next_one.request_id == crashed.request_id


async def test_an_attempt_that_was_overtaken_neither_answers_nor_releases(database: Database) -> None:
    request = new_request()
    slow = await claimed(database, request)
    later = NOW + CLAIM_LIFETIME
    quick = await claimed(database, request, later)
    await release(database, slow)
    await keep(database, slow, Answer(201, None, "of the slow one"))
    with pytest.raises(InProgressError):
        await claim(database, request, later)
    await keep(database, quick)
    assert await claim(database, request, later) == ANSWER


async def test_after_a_day_the_key_is_free_for_any_request(database: Database) -> None:
    request = new_request()
    first = await claimed(database, request)
    await keep(database, first)
    other = RepeatableRequest(request.scope, request.key_hash, "POST /v1/others", "hash of another")
    second = await claimed(database, other, NOW + LIFETIME)
    assert second.request_id != first.request_id
    with pytest.raises(InProgressError):
        await claim(database, other, NOW + LIFETIME)


async def test_only_what_has_expired_is_discarded(database: Database) -> None:
    old, young = new_request(), new_request()
    for request, at in ((old, NOW - LIFETIME), (young, NOW)):
        await keep(database, await claimed(database, request, at))
    async with database.transaction() as session:
        assert await discard_expired_requests(session, NOW) >= 1
    assert await claim(database, young, NOW) == ANSWER
    await claimed(database, old, NOW - LIFETIME)
