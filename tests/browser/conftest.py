"""A served explorer and a real Chromium, for tests that look at the page as a person would."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Page, start_chromium
from selenium import webdriver


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Serving"]:
    """`eigenscape explore`, as a user starts it, over a folder that tests put results into."""
    results = tmp_path_factory.mktemp("explorer") / "results"
    command = [
        sys.executable,
        "-m",
        "eigenscape",
        "explore",
        "--port",
        "0",
        "--results",
        str(results),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)
        try:
            assert address, f"{line}{process.stderr.read() if process.poll() is not None else ''}"
            yield Serving(address[0], results, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


class Serving:
    """Where the page is, the folder of results that it opens, and the process."""

    def __init__(self, address: str, results: Path, process: subprocess.Popen[str]) -> None:
        self.address, self.results, self.process = address, results, process


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests, with a profile of its own."""
    browser = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()


@pytest.fixture
def page(serving: Serving, chromium: webdriver.Chrome) -> Page:
    """The page, opened at its default view."""
    opened = Page(chromium, serving.address)
    opened.open("")
    return opened


@pytest.fixture
def downloads(chromium: webdriver.Chrome, tmp_path: Path) -> Path:
    """The folder that the browser puts downloads into."""
    chromium.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    return tmp_path


@pytest.fixture
def results(serving: Serving) -> Path:
    """The folder of results that the served explorer opens."""
    serving.results.mkdir(parents=True, exist_ok=True)
    return serving.results
