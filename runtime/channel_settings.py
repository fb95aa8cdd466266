"""The settings of channels: how messages leave, and where webhooks may go."""

import json
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.actions import Channel
from domain.delivery_policy import DeliveryPolicy
from domain.destinations import DestinationError, DestinationRules, parse_destination


class ChannelSettings(BaseSettings):
    """A part of Settings; never read by itself."""

    model_config = SettingsConfigDict(env_prefix="CARILLON_", extra="ignore", hide_input_in_errors=True)

    smtp_host: Annotated[str, Field(description="Mail server")] = "127.0.0.1"
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="Port of the mail server")] = 1025
    smtp_username: Annotated[str | None, Field(description="Login at the mail server")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="Password of that login")] = None
    smtp_starttls: Annotated[bool, Field(description="Insist on STARTTLS")] = False
    smtp_connections: Annotated[int, Field(ge=1, le=100, description="Open SMTP connections per worker")] = 8
    smtp_timeout_seconds: Annotated[
        float, Field(gt=0, le=300, description="Longest wait for an answer of the mail server")
    ] = 20.0
    email_from: Annotated[str, Field(description="From address of messages")] = (
        "Carillon <no-reply@carillon.example>"
    )
    email_sender_domains: Annotated[
        list[str],
        NoDecode,
        Field(
            description="Domains that mail may come from besides that one, as in `shop.example,club.example`; "
            "an author of another one gets the answers"
        ),
    ] = []
    email_delivery_policy: Annotated[
        DeliveryPolicy,
        Field(
            description="A send whose outcome a crash hid: `at_most_once` leaves it `unknown`, "
            "`at_least_once` sends it again"
        ),
    ] = DeliveryPolicy.AT_MOST_ONCE

    twilio_url: Annotated[
        str,
        Field(
            pattern=r"^https?://[^\s?#]+[^\s?#/]$",
            description="Twilio, or another server with its Messages API",
        ),
    ] = "https://api.twilio.com"
    twilio_account_sid: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z0-9]+$", description="Account that sends SMS and WhatsApp messages"),
    ] = None
    twilio_auth_token: Annotated[SecretStr | None, Field(description="Auth token of that account")] = None
    sms_from: Annotated[
        str | None,
        Field(
            min_length=2,
            description="Sender of SMS: a number, a name, or the SID of a messaging service (`MG...`)",
        ),
    ] = None
    whatsapp_from: Annotated[
        str | None, Field(pattern=r"^\+[0-9]{6,15}$", description="Number that WhatsApp messages come from")
    ] = None
    twilio_connections: Annotated[
        int, Field(ge=1, le=200, description="Requests to Twilio at once, per worker")
    ] = 16
    twilio_timeout_seconds: Annotated[
        float, Field(gt=0, le=120, description="Longest wait for an answer of Twilio")
    ] = 20.0
    twilio_delivery_policy: Annotated[
        DeliveryPolicy,
        Field(
            description="As for email; `exactly_once` for a provider that honours the header `Idempotency-Key`, "
            "which Twilio itself does not"
        ),
    ] = DeliveryPolicy.AT_MOST_ONCE

    push_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s?#]+$",
            description="Where push messages are posted to, in the form of Firebase Cloud Messaging's HTTP v1 API: "
            "https://fcm.googleapis.com/v1/projects/PROJECT/messages:send",
        ),
    ] = None
    push_token_file: Annotated[
        Path | None,
        Field(description="File with the access token for it, read anew whenever it has changed"),
    ] = None
    push_connections: Annotated[
        int, Field(ge=1, le=200, description="Push messages handed over at once, per worker")
    ] = 16

    webhook_channel_url: Annotated[
        str | None,
        Field(
            description="Where messages of the channel `webhook` are posted to, by the rules for webhook URLs"
        ),
    ] = None
    webhook_channel_secret: Annotated[
        SecretStr | None, Field(description="Secret (`whsec_...`) that these messages are signed with")
    ] = None
    console_channel: Annotated[
        bool,
        Field(
            description="Write messages of the channel `console` to the worker's output: for development only"
        ),
    ] = False
    apprise_url: Annotated[
        SecretStr | None,
        Field(description="Where messages of the channel `apprise` go: an Apprise URL such as `slack://...`"),
    ] = None

    channel_rates: Annotated[
        dict[Channel, Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]],
        NoDecode,
        Field(
            description="Messages a second that a channel hands over at most, all workers together, as JSON: "
            '`{"sms": 50}`; a channel that is not named has no limit'
        ),
    ] = {}

    organization_id: Annotated[
        UUID, Field(description="The `organization_id` of webhook messages: tells installations apart")
    ] = UUID("00000000-0000-4000-8000-000000000000")
    webhook_timeout_seconds: Annotated[
        float, Field(gt=0, le=60, description="Longest wait for a webhook's receiver, all in all")
    ] = 15.0
    webhook_retention_days: Annotated[
        int, Field(ge=4, le=3_650, description="How long webhook deliveries are kept")
    ] = 30
    webhook_allow_http: Annotated[bool, Field(description="Accept webhook URLs without TLS")] = False
    webhook_allow_private_addresses: Annotated[
        bool,
        Field(description="Send webhooks to private networks and to this machine: for development only"),
    ] = False

    @property
    def destination_rules(self) -> DestinationRules:
        """Where webhooks may go."""
        return DestinationRules(self.webhook_allow_http, self.webhook_allow_private_addresses)

    @field_validator("channel_rates", mode="before")
    @classmethod
    def _is_json(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('expected JSON such as {"sms": 50}') from None

    @field_validator("push_token_file")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"no such file: {value}")
        return value

    @field_validator("email_sender_domains", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (
            [part.strip().lower() for part in value.split(",") if part.strip()]
            if isinstance(value, str)
            else value
        )

    @field_validator("email_from")
    @classmethod
    def _can_be_a_sender(cls, value: str) -> str:
        name, address = parseaddr(value)
        try:
            Address(display_name=name, addr_spec=address)
        except (ValueError, IndexError, MessageError):
            raise ValueError("expected an address such as Club <club@example.com>") from None
        return value

    @field_validator("email_delivery_policy")
    @classmethod
    def _mail_servers_honour_no_key(cls, value: DeliveryPolicy) -> DeliveryPolicy:
        if value is DeliveryPolicy.EXACTLY_ONCE:
            raise ValueError("expected at_most_once or at_least_once: no mail server tells repeats")
        return value

    @model_validator(mode="after")
    def _messages_can_be_posted(self) -> Self:
        if (self.webhook_channel_url is None) != (self.webhook_channel_secret is None):
            raise ValueError(
                "CARILLON_WEBHOOK_CHANNEL_URL and CARILLON_WEBHOOK_CHANNEL_SECRET must be set together"
            )
        if self.webhook_channel_url is not None:
            try:
                parse_destination(self.webhook_channel_url, self.destination_rules)
            except DestinationError as error:
                raise ValueError(f"CARILLON_WEBHOOK_CHANNEL_URL: the URL {error.reason}") from None
        if (self.push_url is None) != (self.push_token_file is None):
            raise ValueError("CARILLON_PUSH_URL and CARILLON_PUSH_TOKEN_FILE must be set together")
        return self

    @model_validator(mode="after")
    def _a_sender_needs_an_account(self) -> Self:
        sends = self.sms_from is not None or self.whatsapp_from is not None
        if sends and (self.twilio_account_sid is None or self.twilio_auth_token is None):
            raise ValueError(
                "CARILLON_SMS_FROM and CARILLON_WHATSAPP_FROM need CARILLON_TWILIO_ACCOUNT_SID and "
                "CARILLON_TWILIO_AUTH_TOKEN"
            )
        return self
