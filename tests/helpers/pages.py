"""Pages that are watched: a test fails if anything goes wrong in its page, even if all of its assertions hold.

Errors and warnings in the console, violations of the security policy, uncaught exceptions and failed requests count. A
test names with `Problems.expect` what it provokes.
"""

import base64
import contextlib
import html
import io
import re
import time
from pathlib import Path

import numpy as np
from PIL import Image

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


def in_srcdoc(page, file, folder):
    """Opens a page that is one file within another page in `folder`, as its text. Returns the frame that it is in."""
    host = folder / "host.html"
    text = html.escape(file.read_text(encoding="utf-8"))
    host.write_text(f"<!doctype html><iframe width=1000 height=600 srcdoc='{text}'></iframe>", encoding="utf-8")
    page.goto(host.as_uri())
    until(page, lambda: len(page.frames) > 1)
    return page.frames[1]


PLAY = """async (data) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = "data:video/webm;base64," + data;
  await new Promise((resolve, reject) => { video.onloadeddata = resolve; video.onerror = reject; });
  await video.play();
  await new Promise((resolve) => (video.onended = resolve));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  return [video.currentTime, canvas.toDataURL().split(",")[1]];
}"""


def played(page, video):
    """Plays a WebM. Returns its length in seconds, and its last picture, uint8 [height, width, 3]."""
    seconds, png = page.evaluate(PLAY, base64.b64encode(video).decode())
    return seconds, np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))


def latent_frame(page, board, fragment="latent", seconds=30):
    """Opens TensorBoard's own page at `#fragment`. Returns the plugin's frame in it."""
    page.goto(f"{board.url}#{fragment}")

    def found():
        return [frame for frame in page.frames if "plugin_entry.html?name=latent" in frame.url]

    until(page, found, seconds)
    found()[0].wait_for_load_state()
    return found()[0]
