"""`carillon api` and `carillon worker`: one part of the system, alone."""

import signal
import sys

import typer


def api() -> None:
    """Serve the HTTP API."""
    import uvicorn

    from api.app import create_app
    from runtime.logs import configure_logging
    from runtime.settings import SettingsError, load_settings

    try:
        settings = load_settings()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    configure_logging(settings.log_level)
    # The server raises the signal again once it has ended in order; that end is a success.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


def worker() -> None:
    """Run a worker; the same as `python worker.py`."""
    from worker import main

    main()
