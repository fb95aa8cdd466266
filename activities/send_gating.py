"""The gates at send time, asked for a batch of messages: by runs, by the queue and by journeys."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.guards import guard_of
from domain.actions import SendMessage
from domain.addresses import address_of
from domain.automation import Definition
from domain.occasions import occasion_of
from domain.program_settings import readable_rules
from domain.send_gates import (
    Candidate,
    Contact,
    Decision,
    Person,
    SendingRules,
    Surroundings,
    counts,
    decide_alone,
    is_address,
    limits_of,
    longest_window,
    share_out,
)
from store.ledger import rows_numbered
from store.messages import message_id_of
from store.participant_values import TEMPLATE_COLUMNS
from store.send_facts import (
    contacts_since,
    enrolled_rows,
    people_to_write_to,
    queued_for,
    sent_for_their_occasion,
    suppressed_addresses,
)
from store.tables import AutomationRun, Program


async def gate_sends(
    session: AsyncSession, program: Program, candidates: Sequence[Candidate], now: datetime
) -> dict[UUID, Decision]:
    """What becomes of each message, by its id, if it is to be sent now.

    Until the transaction ends nobody erases these people and, where a limit applies or a message has an occasion, nobody
    else decides what they are sent. So whoever writes messages that are open as `queued` or `sending` in this transaction
    keeps to every cap, and sends one for each occasion.
    Where a limit leaves room for some of what waits for a person, here, in the queue and in runs, rank decides.
    """
    rules = readable_rules(program.settings)
    limited = [candidate for candidate in candidates if limits_of(candidate, rules)]
    counted = bool(limited) or any(candidate.occasion is not None for candidate in candidates)
    people = await people_to_write_to(
        session, {candidate.participant_id for candidate in candidates}, one_at_a_time=counted
    )
    decisions = await _decide_alone(session, program, rules, candidates, people, now)
    contested = {one.participant_id for one in limited if _takes_room(one, decisions[one.id])}
    if contested:
        waiting = [one for one in candidates if _takes_room(one, decisions[one.id])]
        shared = await _share_out(session, program, rules, waiting, people, contested, now)
        decisions |= {one.id: shared[one.id] for one in waiting if one.id in shared}
    return decisions


async def _decide_alone(
    session: AsyncSession,
    program: Program,
    rules: SendingRules,
    candidates: Sequence[Candidate],
    people: dict[UUID, Person],
    now: datetime,
) -> dict[UUID, Decision]:
    suppressed = await suppressed_addresses(session, program.id, candidates)
    sent_before = await sent_for_their_occasion(session, candidates, now)
    around = Surroundings(program.id, program.timezone, suppressed, now, sent_before)
    return {
        candidate.id: decide_alone(candidate, people.get(candidate.participant_id), rules, around)
        for candidate in candidates
    }


async def _share_out(
    session: AsyncSession,
    program: Program,
    rules: SendingRules,
    waiting: Sequence[Candidate],
    people: dict[UUID, Person],
    contested: Collection[UUID],
    now: datetime,
) -> dict[UUID, Decision]:
    """By id: also of those that wait elsewhere."""
    ids = {one.id for one in waiting}
    elsewhere = await queued_for(session, contested, ids)
    elsewhere += [
        one for one in await _waiting_in_runs(session, program.id, contested, now) if one.id not in ids
    ]
    alone = await _decide_alone(session, program, rules, elsewhere, people, now)
    rivals = [one for one in elsewhere if _takes_room(one, alone[one.id])]
    by_person: dict[UUID, list[Candidate]] = {person: [] for person in contested}
    for candidate in [*waiting, *rivals]:
        if candidate.participant_id in by_person:
            by_person[candidate.participant_id].append(candidate)
    longest = longest_window(limit for one in [*waiting, *rivals] for limit in limits_of(one, rules))
    contacts: dict[UUID, list[Contact]] = await contacts_since(session, contested, now - longest, now)
    decisions: dict[UUID, Decision] = {}
    for person, theirs in by_person.items():
        decisions |= share_out(theirs, contacts.get(person, []), rules, now)
    return decisions


def _takes_room(candidate: Candidate, decision: Decision) -> bool:
    """Whether it goes, but for the limits. One whose address is none goes no further than its channel."""
    return decision.is_open and counts(candidate) and is_address(candidate.channel, candidate.address)


async def _waiting_in_runs(
    session: AsyncSession, program_id: UUID, people: Collection[UUID], now: datetime
) -> list[Candidate]:
    """Messages of runs that have not got to these people yet, and whose guards let them through."""
    by_run: dict[UUID, list[int]] = {}
    for row in await enrolled_rows(session, program_id, people):
        by_run.setdefault(row.run_id, []).append(row.seq)
    waiting: list[Candidate] = []
    for run_id, seqs in sorted(by_run.items()):
        run = await session.get_one(AutomationRun, run_id)
        definition = Definition.model_validate(run.definition)
        assert isinstance(definition.action, SendMessage)
        guard = await guard_of(session, run, definition, now)
        rows = await rows_numbered(session, run_id, seqs, sorted({*guard.columns, *TEMPLATE_COLUMNS}))
        passed, _ = await guard.divide(rows)
        waiting += [candidate_of(run, definition.action, row) for row in passed]
    return waiting


def candidate_of(run: AutomationRun, action: SendMessage, row: RowMapping) -> Candidate:
    """The message of a run to the participant of one row of its ledger."""
    return Candidate(
        id=message_id_of(run.id, row["participant_id"]),
        participant_id=row["participant_id"],
        channel=action.channel,
        address=address_of(action.channel, row),
        policy=action.sending,
        source=run.automation_id,
        occasion=occasion_of(row["attributes"] or {}, action.once_per),
    )
