"""Pictures of the labelling interfaces, taken from a real Label Studio in a real browser.

The server is one of its own, in a scratch folder, and gone afterwards: a campaign's server never sees a preview.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..codebook.interface import interface_xml
from ..codebook.model import Codebook
from ..errors import MissingExtra, StudioError
from .client import Client
from .environment import Say, quiet
from .example import Example
from .server import Studio, running_server
from .suggestions import PROVIDER

if TYPE_CHECKING:
    from playwright.sync_api import Page

WINDOW = (1440, 900)
TEXT = ".body .lsf-htx-richtext"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def take_screenshots(
    codebook: Codebook, examples: Mapping[str, Example], folder: Path, say: Say = quiet
) -> dict[str, list[Path]]:
    """For each pass two pictures, as the task is opened and with a span selected; the files by pass.

    Args:
        examples: by pass, the task to show.

    Raises:
        MissingExtra: playwright or the SDK is not installed.
        StudioError: there is no Chromium, or no Label Studio can be started.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise MissingExtra("playwright", "screenshots") from None
    chromium = find_chromium()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        say("starting a Label Studio for the pictures")
        with (
            running_server(Path(scratch) / ".studio", say=say) as studio,
            Client(studio.url, studio.token, log=studio.log) as client,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
            try:
                page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
                sign_in(page, studio.url, studio.email, studio.password)
                return {
                    name: _take(codebook, name, example, client, studio, page, folder)
                    for name, example in examples.items()
                }
            except Error as error:
                said = " ".join(str(error).split())[:160]
                raise StudioError(f"the browser ({chromium}) could not show the interface: {said}") from None
            finally:
                browser.close()


def find_chromium() -> str:
    """The path of a Chromium: `STANCEWIRE_CHROMIUM`, else the system's.

    Raises:
        StudioError: there is none.
    """
    found = os.environ.get("STANCEWIRE_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        remedy = "install it (apt-get install chromium), or name one by the environment: STANCEWIRE_CHROMIUM"
        raise StudioError(f"there is no Chromium here; {remedy}")
    return found


def _take(
    codebook: Codebook, task_pass: str, example: Example, client: Client, studio: Studio, page: Page, folder: Path
) -> list[Path]:
    title = f"Preview {task_pass}"
    remote = client.create_project(
        title=title,
        label_config=interface_xml(codebook, task_pass),
        show_collab_predictions=True,
        model_version=PROVIDER,
        show_skip_button=True,
        sampling="Sequential sampling",
    )
    client.import_tasks(remote.id, title, [example.data])
    if example.suggested:
        (task,) = client.tasks(remote.id, title)
        suggestion = {"task": task["id"], "model_version": PROVIDER, "score": 1.0, "result": example.suggested}
        if client.import_predictions(remote.id, title, [suggestion]) != 1:
            raise StudioError(f"{title!r}: Label Studio did not take the suggestions; run: stancewire codebook check")
    open_label_stream(page, studio.url, remote.id)
    paths = [folder / f"{task_pass}.png", folder / f"{task_pass}-selected.png"]
    page.screenshot(path=paths[0])
    if example.suggested:
        page.locator(f"{TEXT} .htx-highlight").first.click()
    else:  # the first label's key, then a word of the text
        label = (codebook.targets if task_pass == "stances" else codebook.mention_labels)[0]
        if label.hotkey:
            page.keyboard.press(label.hotkey)
        page.locator(f"{TEXT} .lsf-richtext__line").first.dblclick(position={"x": 20, "y": 12})
    page.wait_for_timeout(500)
    page.screenshot(path=paths[1])
    return paths


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    """Sign in by the form, and switch on "select region after creating it", as the guidelines ask."""
    page.goto(f"{url}/user/login/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/user/login" not in address)
    page.evaluate("localStorage.setItem('labelStudio:settings', JSON.stringify({selectAfterCreate: true}))")


def open_label_stream(page: Page, url: str, project_id: int) -> None:
    """Open a project's label stream and wait for its first task."""
    page.goto(f"{url}/projects/{project_id}/data?labeling=1")
    page.wait_for_selector(f"{TEXT} .lsf-richtext__line")
    page.wait_for_timeout(500)  # the text is drawn anew once when suggestions and settings have come
