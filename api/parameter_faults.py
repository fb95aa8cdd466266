"""What is wrong with parameters in the query, by their names."""

from collections.abc import Sequence

from api.errors import RECEIVED_AT_MOST, Fault, FaultCode
from api.validation_problems import FAULTS_AT_MOST


def parameter_faults(names: Sequence[str], reason: str, expected: str, code: FaultCode) -> list[Fault]:
    """One for each of these parameters, which have the same fault."""
    return [
        Fault(field=name[:RECEIVED_AT_MOST], reason=reason, expected=expected, code=code)
        for name in names[:FAULTS_AT_MOST]
    ]
