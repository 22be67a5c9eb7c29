"""Pages that are watched: a test fails on what goes wrong in its page, even when all that it asserts holds.

That is any error or warning in the console, any violation of the security policy, any uncaught exception, any request
that fails. What a test provokes it names with `Problems.expect`.
"""

import contextlib
import re
import time

VIEWPORT = {"width": 1280, "height": 720}

TENSORBOARDS_OWN = r"/index\.js\?_file_hash=|/favicon\.ico$"  # its script warns of itself, its icon is only in its page

SOFTWARE_GL = "GPU stall due to ReadPixels"  # Chromium without a GPU fetches each picture of WebGL from the renderer

# Runs in every frame before the page's own scripts.
REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => console.error(
  `security policy: ${event.effectiveDirective} forbids ${event.blockedURI}`));"""


class Problems:
    """What went wrong in a page, each a line."""

    def __init__(self):
        self.seen: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern):
        """The test provokes what this regular expression finds; that must then be seen, and is no failure."""
        self._expected.append(pattern)

    def watch(self, page):
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error.stack or error}"))
        page.on(
            "response",
            lambda response: response.status >= 400 and self.seen.append(f"status {response.status}: {response.url}"),
        )
        # A page that is no longer interested gives its requests up: that is no failure.
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
    """A page in a context of its own, which fails on problems at its end."""
    with browser.new_context(**{"viewport": VIEWPORT} | options) as context:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("page", problems.watch)
        yield context.new_page()
    problems.check()


def latent_frame(page, board, fragment="latent", seconds=30):
    """The plugin's frame in TensorBoard's own page, which is opened at `#fragment`."""
    page.goto(f"{board.url}#{fragment}")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for frame in page.frames:
            if "plugin_entry.html?name=latent" in frame.url:
                frame.wait_for_load_state()
                return frame
        page.wait_for_timeout(50)
    raise TimeoutError(f"TensorBoard showed no Latent tab within {seconds} s: {[frame.url for frame in page.frames]}")
