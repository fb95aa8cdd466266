from fastapi import APIRouter

from api.counterfactual_service import CounterfactualServiceDep
from api.schemas.counterfactual import AskCounterfactual, CounterfactualOut

router = APIRouter(prefix="/v1/automation/counterfactual", tags=["rules"])


@router.post("")
async def counterfactual(service: CounterfactualServiceDep, body: AskCounterfactual) -> CounterfactualOut:
    """What an edited rule would have made of the events that are stored. Nothing is stored, and nothing is sent.

    Both rules are asked anew as if they were active, and neither snoozed nor paused; the cooldown is of what each
    would have done. Actions are not tried.
    """
    return await service.compare(body)
