"""What the seed of automations says beyond fields: which automations there are, and how it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.seed_surface.seed import SCRIP

NOT_TRIGGERABLE: str = SCRIP.document["messages"]["not_triggerable"]


@dataclass(frozen=True)
class Pair:
    """A trigger type with a scope it may have."""

    trigger_type: str
    scope: str
    triggerable: bool

    def __str__(self) -> str:
        return f"{self.trigger_type} x {self.scope}"


PAIRS = [Pair(**stated) for stated in SCRIP.document["pairs"]]


def differences(shown: Mapping[str, Any]) -> list[str]:
    """How an automation, as it is shown, differs from the seed's; empty when it does not."""
    return SCRIP.differences("response", shown)


def error_differences(shown: Mapping[str, Any]) -> list[str]:
    allowed = {*SCRIP.document["error"]}
    details = {*SCRIP.document["error_details"], *SCRIP.extensions_of("error_details")}
    wrong = set(shown) - allowed | set(shown.get("details", {})) - details
    missing = {"code", "message"} - set(shown)
    return [f"{name}: unknown" for name in sorted(wrong)] + [f"{name}: missing" for name in sorted(missing)]
