"""What sends a message template: automations, rules and journeys."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

SHOWN_AT_MOST = 10

_USERS = text(
    """
    SELECT kind, name FROM (
        SELECT 'automation' AS kind, name FROM automation
        WHERE program_id = :program AND status <> 'archived' AND action ->> 'template_id' = :template
        UNION ALL
        SELECT 'rule', name FROM automation_rule
        WHERE program_id = :program AND actions @> jsonb_build_array(jsonb_build_object('template_id', CAST(:template AS text)))
        UNION ALL
        SELECT 'journey', name FROM journey
        WHERE program_id = :program AND jsonb_path_exists(
            definition, '$.**.contentID ? (@ == $id)', jsonb_build_object('id', CAST(:template AS text)))
    ) AS users ORDER BY kind, name LIMIT :limit
    """
)


async def users_of_template(session: AsyncSession, program_id: UUID, template_id: UUID) -> list[str]:
    """The first of them, such as `rule Welcome`."""
    found = await session.execute(
        _USERS, {"program": program_id, "template": str(template_id), "limit": SHOWN_AT_MOST}
    )
    return [f"{kind} {name}" for kind, name in found]
