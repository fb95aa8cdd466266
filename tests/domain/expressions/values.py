"""Values of one participant, as the store hands them over."""

from datetime import UTC, datetime

NOW = datetime(2026, 5, 11, 12, tzinfo=UTC)


def values(**changes: object) -> dict[str, object]:
    """`changes` by the last word of the variable: `tags`, `attributes` ..."""
    everything: dict[str, object] = {
        "participant.id": "0190b6a0-0000-7000-8000-000000000001",
        "participant.external_id": "u-1",
        "participant.email": "ada@corp.example",
        "participant.phone": None,
        "participant.first_name": "Ada",
        "participant.last_name": "Lovelace",
        "participant.locale": "en-GB",
        "participant.timezone": "Europe/London",
        "participant.status": "ACTIVE",
        "participant.has_email": True,
        "participant.has_phone": False,
        "participant.attributes": {"plan": "pro", "score": 7.25, "address": {"city": "Oslo"}, "note": None},
        "participant.counters": {"points": 1200, "spend": 99.5},
        "participant.tags": ["vip", "beta-2"],
        "participant.tiers": {"loyalty": "gold"},
        "participant.segments": ["s-1"],
        "participant.consent": {"email": "subscribed"},
        "participant.created_at": datetime(2026, 5, 1, 12, tzinfo=UTC),
        "participant.last_contacted_at": None,
        "program.id": "p-1",
        "program.name": "Club",
        "program.timezone": "UTC",
        "now": NOW,
    }
    return everything | {f"participant.{name}": value for name, value in changes.items()}
