"""Fixtures for everyone: a real Label Studio, one for the whole session, and small projects to annotate on it.

Where a part is missing that no lock file brings, a test is skipped here with the line that installs it. In CI nothing
is skipped: there it fails.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from studio_project import ARTICLES, make_studio_project

if TYPE_CHECKING:
    from stancewire.label_studio.client import Client
    from stancewire.label_studio.server import Studio
    from stancewire.project import Project

_number = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a real server go to one process when they are shared out: one server serves them all."""
    for item in items:
        if item.get_closest_marker("studio") is not None:
            item.add_marker(pytest.mark.xdist_group("studio"))


def in_ci() -> bool:
    """Is this the run that decides, where nothing may be left out?"""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a run in which anything was skipped has failed, whoever skipped it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if in_ci() and reporter is not None and any(reporter.stats.get(kind) for kind in ("skipped", "xfailed")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# No property is timed: a loaded machine would fail it. CI tries the same examples each time, other runs try new ones.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if in_ci() else "here")


def missing(part: str, remedy: str) -> None:
    """Skip the test for want of a part, or in CI fail it."""
    message = f"{part} is missing; {remedy}"
    if in_ci():
        pytest.fail(f"{message} (in CI nothing is skipped)", pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A running Label Studio with an empty database; it ends with the session, however that ends."""
    from stancewire.errors import StudioError
    from stancewire.label_studio.server import running_server, server_python

    try:
        import label_studio_sdk  # noqa: F401

        server_python()
    except ImportError:
        missing("label-studio-sdk", "install it with: python3 scripts/run.py --version")
    except StudioError as error:
        missing(f"Label Studio ({error})", "install it with: python3 scripts/run.py studio-env")
    with running_server(tmp_path_factory.mktemp("studio") / ".studio") as studio:
        yield studio


@pytest.fixture
def studio_client(studio_server: Studio) -> Iterator[Client]:
    """A client of that server, as its administrator."""
    from stancewire.label_studio.client import Client

    with Client(studio_server.url, studio_server.token, log=studio_server.log) as client:
        yield client


@pytest.fixture
def other_server(tmp_path: Path, studio_server: Studio) -> Iterator[Client]:
    """A client of an empty server, as after a loss of the first."""
    from stancewire.label_studio.client import Client
    from stancewire.label_studio.server import running_server

    with (
        running_server(tmp_path / "other" / ".studio") as studio,
        Client(studio.url, studio.token, studio.log) as client,
    ):
        yield client


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[..., Project]:
    """Makes a small project of its own: a corpus name and annotators that no other test uses."""

    def make(articles: dict[str, list[tuple[str, str]]] = ARTICLES) -> Project:
        number = next(_number)
        annotators = (f"ann-a{number}", f"ann-b{number}")
        return make_studio_project(tmp_path / f"project{number}", f"tests-{number}", articles, annotators)

    return make


@pytest.fixture
def chromium() -> str:
    """The path of a Chromium to drive."""
    found = os.environ.get("STANCEWIRE_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        missing("Chromium", "install it with: apt-get install chromium")
    return str(found)
