"""The examples that the seed gives, as they stand there."""

from typing import Any

SEGMENT = "000000000000000000000001"

BIRTHDAYS: tuple[dict[str, Any], ...] = (
    {"condition": {"event": "birthday"}},
    *(
        {
            "condition": {
                "event": "birthday",
                "filterGroups": [
                    {
                        "logicalOperator": "and",
                        "filters": [{"field": "birthdate", "operator": "eq", "value": shift}],
                    }
                ],
            }
        }
        for shift in ("-24h", "48h")
    ),
)
ENTERED_SEGMENT: dict[str, Any] = {
    "condition": {
        "event": "entered segment",
        "origin": "omnisend",
        "filterGroups": [
            {
                "logicalOperator": "and",
                "filters": [{"field": "segment_id", "operator": "eq", "value": SEGMENT}],
            }
        ],
    }
}


def _and(*filters: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "logicalOperator": "and",
        "filters": [{"field": field, "operator": op, "value": value} for field, op, value in filters],
    }


AUDIENCES: tuple[dict[str, Any], ...] = (
    _and(("segmentID", "eq", SEGMENT)),
    _and(("tag", "eq", "early-adopter"), ("tag", "neq", "beta-churned")),
    _and(("gender", "eq", "f")),
    _and(("country", "eq", "US"), ("city", "contains", "York")),
    _and(("dateAdded", "gt", "2025-01-01")),
    {**_and(("tag", "eq", "vip"), ("tag", "eq", "beta")), "logicalOperator": "or"},
    _and(("firstName", "contains", "John"), ("country", "eq", "US"), ("tag", "eq", "vip")),
)
