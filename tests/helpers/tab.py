"""The Latent tab in a page. Tests use it through what is on the screen."""

import base64
import io
import json
from urllib.parse import quote, unquote

import numpy as np
from PIL import Image

from helpers.pages import latent_frame, until

ADDRESS = "(new Map(location.hash.split('&').map(part => part.split('='))).get('p.latent.' + key) ?? null)"


class Tab:
    """The tab of `board`, opened in `page` with a state, e.g. `Tab(page, board, step="500")`."""

    def __init__(self, page, board, spaces=None, **state):
        if spaces:
            state["spaces"] = json.dumps(spaces)
        self.page = page
        fragment = "latent" + "".join(f"&p.latent.{key}={quote(value)}" for key, value in state.items())
        page.goto("about:blank")  # a change of the fragment alone would not load the page again
        self.frame = self._open(board, fragment)

    def _open(self, board, fragment):
        return latent_frame(self.page, board, fragment)

    def painted(self, step=None, panel=0):
        """Waits until a panel shows a step and its points have arrived."""
        attribute = "[data-painted]" if step is None else f'[data-painted="{step}"]'
        self.frame.locator(f".panel:nth-child({panel + 1}) .plot{attribute}").wait_for()
        return self

    def locate(self, selector, **filters):
        return self.frame.locator(selector, **filters)

    def button(self, name):
        return self.frame.get_by_role("button", name=name, exact=True)

    def plot(self, panel=0):
        return self.frame.locator(".plot").nth(panel)

    def at(self, x=0.5, y=0.5, panel=0):
        """Returns the pixel of the page at shares of a plot's width and height."""
        box = self.plot(panel).bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def card(self):
        """Returns the text of the card at the pointer, read in one go, because more may come."""
        card = self.locate(".card")
        card.wait_for()
        read = "card => [...card.querySelectorAll('dt')].map((dt) => [dt.innerText, dt.nextSibling.innerText])"
        return dict(card.evaluate(read))

    def pixels(self, selector):
        """Returns the pixels of a canvas, uint8 [height, width, 4]."""
        url = self.frame.locator(selector).evaluate("canvas => canvas.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA"))

    def seen(self, panel=0):
        """Returns the pixels of a plot on the screen, uint8 [height, width, 3]."""
        return np.asarray(Image.open(io.BytesIO(self.plot(panel).screenshot())).convert("RGB"))

    def until(self, condition, seconds=60):
        """Waits until `condition()` is true."""
        until(self.page, condition, seconds)

    def rest(self, except_=None):
        """Waits until nothing is under way in the tab, except for requests whose address contains `except_`."""
        self.frame.evaluate("rest", except_)
        return self

    def state(self, key):
        """Returns a value in the address, or None. The address follows a change a moment later."""
        return self.page.evaluate(f"key => {ADDRESS}", key)

    def wait_for_state(self, key, script="value => value !== null"):
        """Waits until `script` accepts a value in the address. Returns the value."""
        self.page.wait_for_function(f"key => ({script})({ADDRESS})", arg=key, timeout=60_000)
        return unquote(self.state(key) or "")

    def wait_for(self, script, arg=None):
        self.frame.wait_for_function(script, arg=arg, timeout=60_000)


class FilePage(Tab):
    """The tab in a page that is one file: `FilePage(page, path, step="500")`."""

    def _open(self, board, fragment):
        self.page.goto(f"{board.as_uri()}#{fragment}")
        return self.page.main_frame
