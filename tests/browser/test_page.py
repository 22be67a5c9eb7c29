"""The tab in TensorBoard's own page; the tests notice everything that goes wrong in a page."""

import re

import pytest
from helpers.pages import Problems, latent_frame, until, watched_page


def test_the_tab_loads_in_tensorboards_own_page(page, tensorboard, small_logdir, load_fast):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    frame = latent_frame(page, tensorboard(small_logdir, load_fast))
    frame.get_by_text("deep").first.wait_for()
    scripts = {url.split("/")[-1] for url in asked if "/latent/" in url and url.endswith(".js")}
    assert scripts <= {"index.js", "decode_worker.js"}, "forty modules one by one take a third of a second"


WRONG = {
    "console.error('wrong')": "console error: wrong",
    "console.warn('odd')": "console warning: odd",
    "setTimeout(() => { throw new Error('thrown'); })": "uncaught: Error: thrown",
    "void Promise.reject(new Error('lost'))": "uncaught: Error: lost",
    "fetch('./codes?run=none&tag=none').then(() => 0)": "status 404: .*/codes",
    "fetch('http://127.0.0.1:9/x').catch(() => 0)": "security policy: connect-src forbids http://127.0.0.1:9/x",
    "document.body.appendChild(document.createElement('script')).text = 1": "security policy: script-src-elem",
    "new Worker(URL.createObjectURL(new Blob(['1']))) && 0": "security policy: worker-src forbids blob",
}


def test_what_goes_wrong_in_a_page_fails_its_test(browser, tensorboard, small_logdir):
    problems = Problems()
    board = tensorboard(small_logdir, "--load_fast=true")
    with pytest.raises(AssertionError, match="in the page:"), watched_page(browser, problems) as page:  # noqa: PT012 (all of it is what fails)
        page.goto(board.url + "data/plugin_entry.html?name=latent")
        for script in WRONG:
            page.evaluate(script)
        until(page, lambda: all(any(re.search(p, line) for line in problems.seen) for p in WRONG.values()))
    for pattern in WRONG.values():
        problems.expect(pattern)
    problems.expect("console error: Failed to load resource|violates the .*Content Security Policy")
    problems.check()
    problems.expect("never")
    with pytest.raises(AssertionError, match="not seen: ..never"):
        problems.check()
