"""No operation takes a query parameter twice: the framework would use the last one and not say so."""

from collections import Counter

from fastapi import Request

from api.errors import FaultCode, invalid_fields
from api.parameter_faults import parameter_faults
from api.rate_limiting import LIMITED_PATHS


async def refuse_repeated_parameters(request: Request) -> None:
    """Raises a Refusal (400) that names each. The links in messages are left alone: others add to them what they like."""
    if not request.scope["path"].startswith(LIMITED_PATHS):
        return
    given = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [name for name, times in given.items() if times > 1]
    if repeated:
        raise invalid_fields(
            parameter_faults(repeated, "given more than once", "one value", FaultCode.DUPLICATE)
        )
