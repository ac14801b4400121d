"""What a person does in a tab: wait until a page stands still, launch, decide."""

from typing import Any

from playwright.sync_api import TimeoutError, expect

STILL = (
    "document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'"
    " && !document.querySelector('[data-testid=stStatusWidget]')"
)


def still(tab: Any) -> None:
    """Wait until the page's script has ended and stays so: a change of the address runs it once more."""
    tab.wait_for_function(STILL, timeout=60_000)
    tab.wait_for_timeout(150)
    tab.wait_for_function(STILL, timeout=60_000)


def settled(tab: Any, title: str) -> None:
    """Wait until the page of this title stands still."""
    expect(tab.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible(timeout=60_000)
    still(tab)


def upload(tab: Any, *files: Any, nth: int = 0) -> None:
    """Choose files in the nth uploader, and wait until the page has taken them in.

    A choice made while the page is being drawn again is sometimes dropped; then the page is loaded anew, once.
    """
    for last in (False, True):
        tab.locator("input[type=file]").nth(nth).set_input_files(list(files))
        if last or _taken(tab, nth):
            break
        tab.reload()
        still(tab)
    expect(_chosen(tab, nth)).to_be_visible(timeout=60_000)
    still(tab)


def _chosen(tab: Any, nth: int) -> Any:
    return tab.get_by_test_id("stFileUploader").nth(nth).get_by_test_id("stFileChip").last


def _taken(tab: Any, nth: int) -> bool:
    try:
        _chosen(tab, nth).wait_for(timeout=20_000)
    except TimeoutError:
        return False
    return True


def run_in(url: str) -> str:
    """Return the run an address is about."""
    return url.split("run=")[1].split("&")[0]


def write(tab: Any, text: str) -> None:
    """Put a text in place of the experiment file on New run."""
    tab.get_by_role("tab", name="Experiment file").click()
    tab.get_by_label("Experiment file (YAML)").fill(text)


def launch(tab: Any, base: str, text: str) -> str:
    """Paste an experiment, wait for its check, launch it, and return the run's id from the address."""
    tab.goto(f"{base}/new-run")
    settled(tab, "New run")
    write(tab, text)
    expect(tab.get_by_text("The experiment file is valid.")).to_be_visible(timeout=60_000)
    still(tab)
    tab.get_by_role("button", name="Launch", exact=True).click()
    tab.wait_for_url("**/live?*run=*", timeout=60_000)
    return run_in(tab.url)


def log_in(tab: Any, base: str, name: str, password: str) -> None:
    """Log in with name and password, as a person does from the first page."""
    tab.goto(base)
    tab.get_by_role("link", name="Log in with name and password").click()
    tab.get_by_label("Name").fill(name)
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Log in").click()
    settled(tab, "Runs")


def decide(tab: Any, opener: str, button: str, name: str | None, text: str) -> None:
    """Open a popover, fill in name (None: an account has one) and text, and press its button."""
    tab.get_by_role("button", name=opener).first.click()
    form = tab.get_by_test_id("stPopoverBody").get_by_test_id("stForm")
    if name is not None:
        form.get_by_role("textbox").first.fill(name)
    form.get_by_role("textbox").last.fill(text)
    form.get_by_role("button", name=button, exact=True).click()
    tab.keyboard.press("Escape")
