"""Each operation on rules, called once on what really happened: its answer against the seed.

Who may call which is walked by tests/api/test_authorization.py.
"""

from collections.abc import Mapping

import httpx
import pytest

from tests.contract.seed_surface.rules_walk import RulesWalk, body_of, named_values, things_in
from tests.contract.seed_surface.seed import OMNISTREAM, Operation

# Those that exclude each other: a request has one or the other.
ALTERNATIVES = {"alert_settings": {"alert_settings"}, "dry_run": {"rule_id"}}
# An event that was given up has an error; the runs asked for, of one rule on one event, are a single one.
WITHOUT_A_VALUE = {"event.error", "runs.next_cursor"}

Answers = Mapping[str, httpx.Response]


@pytest.fixture(scope="module")
async def answers(http: httpx.AsyncClient) -> Answers:
    walk = await RulesWalk.prepared(http)
    return {str(operation): await walk.call(operation) for operation in OMNISTREAM.operations}


@pytest.mark.parametrize("operation", OMNISTREAM.operations, ids=str)
async def test_the_answer_has_the_seeds_fields_with_their_types(
    answers: Answers, operation: Operation
) -> None:
    answer = answers[str(operation)]
    assert answer.status_code == operation.status, answer.text
    assert operation.answer is not None
    section = operation.answer.removesuffix("[]").removesuffix(".csv")
    things = things_in(operation, answer)
    assert things
    for thing in things:
        if operation.answer.endswith(".csv"):
            assert set(thing) == set(OMNISTREAM.fields_of(section)) | OMNISTREAM.extensions_of(section)
        else:
            assert OMNISTREAM.differences(section, thing) == []


async def test_each_field_had_a_value_in_some_answer(answers: Answers) -> None:
    seen: set[str] = set()
    wanted: set[str] = set()
    for operation in OMNISTREAM.operations:
        assert operation.answer is not None
        if not operation.answer.endswith(".csv"):
            section = operation.answer.removesuffix("[]")
            wanted |= {f"{section}.{name}" for name in OMNISTREAM.fields_of(section)}
            for thing in things_in(operation, answers[str(operation)]):
                seen |= named_values(section, thing)
    assert wanted - seen == WITHOUT_A_VALUE


@pytest.mark.parametrize("section", sorted(OMNISTREAM.bodies()))
def test_each_field_of_a_body_was_sent(section: str) -> None:
    assert set(body_of(section)) | ALTERNATIVES.get(section, set()) == set(OMNISTREAM.fields_of(section))
