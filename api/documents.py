"""JSON that clients fill as they like, within limits."""

from api.errors import Fault, invalid_fields
from domain.json_limits import check_json_limits


def faults_beyond_limits(**documents: object) -> list[Fault]:
    """Each place that is beyond them. To be asked before serialising, which turns NaN into null."""
    return [
        Fault(field=f"{name}.{problem.path}" if problem.path else name, reason=problem.reason)
        for name, value in documents.items()
        for problem in check_json_limits(value)
    ]


def refuse_beyond_limits(**documents: object) -> None:
    """Raises a Refusal that names each place."""
    faults = faults_beyond_limits(**documents)
    if faults:
        raise invalid_fields(faults)
