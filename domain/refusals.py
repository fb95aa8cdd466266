"""What an automation answers to what cannot be done now. Clients branch on the types."""

from uuid import UUID

from temporalio.exceptions import ApplicationError

from domain.contract import NOT_REFRESHABLE_MESSAGE, NOT_TRIGGERABLE_MESSAGE, ErrorType


def not_triggerable() -> ApplicationError:
    return ApplicationError(NOT_TRIGGERABLE_MESSAGE, type=ErrorType.NOT_TRIGGERABLE, non_retryable=True)


def not_refreshable() -> ApplicationError:
    return ApplicationError(NOT_REFRESHABLE_MESSAGE, type=ErrorType.NOT_REFRESHABLE, non_retryable=True)


def nothing_to_cancel() -> ApplicationError:
    return ApplicationError(
        "No execution is pending or running", type=ErrorType.NOT_CANCELLABLE, non_retryable=True
    )


def archived() -> ApplicationError:
    return ApplicationError("the automation is archived", type=ErrorType.ARCHIVED, non_retryable=True)


def no_such_automation(automation_id: UUID) -> ApplicationError:
    return ApplicationError(f"no automation {automation_id}", type=ErrorType.NOT_FOUND, non_retryable=True)
