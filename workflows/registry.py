"""The workflows a worker serves.

Not in the package's `__init__`: the sandbox runs that anew for every workflow instance, and with it would
run every workflow file. Measured, that was a quarter of a worker's time in a large fan-out.
"""

from workflows.automation import AutomationWorkflow
from workflows.cohort import CohortWorkflow
from workflows.event_pump import EventPumpWorkflow
from workflows.journey import JourneyWorkflow
from workflows.messages import MessageDispatchWorkflow
from workflows.run import RunWorkflow
from workflows.schedule_tick import ScheduleTickWorkflow
from workflows.upkeep import UpkeepWorkflow
from workflows.webhook import WebhookDeliveryWorkflow

WORKFLOWS = [
    AutomationWorkflow,
    ScheduleTickWorkflow,
    RunWorkflow,
    CohortWorkflow,
    UpkeepWorkflow,
    WebhookDeliveryWorkflow,
    EventPumpWorkflow,
    MessageDispatchWorkflow,
    JourneyWorkflow,
]
