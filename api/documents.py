"""JSON that clients fill as they like, within limits."""

from api.errors import invalid
from domain.json_limits import check_json_limits


def refuse_beyond_limits(**documents: object) -> None:
    """Raises a Refusal that names the place. To be asked before serialising, which turns NaN into null."""
    for name, value in documents.items():
        for problem in check_json_limits(value):
            raise invalid(f"{name}.{problem.path}" if problem.path else name, problem.reason)
