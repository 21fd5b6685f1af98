"""A served explorer and a real Chromium, for tests that look at the page as a person would."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Page
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    # Chromium as root in a container, without a display, without any request of its own.
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1400,900"),
    "--enable-unsafe-swiftshader",  # WebGL by software: the surface is drawn by it
)


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Serving"]:
    """`eigenscape explore`, as a user starts it, over a folder that tests put results into."""
    results = tmp_path_factory.mktemp("explorer") / "results"
    command = [sys.executable, "-m", "eigenscape", "explore", "--port", "0", "--results", str(results)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)
        try:
            assert address, f"{line}{process.stderr.read() if process.poll() is not None else ''}"
            yield Serving(address[0], results)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


class Serving:
    """Where the page is, and the folder of results that it opens."""

    def __init__(self, address: str, results: Path) -> None:
        self.address, self.results = address, results


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests, with a profile of its own."""
    os.environ["SE_OFFLINE"] = "true"  # selenium's manager would look for a driver elsewhere
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    browser.set_script_timeout(30)
    yield browser
    browser.quit()


@pytest.fixture
def page(serving: Serving, chromium: webdriver.Chrome) -> Page:
    """The page, opened at its default view."""
    opened = Page(chromium, serving.address)
    opened.open("")
    return opened
