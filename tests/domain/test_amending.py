from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amending import Amended, amend
from domain.automation import AutomationStatus, Definition
from domain.definition_rules import DefinitionError
from tests.domain.definitions import MAIL, NOON, cron, immediate, one_time, watching

ACTIVE, PAUSED, COMPLETED = AutomationStatus.ACTIVE, AutomationStatus.PAUSED, AutomationStatus.COMPLETED
LATER = (NOON + timedelta(days=1)).isoformat()

RICH = cron(
    description="every day",
    payload={"a": [1, {"b": 2.5}], "type": "x"},
    participant_filter="true",
    guard_condition="true",
    filter_hints=[{"field": "tags"}],
    action=MAIL,
    cohort_size=20,
    dst_policy={"gap": "skip", "overlap": "both"},
    missed_run_policy="all",
    jitter_seconds=5,
    timezone="Europe/Madrid",
)

words = st.text("abcdefgh ", min_size=1, max_size=10)
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "name": words,
        "event_name": words,
        "description": st.none() | words,
        "payload": st.none() | st.dictionaries(words, st.integers(-(2**63), 2**63 - 1) | words, max_size=3),
        "cron_expression": st.sampled_from(["0 9 * * *", "*/5 * * * *", "0 0 1 1 *"]),
        "timezone": st.sampled_from(["UTC", "Europe/Madrid", "Asia/Kathmandu"]),
        "participant_filter": st.sampled_from([None, "true", "false"]),
        "guard_condition": st.sampled_from([None, "true", "false"]),
        "filter_hints": st.none() | st.just([{"a": 1}]),
        "action": st.sampled_from([None, MAIL, MAIL | {"subject": "Other"}]),
        "cohort_size": st.integers(1, 1_000) | st.just("auto"),
        "dst_policy": st.sampled_from([{}, {"gap": "skip"}, {"gap": "shift", "overlap": "second"}]),
        "missed_run_policy": st.sampled_from(["skip", "last", "all"]),
        "jitter_seconds": st.integers(0, 60),
        "status": st.sampled_from(["active", "paused"]),
    },
)


def refusal_of(
    definition: Definition, patch: dict[str, Any], status: AutomationStatus = ACTIVE
) -> DefinitionError:
    with pytest.raises(DefinitionError) as refused:
        amend(definition, status, patch)
    return refused.value


@given(PATCHES)
def test_only_the_fields_sent_change(patch: dict[str, Any]) -> None:
    before, after = (
        RICH.model_dump(mode="json"),
        amend(RICH, ACTIVE, patch).definition.model_dump(mode="json"),
    )
    for field, value in before.items():
        if field not in patch:
            assert after[field] == value, field


@given(PATCHES)
def test_the_fields_sent_become_what_was_sent(patch: dict[str, Any]) -> None:
    amended = amend(RICH, ACTIVE, patch)
    whole = RICH.model_dump(mode="json") | {
        field: value for field, value in patch.items() if field != "status"
    }
    for field, empty in (("payload", {}), ("filter_hints", [])):
        whole[field] = empty if whole[field] is None else whole[field]
    assert amended.definition == Definition.model_validate(whole)
    assert amended.status == patch.get("status", "active")


@given(PATCHES)
def test_sending_the_same_again_changes_nothing(patch: dict[str, Any]) -> None:
    once = amend(RICH, ACTIVE, patch)
    twice = amend(once.definition, once.status, patch)
    assert twice == Amended(once.definition, once.status, status_changed=False, retimed=False)


@given(PATCHES)
def test_the_clock_is_set_again_exactly_when_its_fields_change(patch: dict[str, Any]) -> None:
    after = amend(RICH, ACTIVE, patch)
    timing = ("cron_expression", "timezone", "trigger_at", "dst_policy", "jitter_seconds")
    moved = any(getattr(after.definition, field) != getattr(RICH, field) for field in timing)
    assert after.retimed is moved


@pytest.mark.parametrize(
    ("patch", "watches_otherwise"),
    [
        ({"schedule_config": {"attribute": "joined"}}, True),
        ({"participant_filter": "true"}, True),
        ({"timezone": "Asia/Tokyo"}, True),
        ({"dst_policy": {"gap": "skip"}}, True),
        ({"schedule_config": {"attribute": "birthday"}}, False),
        ({"name": "Other", "guard_condition": "true", "payload": {"a": 1}}, False),
    ],
)
def test_subscriptions_are_evaluated_anew_when_what_is_watched_changes(
    patch: dict[str, Any], watches_otherwise: bool
) -> None:
    assert amend(watching(), ACTIVE, patch).watches_otherwise is watches_otherwise
    assert not amend(cron(), ACTIVE, {"timezone": "Asia/Tokyo"}).watches_otherwise


def test_a_schedule_config_is_checked_as_a_whole_and_is_for_participant_state_alone() -> None:
    with pytest.raises(DefinitionError) as refused:
        amend(watching(), ACTIVE, {"schedule_config": {"attribute": "joined", "time_of_day": "25:00"}})
    assert refused.value.field == "schedule_config.time_of_day"
    with pytest.raises(DefinitionError) as refused:
        amend(cron(), ACTIVE, {"schedule_config": {"attribute": "joined"}})
    assert refused.value.field == "schedule_config"


