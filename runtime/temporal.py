"""How every process connects to Temporal."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RetryConfig, TLSConfig

from runtime.settings import Settings


def _tls(settings: Settings) -> TLSConfig | bool:
    files = (
        settings.temporal_tls_ca_file,
        settings.temporal_tls_cert_file,
        settings.temporal_tls_key_file,
    )
    if not any(files) and settings.temporal_tls_server_name is None:
        return settings.temporal_tls or settings.temporal_api_key is not None
    ca, cert, key = (file.read_bytes() if file else None for file in files)
    return TLSConfig(
        server_root_ca_cert=ca,
        domain=settings.temporal_tls_server_name,
        client_cert=cert,
        client_private_key=key,
    )


async def connect_temporal(settings: Settings, *, patience: timedelta = timedelta(seconds=10)) -> Client:
    """A client. `patience` is how long a call is retried while the server cannot be reached."""
    api_key = settings.temporal_api_key
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=_tls(settings),
        api_key=api_key.get_secret_value() if api_key else None,
        data_converter=pydantic_data_converter,
        retry_config=RetryConfig(max_elapsed_time_millis=int(patience.total_seconds() * 1000)),
    )
