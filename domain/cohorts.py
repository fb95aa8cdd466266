"""How a run's participants are cut into cohorts, and how many cohorts are in flight at once."""

from domain.automation import CohortSize

ONE_EACH_UP_TO = 200
AUTO_COHORT_SIZE = 800
PARTICIPANTS_IN_FLIGHT = 4_000
MAX_WINDOW = 100
MIN_WINDOW = 4


def resolve_cohort_size(setting: CohortSize, total: int) -> int:
    """`auto` gives a child workflow per participant while a person can still read that list."""
    if setting != "auto":
        return setting
    return 1 if total <= ONE_EACH_UP_TO else AUTO_COHORT_SIZE


def window(cohort_size: int) -> int:
    """Children in flight at once: bounded both in children and in participants."""
    return max(MIN_WINDOW, min(MAX_WINDOW, PARTICIPANTS_IN_FLIGHT // cohort_size))


def cohort_bounds(cohort: int, cohort_size: int, total: int) -> tuple[int, int]:
    """Ledger rows first <= seq < last of the cohort numbered `cohort` (from 0)."""
    first = cohort * cohort_size
    return first, min(first + cohort_size, total)
