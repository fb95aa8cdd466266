"""The sandbox that workflows run in: the pure domain passes through, workflow files are watched."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = ("domain", "pydantic", "pydantic_core", "annotated_types", "croniter", "zoneinfo")


def sandboxed_runner() -> SandboxedWorkflowRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return SandboxedWorkflowRunner(restrictions=restrictions)
