"""What Temporal must know before Carillon runs on it. Every step may be repeated."""

import asyncio
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain import search_attributes
from runtime.schedules import ensure_upkeep
from runtime.settings import Settings

RETENTION = timedelta(days=7)


async def set_up_temporal(client: Client, settings: Settings) -> None:
    await _ensure_namespace(client, settings.temporal_namespace)
    await _ensure_search_attributes(client, settings.temporal_namespace)
    await ensure_upkeep(client, settings.temporal_task_queue, timedelta(seconds=settings.upkeep_seconds))


async def _ensure_namespace(client: Client, namespace: str) -> None:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=namespace,
                workflow_execution_retention_period=Duration(seconds=int(RETENTION.total_seconds())),
            )
        )
        await _until_known(client, namespace)


async def _until_known(client: Client, namespace: str) -> None:
    """A new namespace reaches the frontends' caches a few seconds after it is registered."""
    while True:
        try:
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
            await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=namespace)
            )
            return
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await asyncio.sleep(0.5)


async def _ensure_search_attributes(client: Client, namespace: str) -> None:
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    missing = [key.name for key in search_attributes.ALL if key.name not in known.custom_attributes]
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=namespace,
                search_attributes=dict.fromkeys(missing, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
            )
        )
