from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.tables.columns import created_instant, instant, reference, text_field


class User(SQLModel, table=True):
    """A person who logs in. `email` is in lower case. Without a `program_id` they reach every program."""

    __tablename__ = "app_user"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = text_field(unique=True)
    name: str = text_field()
    password_hash: str = text_field()
    role: str = text_field()
    program_id: UUID | None = reference("program.id", nullable=True)
    created_at: datetime = created_instant()
    disabled_at: datetime | None = instant()


class UserSession(SQLModel, table=True):
    """A login. Only the SHA-256 of its token is kept; it ends at `expires_at`, or when nobody uses it."""

    __tablename__ = "user_session"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", ondelete="CASCADE", index=True)
    token_hash: str = text_field(unique=True)
    created_at: datetime = created_instant()
    last_seen_at: datetime = created_instant()
    expires_at: datetime = instant(nullable=False)


class LoginAttempt(SQLModel, table=True):
    """An attempt to log in that has not succeeded: `subject` is the digest of an account or an address."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("login_attempt_of_subject", "subject", "at"), Index("login_attempt_age", "at"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    subject: str = text_field()
    at: datetime = instant(nullable=False)
