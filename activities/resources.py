"""What activities work with; built once per worker."""

from dataclasses import dataclass

from temporalio.client import Client

from channels import Channels
from channels.webhook import WebhookSender
from runtime.settings import Settings
from store.database import Database


@dataclass(frozen=True, slots=True)
class Resources:
    settings: Settings
    database: Database
    temporal: Client
    channels: Channels
    webhooks: WebhookSender
