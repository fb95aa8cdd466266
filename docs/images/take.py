"""Takes the screenshots of this folder from a running `carillon demo`.

Needs what the project itself does not: Chromium on the PATH, and `pip install playwright` in an environment of
its own. While the demo waits for Ctrl-C: `python docs/images/take.py [--ui ADDRESS]`.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
WIDTH = 1440
SETTLE_MS = 4_000


def latest_run(ui: str) -> dict[str, Any]:
    """The newest run that has ended, as the Web UI's own API tells it."""
    query = quote("CarillonKind = 'run' AND ExecutionStatus = 'Completed'")
    with urlopen(f"{ui}/api/v1/namespaces/default/workflows?query={query}") as answer:  # noqa: S310
        run: dict[str, Any] = json.load(answer)["executions"][0]
        return run


def page_of(ui: str, execution: dict[str, str], tab: str) -> str:
    workflow = quote(execution["workflowId"], safe="")
    return f"{ui}/namespaces/default/workflows/{workflow}/{execution['runId']}/{tab}"


def take(page: Page, address: str, height: int, file: str) -> None:
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.goto(address)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=FOLDER / file)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--ui", default="http://127.0.0.1:8233")
    ui = arguments.parse_args().ui
    run = latest_run(ui)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page()
        take(page, page_of(ui, run["parentExecution"], "user-metadata"), 700, "automation.png")
        take(page, page_of(ui, run["execution"], "timeline"), 1_000, "run.png")
        browser.close()


if __name__ == "__main__":
    main()
