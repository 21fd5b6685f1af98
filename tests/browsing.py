"""The explorer's page as a test sees it: open a view, move a slider, read numbers and figures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 20
"""Seconds until a page that does not answer has failed; it answers within one, but the machine may
be busy."""

SETTLED = "return window.eigenscape && window.eigenscape.settled()"

MOVE = """
const [input, value] = arguments;
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value);
input.dispatchEvent(new Event("input", { bubbles: true }));
"""
"""What the browser itself does as a slider is dragged; React reads the value of the event's
target."""


FLAGS = (
    # Chromium as root in a container, without a display, without any request of its own.
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1400,1000"),
    "--enable-unsafe-swiftshader",  # WebGL by software: the surface is drawn by it
)


def start_chromium(profile: Path) -> webdriver.Chrome:
    """A Chromium with a profile of its own."""
    os.environ["SE_OFFLINE"] = "true"  # selenium's manager would look for a driver elsewhere
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    browser.set_script_timeout(60)
    return browser


class Page:
    """The page in a browser."""

    def __init__(self, browser: webdriver.Chrome, address: str) -> None:
        self.browser, self.address = browser, address

    def open(self, query: str) -> None:
        """Open a view and wait until it is drawn."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.address}?{query}" if query else self.address)
        self.wait_for(
            lambda: self.browser.execute_script(SETTLED) and self.text("curve-length") != "…"
        )

    def wait_for(self, condition: Any) -> Any:
        """Wait until a condition holds."""
        return WebDriverWait(self.browser, PATIENCE, 0.05).until(lambda _: condition())

    def settle(self) -> None:
        """Wait until every request is answered."""
        self.wait_for(lambda: self.browser.execute_script(SETTLED))

    def element(self, identity: str) -> WebElement:
        """By id."""
        return self.browser.find_element(By.ID, identity)

    def text(self, identity: str) -> str:
        """Of the element with this id."""
        return str(self.element(identity).get_property("textContent"))

    def sliders(self) -> dict[str, WebElement]:
        """Range inputs by their label, those that are shown."""
        inputs = self.browser.find_elements(By.CSS_SELECTOR, "input[type=range]")
        return {str(entry.get_attribute("name")): entry for entry in inputs}

    def move(self, name: str, value: float) -> None:
        """Bring a slider, by its label, or a field, by its id, to a value, and wait for the
        answer.
        """
        before = self.answers()
        control = self.sliders().get(name) or self.element(name)
        self.browser.execute_script(MOVE, control, str(value))
        self.wait_for(lambda: self.answers() > before)
        self.settle()

    def drag(self, label: str, values: list[float]) -> None:
        """Bring a slider through values, without waiting for answers."""
        slider = self.sliders()[label]
        for value in values:
            self.browser.execute_script(MOVE, slider, str(value))

    def enter(self, identity: str, text: str) -> None:
        """Replace the text of a field, and press Enter."""
        field = self.element(identity)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text, Keys.ENTER)

    def trace(self, figure: str, index: int, name: str) -> list[float]:
        """Data that plotly.js has drawn."""
        script = (
            "return [...document.querySelector(`#${arguments[0]}"
            " .js-plotly-plot`)._fullData[arguments[1]][arguments[2]]]"
        )
        return list(self.browser.execute_script(script, figure, index, name))

    def nameless_controls(self) -> list[str]:
        """Controls in sight that a screen reader has no name for."""
        script = """
        const controls = [...document.querySelectorAll(\
"input, button, select, [role=combobox], [role=tab]")];
        const named = (e) => e.labels?.length || e.ariaLabel || \
e.getAttribute("aria-labelledby") || e.title || e.textContent.trim();
        const spoken = (e) => e.offsetParent && !e.closest("[aria-hidden=true]");
        return controls.filter((e) => spoken(e) && !named(e)).map((e) => e.outerHTML.slice(0, 200));
        """
        return list(self.browser.execute_script(script))

    def answers(self) -> int:
        """How many answers of the server the page has shown."""
        return int(self.browser.execute_script("return window.eigenscape.answers()"))

    def query(self) -> str:
        """Of the address in the browser."""
        return str(self.browser.execute_script("return window.location.search"))

    def press(self, text: str) -> None:
        """Click the button with this text."""
        for button in self.browser.find_elements(By.TAG_NAME, "button"):
            if button.text == text:
                button.click()
                return
        raise LookupError(text)

    def rows(self, identity: str) -> list[list[str]]:
        """The body of a table, row by row."""
        script = """
        const rows = document.querySelectorAll(`#${arguments[0]} tbody tr`);
        return [...rows].map((row) => [...row.cells].map((cell) => cell.textContent));
        """
        return list(self.browser.execute_script(script, identity))
