"""What is told of messages after they have left, written down with all that follows from it, in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.addresses import address_of
from domain.message_events import TYPE_OF_STATUS
from domain.message_news import Consequences, MessageNews, MessageState, NewsKind, consequences
from domain.messages import MessageStatus
from domain.outcomes import Outcome
from domain.participant import Consent
from domain.suppressions import SuppressionReason, suppressed_form
from store.ledger import Settlement, ledger_row, settle
from store.message_events import ToldMessage, emit_told_messages
from store.messages import note_contact
from store.participants import Lock, change_participant, get_participant
from store.programs import get_program
from store.runs import hold_run, recount_closed_run
from store.suppressions import suppress
from store.tables import AutomationRun, Message, Participant
from store.tables.message import INSTANTS

BOUNCE_OF = {NewsKind.BOUNCED: "hard", NewsKind.FAILED: "soft", NewsKind.DEFERRED: "soft"}
_OUTCOME_OF = {MessageStatus.SENT: Outcome.SENT, MessageStatus.FAILED: Outcome.FAILED}
_OPEN_TO_NEWS = (Outcome.SENDING, Outcome.DEFERRED, Outcome.UNKNOWN, Outcome.FAILED)
_FIRST_CLICK = text(
    "INSERT INTO message_click (message_id, url, at) VALUES (:message, :url, :at) ON CONFLICT (message_id, url) "
    "DO UPDATE SET at = LEAST(message_click.at, excluded.at) RETURNING xmax = 0"
)


@dataclass(frozen=True, slots=True)
class _Held:
    """A message and what it belongs to, locked. `person` is None for nobody on record, or nobody any more."""

    message: Message
    person: Participant | None
    run: AutomationRun | None


async def follow_message(session: AsyncSession, message_id: UUID, news: MessageNews, source: str) -> bool:
    """Write down what is told of a message: its instants, its run's ledger, suppression, consent and events.

    Answers False where there is no such message. `source`: who tells it. What was told before changes nothing.
    """
    held = await _hold(session, message_id)
    if held is None:
        return False
    message = held.message
    before = _state_of(message)
    # Clocks differ: nothing is told of a message before it was made.
    news = replace(news, at=max(news.at, message.created_at))
    follows = consequences(before, news)
    _write(message, before, follows.after)
    settled = follows.after.status if follows.after.status is not before.status else None
    if settled is not None and held.run is not None:
        await _correct_ledger(session, held.run, message, settled)
    if held.person is None:
        return True
    if settled is MessageStatus.SENT:
        await note_contact(session, [held.person.id], datetime.now(UTC))
    told = list(_events(message, held.person.id, news, follows, settled))
    if news.kind is NewsKind.CLICKED and not await _is_first_click(session, message.id, news):
        told = [one for one in told if one.type is not follows.event]
    await emit_told_messages(session, message.program_id, told)
    if follows.suppression is not None and message.recipient:
        await _suppress(session, message, held.person, follows.suppression, source)
    return True


async def hold_run_of(session: AsyncSession, message: Message) -> AutomationRun | None:
    """The run whose ledger news of the message may change. Whoever locks people, too, holds it before."""
    if message.run_id is None or message.status == MessageStatus.SENT:
        return None
    return await hold_run(session, message.run_id)


async def change_consent(
    session: AsyncSession, person: Participant, channel: Channel, consent: Consent, source: str
) -> None:
    """`person` is locked against change. Subscriptions follow, and rules hear of it."""
    if person.consent.get(channel.value) == consent.value:
        return
    program = await get_program(session, person.program_id)
    assert program is not None
    changed = {"consent": {**person.consent, channel.value: consent.value}}
    await change_participant(session, program, person, changed, source)


async def _hold(session: AsyncSession, message_id: UUID) -> _Held | None:
    """Run, person, message: the order in which senders lock them."""
    found = await session.get(Message, message_id)
    if found is None:
        return None
    run = await hold_run_of(session, found)
    person = None
    if found.participant_id is not None:
        person = await get_participant(session, found.program_id, found.participant_id, Lock.AGAINST_CHANGE)
    statement = select(Message).where(col(Message.id) == message_id).with_for_update(key_share=True)
    message = (await session.exec(statement.execution_options(populate_existing=True))).one()
    return _Held(message, person, run)


def _state_of(message: Message) -> MessageState:
    instants = {name: getattr(message, name) for name in INSTANTS if getattr(message, name) is not None}
    return MessageState(MessageStatus(message.status), message.provider_id, instants)


def _write(message: Message, before: MessageState, after: MessageState) -> None:
    for name, at in after.instants.items():
        setattr(message, name, at)
    message.provider_id = after.provider_id
    if after.status is before.status:
        return
    message.status = after.status.value
    message.settled_at = datetime.now(UTC)
    message.body = message.options = message.claim = None
    if after.status is MessageStatus.SENT:
        message.error = None


async def _correct_ledger(
    session: AsyncSession, run: AutomationRun, message: Message, status: MessageStatus
) -> None:
    assert message.participant_id is not None
    row = await ledger_row(session, run.id, message.participant_id)
    if row is None or row.outcome not in _OPEN_TO_NEWS:
        return
    await settle(session, run.id, [Settlement(row.seq, _OUTCOME_OF[status], None, message.error)])
    if run.counts is not None:
        await recount_closed_run(session, run)


def _events(
    message: Message,
    person_id: UUID,
    news: MessageNews,
    follows: Consequences,
    settled: MessageStatus | None,
) -> Iterator[ToldMessage]:
    whose: dict[str, Any] = {
        "id": message.id,
        "channel": Channel(message.channel),
        "participant_id": person_id,
        "rule_id": message.rule_id,
        "event_id": message.event_id,
        "journey_id": message.journey_id,
    }
    if settled is not None:
        yield ToldMessage(**whose, type=TYPE_OF_STATUS[settled], said={"error": news.reason})
    if follows.event is not None:
        yield ToldMessage(**whose, type=follows.event, said=_said(news))


def _said(news: MessageNews) -> dict[str, Any]:
    said = {
        "reason": news.reason,
        "bounce": BOUNCE_OF.get(news.kind),
        "url": news.url,
        "text": news.text,
    }
    return {name: value for name, value in said.items() if value is not None}


async def _is_first_click(session: AsyncSession, message_id: UUID, news: MessageNews) -> bool:
    """Keeps the link that was followed, with when it was first."""
    if news.url is None:
        return True
    given = {"message": message_id, "url": news.url, "at": news.at}
    return bool((await session.execute(_FIRST_CLICK, given)).scalar_one())


async def _suppress(
    session: AsyncSession, message: Message, person: Participant, reason: SuppressionReason, source: str
) -> None:
    channel = Channel(message.channel)
    await suppress(session, message.program_id, channel, message.recipient, reason, source)
    # A dead address says nothing of the one that the person has now.
    own = address_of(channel, person.model_dump())
    same = own is not None and suppressed_form(channel, own) == suppressed_form(channel, message.recipient)
    if reason is not SuppressionReason.BOUNCE or same:
        await change_consent(session, person, channel, Consent.UNSUBSCRIBED, source)
