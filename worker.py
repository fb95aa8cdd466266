"""The worker: workflows and activities, on one task queue. The same as `carillon worker`."""

import asyncio
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import uvloop
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities import (
    FailurePolicy,
    Resources,
    build_activities,
    build_event_activities,
    build_webhook_activities,
)
from channels import build_channels
from channels.webhook import WebhookSender
from domain.contract import events_task_queue, webhook_task_queue
from domain.events import SHARDS
from runtime.engine_zones import pin_engine_zones
from runtime.garbage import collect_rarely
from runtime.logs import configure_logging
from runtime.pumps import ensure_pumps
from runtime.settings import Settings, SettingsError, load_settings
from runtime.temporal import connect_temporal
from runtime.waking import Waker
from store.database import Database
from store.waking import wake_ups
from workflows.registry import WORKFLOWS
from workflows.sandbox import sandboxed_runner

READY_LINE = "worker ready"


def build_worker(client: Client, resources: Resources) -> Worker:
    """The one place that says what a worker serves and how much at once."""
    pin_engine_zones()
    settings = resources.settings
    return Worker(
        client,
        task_queue=settings.temporal_task_queue,
        workflows=WORKFLOWS,
        activities=build_activities(resources),
        interceptors=[FailurePolicy()],
        workflow_runner=sandboxed_runner(),
        workflow_task_executor=ThreadPoolExecutor(settings.worker_max_workflow_tasks, "workflow-task"),
        max_concurrent_workflow_tasks=settings.worker_max_workflow_tasks,
        max_concurrent_activities=settings.worker_max_activities,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker_shutdown_seconds),
    )


def build_webhook_worker(client: Client, resources: Resources) -> Worker:
    """Receivers that hang take up none of the room that automations need."""
    settings = resources.settings
    return Worker(
        client,
        task_queue=webhook_task_queue(settings.temporal_task_queue),
        activities=build_webhook_activities(resources),
        interceptors=[FailurePolicy()],
        max_concurrent_activities=settings.worker_max_webhooks,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker_shutdown_seconds),
    )


def build_events_worker(client: Client, resources: Resources) -> Worker:
    settings = resources.settings
    return Worker(
        client,
        task_queue=events_task_queue(settings.temporal_task_queue),
        activities=build_event_activities(resources),
        interceptors=[FailurePolicy()],
        # Some more than there are pumps, for those that are to learn that they have been retired.
        max_concurrent_activities=settings.event_pumps + SHARDS,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker_shutdown_seconds),
    )


async def open_resources(settings: Settings, client: Client) -> Resources:
    return Resources(
        settings=settings,
        database=Database(settings.database_url, pool_size=settings.database_pool_size),
        temporal=client,
        channels=build_channels(settings),
        webhooks=WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds),
    )


def waker_of(client: Client, settings: Settings) -> Waker:
    async def connected() -> Client:
        return client

    return Waker(connected, settings.temporal_task_queue)


async def close_resources(resources: Resources) -> None:
    for channel in resources.channels.values():
        await channel.close()
    await resources.database.close()


async def connect_patiently(settings: Settings) -> Client:
    """Wait for Temporal, so that parts may be started in any order."""
    while True:
        try:
            return await connect_temporal(settings)
        except (RuntimeError, OSError) as error:
            logging.getLogger("carillon.worker").warning("waiting for Temporal: %s", type(error).__name__)
            await asyncio.sleep(1)


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then let running activities finish."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    client = await connect_patiently(settings)
    resources = await open_resources(settings, client)
    waker = waker_of(client, settings)
    resources.database.after_commit = lambda session: waker.tell(wake_ups(session))
    workers = [
        build(client, resources) for build in (build_worker, build_webhook_worker, build_events_worker)
    ]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        await ensure_pumps(client, settings.temporal_task_queue, settings.event_pumps)
    except RPCError as error:
        logging.getLogger("carillon.worker").warning("pumps are left to upkeep: %s", type(error).__name__)
    collect_rarely()
    sys.stdout.write(READY_LINE + "\n")
    sys.stdout.flush()
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    # All at once, so that the time they get to finish is one and the same.
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*running)
    await waker.close()
    await close_resources(resources)


def main() -> None:
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.exit(str(error))
    configure_logging(settings.log_level)
    uvloop.run(serve(settings))
    # Threads of the Temporal core may outlive the interpreter's teardown and abort the process.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
