"""Chromium from the system, without a GPU: WebGL is computed by the processor."""

import contextlib
import os
import shutil

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--enable-unsafe-swiftshader", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def launched(playwright, *arguments):
    """Gives `with launched(playwright) as browser`: Chromium with more arguments, closed at the end."""
    return contextlib.closing(playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments]))
