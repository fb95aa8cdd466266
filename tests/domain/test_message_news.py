"""News of messages: in whatever order and however often they come, the end is the same."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.message_events import MessageEventType
from domain.message_news import (
    INSTANT_OF,
    REPEATED,
    MessageNews,
    MessageState,
    NewsKind,
    consequences,
)
from domain.messages import MessageStatus
from domain.suppressions import SuppressionReason

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
NEWS = st.builds(
    MessageNews,
    kind=st.sampled_from(NewsKind),
    at=st.integers(0, 5).map(lambda minutes: AT + timedelta(minutes=minutes)),
    provider_id=st.just("SM1"),
)
TOLD_OF = st.sampled_from([MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.SENDING])


def told(status: MessageStatus, news: list[MessageNews]) -> tuple[object, ...]:
    """How the message ends, which events told of it once, and why its address is suppressed."""
    state = MessageState(status)
    events: list[MessageEventType] = []
    reasons: set[SuppressionReason | None] = set()
    for one in news:
        follows = consequences(state, one)
        state = follows.after
        if follows.event is not None and one.kind not in REPEATED:
            events.append(follows.event)
        reasons.add(follows.suppression)
    return state, sorted(events), reasons - {None}


@given(TOLD_OF, st.lists(NEWS, max_size=8), st.data())
def test_neither_order_nor_repetition_matters(
    status: MessageStatus, news: list[MessageNews], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(news), max_size=4)) if news else []
    shuffled = data.draw(st.permutations([*news, *again]))
    assert told(status, shuffled) == told(status, news)


@given(TOLD_OF, st.lists(NEWS, max_size=8))
def test_each_instant_is_of_the_first_time(status: MessageStatus, news: list[MessageNews]) -> None:
    state = MessageState(status)
    for one in news:
        state = consequences(state, one).after
    for name in set(INSTANT_OF.values()):
        times = [one.at for one in news if INSTANT_OF.get(one.kind) == name]
        assert state.instants.get(name) == min(times, default=None)


@given(st.lists(NEWS, min_size=1, max_size=8))
def test_a_send_in_doubt_is_sent_if_anybody_has_seen_it_and_failed_if_it_only_came_back(
    news: list[MessageNews],
) -> None:
    state = MessageState(MessageStatus.UNKNOWN)
    for one in news:
        state = consequences(state, one).after
    only_failed = all(one.kind is NewsKind.FAILED for one in news)
    assert state.status is (MessageStatus.FAILED if only_failed else MessageStatus.SENT)


@given(st.sampled_from(MessageStatus), NEWS)
def test_what_the_record_says_was_never_begun_or_has_ended_is_left_so(
    status: MessageStatus, news: MessageNews
) -> None:
    after = consequences(MessageState(status), news).after.status
    if status in {MessageStatus.NOT_TRIED, MessageStatus.SKIPPED, MessageStatus.CANCELLED}:
        assert after is status
