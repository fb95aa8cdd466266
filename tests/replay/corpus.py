"""The committed histories: where they are, and which ones there must be."""

from pathlib import Path

FOLDER = Path(__file__).parent / "histories"

DEMANDED: dict[str, frozenset[str]] = {
    "AutomationWorkflow": frozenset(
        {
            "amended",
            "archived",
            "cancelled_by_operator",
            "cancelled_in_mid_fan_out",
            "continued_as_new_after",
            "continued_as_new_before",
            "cron_program_fires",
            "fan_out_happy_path",
            "immediate_fires",
            "name_taken",
            "one_time_fires",
            "one_time_fires_at_short_notice",
            "pause_and_resume",
            "run_cancelled_by_operator",
            "run_terminated",
            "triggered_at_program_scope",
            "watches_participants",
        }
    ),
    "RunWorkflow": frozenset(
        {
            "cancelled",
            "cancelled_by_operator",
            "cohort_terminated",
            "continued_as_new_after",
            "continued_as_new_before",
            "happy_path",
            "held_and_cancelled",
            "held_and_resumed",
        }
    ),
    "CohortWorkflow": frozenset({"cancelled", "happy_path"}),
    "ScheduleTickWorkflow": frozenset({"delivered", "nobody_listening"}),
    "UpkeepWorkflow": frozenset({"happy_path"}),
    "EventPumpWorkflow": frozenset({"at_work", "retired"}),
    "WebhookDeliveryWorkflow": frozenset(
        {"continued_as_new_after", "continued_as_new_before", "retries", "waits_for_more"}
    ),
    "MessageDispatchWorkflow": frozenset(
        {"continued_as_new_after", "continued_as_new_before", "gives_way", "waits_for_more"}
    ),
    "JourneyWorkflow": frozenset(
        {"continued_as_new_after", "continued_as_new_before", "waits", "walked_to_its_end"}
    ),
}


def committed() -> list[Path]:
    return sorted(FOLDER.glob("*/*.json"))


def file_of(workflow_type: str, case: str) -> Path:
    return FOLDER / workflow_type / f"{case}.json"
