"""Pages that are watched: a test fails if anything goes wrong in its page, even if all of its assertions hold.

Errors and warnings in the console, violations of the security policy, uncaught exceptions and failed requests count. A
test names with `Problems.expect` what it provokes.
"""

import contextlib
import re
import time
from pathlib import Path

VIEWPORT = {"width": 1280, "height": 720}

TENSORBOARDS_OWN = r"/index\.js\?_file_hash=|/favicon\.ico$"  # its script warns; only its own page has its icon

SOFTWARE_GL = "GPU stall due to ReadPixels"  # Chromium without a GPU copies each picture of WebGL

# Runs in every frame before the page's own scripts.
REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => console.error(
  `security policy: ${event.effectiveDirective} forbids ${event.blockedURI}`));"""

# Defines `rest()`, which waits until nothing is under way.
NOTE_WORK = (Path(__file__).parent / "note_work.js").read_text()


def until(page, condition, seconds=60):
    """Waits until `condition()` is true; `page` handles its events meanwhile."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        page.wait_for_timeout(50)


class Problems:
    """What went wrong in a page, one line each."""

    def __init__(self):
        self.seen: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern):
        """Allows, and demands, a line that this regular expression finds."""
        self._expected.append(pattern)

    def watch(self, page):
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error.stack or error}"))
        page.on(
            "response",
            lambda response: response.status >= 400 and self.seen.append(f"status {response.status}: {response.url}"),
        )
        # A page may cancel its requests.
        page.on(
            "requestfailed",
            lambda request: (
                "ERR_ABORTED" not in (request.failure or "")
                and self.seen.append(f"request failed: {request.url}: {request.failure}")
            ),
        )

    def _console(self, message):
        ours = not re.search(TENSORBOARDS_OWN, message.location["url"])
        if ours and message.type in ("error", "warning") and SOFTWARE_GL not in message.text:
            self.seen.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def check(self):
        unexpected = [line for line in self.seen if not any(re.search(p, line) for p in self._expected)]
        assert not unexpected, "in the page:\n" + "\n".join(unexpected)
        unseen = [pattern for pattern in self._expected if not any(re.search(pattern, line) for line in self.seen)]
        assert not unseen, f"expected in the page, and not seen: {unseen}"


@contextlib.contextmanager
def watched_page(browser, problems, **options):
    """Yields a page in a context of its own, and fails at its end if there were problems."""
    with browser.new_context(**{"viewport": VIEWPORT} | options) as context:
        context.add_init_script(REPORT_VIOLATIONS)
        context.add_init_script(NOTE_WORK)
        context.on("page", problems.watch)
        yield context.new_page()
    problems.check()


def latent_frame(page, board, fragment="latent", seconds=30):
    """Opens TensorBoard's own page at `#fragment`. Returns the plugin's frame in it."""
    page.goto(f"{board.url}#{fragment}")

    def found():
        return [frame for frame in page.frames if "plugin_entry.html?name=latent" in frame.url]

    until(page, found, seconds)
    found()[0].wait_for_load_state()
    return found()[0]
