from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.contract import (
    Actor,
    Fire,
    RunPlan,
    automation_id_of,
    automation_workflow_id,
    cohort_workflow_id,
    messages_workflow_id,
    run_workflow_id,
    schedule_id,
    tick_workflow_id,
    webhook_workflow_id,
)

ANY = UUID("5f2b1c8e-0d3a-4b7e-9c41-8a6f0e2d7b13")


def test_the_ids_are_those_that_operators_type() -> None:
    assert automation_workflow_id(ANY) == "automation-5f2b1c8e-0d3a-4b7e-9c41-8a6f0e2d7b13"
    assert run_workflow_id(ANY, 7) == f"automation-{ANY}/run-7"
    assert cohort_workflow_id(ANY, 7, 0) == f"automation-{ANY}/run-7/cohort-0"
    assert tick_workflow_id(ANY) == f"automation-{ANY}/tick"
    assert schedule_id(ANY) == f"automation-{ANY}"
    assert webhook_workflow_id(ANY) == f"webhook-{ANY}"
    assert messages_workflow_id(ANY) == f"messages-{ANY}"


@given(st.uuids())
def test_an_automation_is_found_again_by_the_id_of_its_workflow(automation_id: UUID) -> None:
    assert automation_id_of(automation_workflow_id(automation_id)) == automation_id


@pytest.mark.parametrize(
    "workflow_id",
    [
        "",
        "automation-",
        "automation-1",
        str(ANY),
        f"automation-{ANY.hex}",
        f"automation-{str(ANY).upper()}",
        f"automation-{{{ANY}}}",
        f"automation-urn:uuid:{ANY}",
        f"automation-automation-{ANY}",
        f"automation-{ANY} ",
        run_workflow_id(ANY, 1),
        cohort_workflow_id(ANY, 1, 1),
        tick_workflow_id(ANY),
    ],
)
def test_no_other_workflow_is_taken_for_an_automations(workflow_id: str) -> None:
    assert automation_id_of(workflow_id) is None


@given(st.text())
def test_no_text_breaks_the_search_for_an_automation(workflow_id: str) -> None:
    found = automation_id_of(workflow_id)
    assert found is None or automation_workflow_id(found) == workflow_id


@given(st.uuids(), st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_no_two_workflows_share_an_id(owner: UUID, run: int, other_run: int, one: int, other: int) -> None:
    ids = {
        automation_workflow_id(owner),
        tick_workflow_id(owner),
        *(run_workflow_id(owner, number) for number in (run, other_run)),
        *(
            cohort_workflow_id(owner, number, cohort)
            for number in (run, other_run)
            for cohort in (one, other)
        ),
    }
    assert len(ids) == 2 + len({run, other_run}) * (1 + len({one, other}))
    assert cohort_workflow_id(uuid4(), run, one) not in ids


@given(total=st.integers(0, 10**6), size=st.integers(1, 1_000))
def test_a_plan_has_just_enough_cohorts(total: int, size: int) -> None:
    cohorts = RunPlan(total=total, cohort_size=size, window=1).cohorts
    assert cohorts * size >= total > (cohorts - 1) * size or (total, cohorts) == (0, 0)


@pytest.mark.parametrize(
    "wrong", [{"total": -1}, {"cohort_size": 0}, {"window": 0}, {"children_per_execution": 0}]
)
def test_a_plan_that_leads_nowhere_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RunPlan.model_validate({"total": 1, "cohort_size": 1, "window": 1} | wrong)


def test_an_occurrence_without_an_offset_is_refused() -> None:
    with pytest.raises(ValidationError):
        Fire.model_validate({"nominal_at": "2026-01-01T00:00:00"})


@pytest.mark.parametrize("name", ["", "a" * 256])
def test_an_actor_has_a_name_of_ordinary_length(name: str) -> None:
    with pytest.raises(ValidationError):
        Actor(actor=name)
