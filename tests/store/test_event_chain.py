"""What led to an event, and what came of it."""

from uuid import UUID, uuid4

from domain.queue_status import QueueStatus
from domain.rules.gating import MAX_CHAIN
from domain.rules.rule import Gate
from store.database import Database
from store.event_chain import EventChain, chain_of
from store.tables import Event
from tests.store.rule_history import add_event, add_rule_run


async def found(database: Database, program_id: UUID, event_id: UUID) -> EventChain:
    async with database.transaction() as session:
        chain = await chain_of(session, program_id, event_id)
    assert chain is not None
    return chain


async def caused_by(database: Database, cause: Event, rule_id: UUID, minute: float) -> Event:
    """The event that a rule made of another, and the rule's run on that."""
    await add_rule_run(database, cause, minute, rule_id=rule_id, rule_name=f"rule {minute:g}")
    return await add_event(
        database,
        cause.program_id,
        minute,
        source="rule",
        causation_id=cause.id,
        rule_chain=[*cause.rule_chain, rule_id],
    )


async def test_the_causes_are_told_from_the_first_one_on_each_with_the_rule_that_reacted(
    database: Database, program_id: UUID
) -> None:
    first = await add_event(database, program_id)
    second = await caused_by(database, first, uuid4(), 1)
    third = await caused_by(database, second, uuid4(), 2)
    chain = await found(database, program_id, third.id)
    assert [(link.event and link.event.id, link.rule and link.rule.rule_name) for link in chain.causes] == [
        (first.id, "rule 1"),
        (second.id, "rule 2"),
    ]
    assert [link.rule and link.rule.rule_id for link in chain.causes] == third.rule_chain
    assert (chain.event.id, chain.event.status) == (third.id, QueueStatus.PROCESSED)
    assert (chain.consequences, chain.stopped) == ([], [])


async def test_the_consequences_are_those_that_came_of_it_directly(
    database: Database, program_id: UUID
) -> None:
    first = await add_event(database, program_id)
    rules = [uuid4(), uuid4()]
    made = [await caused_by(database, first, rule_id, minute) for minute, rule_id in enumerate(rules, 1)]
    await caused_by(database, made[0], uuid4(), 3)
    chain = await found(database, program_id, first.id)
    assert [link.event and link.event.id for link in chain.consequences] == [event.id for event in made]
    assert [link.rule and link.rule.rule_id for link in chain.consequences] == rules
    assert all(link.rule and link.rule.run_id for link in chain.consequences)
    assert chain.causes == []


async def test_a_rule_that_let_the_event_be_as_the_chain_was_closed_is_told(
    database: Database, program_id: UUID
) -> None:
    rule_id = uuid4()
    first = await add_event(database, program_id)
    second = await caused_by(database, first, rule_id, 1)
    looping = await add_rule_run(database, second, 2, rule_id=rule_id, stopped_by=Gate.LOOP)
    await add_rule_run(database, second, 2, stopped_by=Gate.CONDITIONS)
    (stopped,) = (await found(database, program_id, second.id)).stopped
    assert (stopped.rule_id, stopped.run_id) == (rule_id, looping.id)


async def test_a_chain_as_long_as_chains_may_be_is_told_whole(database: Database, program_id: UUID) -> None:
    event = await add_event(database, program_id)
    for hop in range(MAX_CHAIN):
        event = await caused_by(database, event, uuid4(), hop)
    chain = await found(database, program_id, event.id)
    assert len(chain.causes) == MAX_CHAIN
    assert all(link.event is not None for link in chain.causes)


async def test_of_an_event_that_is_gone_only_the_rule_is_told(database: Database, program_id: UUID) -> None:
    rules = [uuid4(), uuid4()]
    first = await add_event(database, program_id)
    second = await caused_by(database, first, rules[0], 1)
    third = await caused_by(database, second, rules[1], 2)
    async with database.transaction() as session:
        await session.delete(await session.get_one(Event, first.id))
    chain = await found(database, program_id, third.id)
    assert [link.event and link.event.id for link in chain.causes] == [None, second.id]
    assert [link.rule and link.rule.rule_id for link in chain.causes] == rules


async def test_an_event_of_another_program_is_none(database: Database, program_id: UUID) -> None:
    event = await add_event(database, program_id)
    async with database.transaction() as session:
        assert await chain_of(session, uuid4(), event.id) is None