def test_an_empty_patch_changes_nothing() -> None:
    assert amend(RICH, PAUSED, {}) == Amended(RICH, PAUSED, status_changed=False, retimed=False)


@pytest.mark.parametrize("field", ["description", "participant_filter", "guard_condition", "action"])
def test_null_clears_an_optional_field(field: str) -> None:
    assert getattr(amend(RICH, ACTIVE, {field: None}).definition, field) is None


def test_null_empties_a_document() -> None:
    cleared = amend(RICH, ACTIVE, {"payload": None, "filter_hints": None}).definition
    assert (cleared.payload, cleared.filter_hints) == ({}, [])
    cleared.payload["left"] = "behind"
    assert amend(RICH, ACTIVE, {"payload": None}).definition.payload == {}


@pytest.mark.parametrize(
    "field",
    ["name", "event_name", "cron_expression", "timezone", "cohort_size", "dst_policy", "missed_run_policy",
     "jitter_seconds", "status"],
)  # fmt: skip
def test_null_is_refused_where_a_value_is_needed(field: str) -> None:
    refusal = refusal_of(RICH, {field: None})
    assert (refusal.field, refusal.reason) == (field, "cannot be null")


@pytest.mark.parametrize(
    ("definition", "patch"),
    [
        (cron(), {"trigger_at": LATER}),
        (cron(), {"schedule_config": {}}),
        (one_time(), {"cron_expression": "0 9 * * *"}),
        (one_time(), {"schedule_config": None}),
        (immediate(), {"cron_expression": "0 9 * * *"}),
        (immediate(), {"trigger_at": LATER}),
    ],
)
def test_a_field_of_another_trigger_is_refused_by_name(definition: Definition, patch: dict[str, Any]) -> None:
    refusal = refusal_of(definition, patch)
    assert refusal.field == next(iter(patch))
    assert str(definition.trigger_type.value) in refusal.reason
    assert refusal.expected


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"cron_expression": "61 * * * *"}, "cron_expression"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"cohort_size": 0}, "cohort_size"),
        ({"missed_run_policy": "never"}, "missed_run_policy"),
        ({"dst_policy": {"gap": "leap"}}, "dst_policy.gap"),
        ({"action": MAIL | {"body": "{{ a"}}, "action.body"),
        ({"action": MAIL | {"body": ""}}, "action.send_message.body"),
        ({"colour": "red"}, "colour"),
        ({"participant_filter": "tags =="}, "participant_filter"),
    ],
)
def test_a_change_to_something_invalid_is_refused_by_name(patch: dict[str, Any], field: str) -> None:
    assert refusal_of(cron(), patch).field.split(".")[0] == field.split(".")[0]
    assert field.split(".")[-1] in refusal_of(cron(), patch).field


@pytest.mark.parametrize(
    ("before", "wanted", "changed"),
    [
        (ACTIVE, "paused", True),
        (PAUSED, "active", True),
        (ACTIVE, "active", False),
        (PAUSED, "paused", False),
    ],
)
def test_a_client_pauses_and_resumes(before: AutomationStatus, wanted: str, changed: bool) -> None:
    amended = amend(cron(), before, {"status": wanted})
    assert (amended.status, amended.status_changed) == (wanted, changed)


@pytest.mark.parametrize("wanted", ["completed", "failed", "archived"])
def test_a_client_sets_no_other_status(wanted: str) -> None:
    assert refusal_of(cron(), {"status": wanted}).field == "status"


@pytest.mark.parametrize("wanted", ["active", "paused"])
def test_a_completed_automation_goes_on_only_with_a_new_instant(wanted: str) -> None:
    assert refusal_of(one_time(), {"status": wanted}, COMPLETED).field == "status"
    amended = amend(one_time(), COMPLETED, {"status": wanted, "trigger_at": LATER})
    assert (amended.status, amended.retimed, amended.status_changed) == (wanted, True, True)


def test_a_completed_automation_stays_so_when_only_its_texts_change() -> None:
    amended = amend(one_time(), COMPLETED, {"description": "done"})
    assert (amended.status, amended.status_changed, amended.retimed) == (COMPLETED, False, False)


def test_a_patch_is_left_as_it_was() -> None:
    patch: dict[str, Any] = {"status": "paused", "payload": None}
    amend(cron(), ACTIVE, patch)
    assert patch == {"status": "paused", "payload": None}


def test_what_would_be_refused_today_can_still_be_paused() -> None:
    asked = {"transactional": True, "recently_contacted": {"hours": 1}}
    stored = cron(action=MAIL | {"sending": asked})
    assert amend(stored, AutomationStatus.ACTIVE, {"status": "paused"}).status is AutomationStatus.PAUSED
    for patch in ({"status": "active"}, {"name": "Other"}, {"name": "Other", "status": "paused"}):
        with pytest.raises(DefinitionError, match="recently_contacted"):
            amend(stored, AutomationStatus.PAUSED, patch)
