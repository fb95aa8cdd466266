import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.database import Database
from store.paging import InvalidCursorError, PageRequest, decode_cursor, encode_cursor
from store.participants import list_participants
from store.tables import Participant

MOMENT = datetime(2026, 6, 1, 12, tzinfo=UTC)
instants = st.datetimes(timezones=st.timezones() | st.just(UTC))


def forged(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(instants.filter(lambda at: at.utcoffset() is not None), st.uuids())
def test_a_cursor_says_where_the_page_ended(at: datetime, row_id: UUID) -> None:
    cursor = encode_cursor(at, row_id)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    found, identifier = decode_cursor(cursor)
    assert found.isoformat() == at.isoformat()
    assert identifier == row_id


@given(
    st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()) | st.text().map(forged)
)
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(text)


@given(st.data())
def test_a_damaged_cursor_is_read_or_refused(data: st.DataObject) -> None:
    cursor = encode_cursor(MOMENT, UUID(int=7))
    place = data.draw(st.integers(0, len(cursor)))
    damaged = cursor[:place] + data.draw(st.text(max_size=3)) + cursor[place + data.draw(st.integers(0, 3)) :]
    try:
        at, _ = decode_cursor(damaged)
    except InvalidCursorError:
        return
    assert at.tzinfo is not None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "a",
        "\ud800",
        "1",
        forged("|"),
        forged("2026-06-01T12:00:00+00:00"),
        forged(f"2026-06-01T12:00:00|{UUID(int=1)}"),
        forged(f"2026-13-01T12:00:00+00:00|{UUID(int=1)}"),
        forged("2026-06-01T12:00:00+00:00|1"),
        forged(f"' OR 1=1 --|{UUID(int=1)}"),
        encode_cursor(MOMENT, UUID(int=1)) + "!",
    ],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(cursor)


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-14))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(microseconds=1))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59, seconds=59))),
    ],
)
async def test_a_cursor_at_the_edge_of_time_pages_like_any_other(
    database: Database, program_id: UUID, at: datetime
) -> None:
    async with database.transaction() as session:
        page = await list_participants(session, program_id, None, PageRequest(5, encode_cursor(at, uuid4())))
    assert page.rows == []


async def test_pages_meet_without_gaps_or_repeats_even_within_one_instant(
    database: Database, program_id: UUID
) -> None:
    people = [
        Participant(program_id=program_id, external_id=str(n), created_at=MOMENT + timedelta(seconds=n // 4))
        for n in range(11)
    ]
    async with database.transaction() as session:
        session.add_all(people)
    expected = sorted(((person.created_at, person.id) for person in people), reverse=True)

    for limit in (1, 3, 4, 11, 50):
        seen: list[tuple[datetime, UUID]] = []
        cursor: str | None = None
        while True:
            async with database.transaction() as session:
                page = await list_participants(session, program_id, None, PageRequest(limit, cursor))
            assert len(page.rows) <= limit
            seen += [(person.created_at, person.id) for person in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == expected


async def test_a_row_added_meanwhile_does_not_shift_the_next_page(
    database: Database, program_id: UUID
) -> None:
    async def add(name: str, minute: int) -> None:
        async with database.transaction() as session:
            at = MOMENT + timedelta(minutes=minute)
            session.add(Participant(program_id=program_id, external_id=name, created_at=at))

    for number, name in enumerate("abcd"):
        await add(name, number)
    async with database.transaction() as session:
        first = await list_participants(session, program_id, None, PageRequest(2))
    await add("newer", 60)
    async with database.transaction() as session:
        second = await list_participants(session, program_id, None, PageRequest(2, first.next_cursor))
    assert [person.external_id for page in (first, second) for person in page.rows] == ["d", "c", "b", "a"]
    assert second.next_cursor is None
