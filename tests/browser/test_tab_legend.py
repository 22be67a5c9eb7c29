"""A legend of many classes: its search, its keys, names that are long."""

import re

import numpy as np
import pytest
from helpers.tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

N = 3000
LONG = "a name of many words that no legend has room for on a single line, nor on two of them"
MANY = [["many", "z"]]


@pytest.fixture(scope="module")
def board(tensorboard, tmp_path_factory):
    logdir = tmp_path_factory.mktemp("legend")
    names = [f"word{i:04} {'even' if i % 2 == 0 else 'odd'}" for i in range(1000)]
    names[7] = LONG
    labels = np.arange(N) % 1000
    codes = np.stack([labels % 40, labels // 40], axis=1).astype(float)
    with LatentWriter(logdir / "many") as writer:
        writer.add("z", 0, codes, labels=labels, class_names=names, metadata={"few": [f"f{i % 5}" for i in range(N)]})
    return tensorboard(logdir, "--load_fast=true")


def shown(tab):
    """Returns the names of the classes that the legend lists."""
    return tab.locate(".classes button:not([hidden]) .name").all_inner_texts()


def pressed(tab):
    return tab.locate(".classes button[aria-pressed=true]").count()


def test_a_thousand_classes_are_listed_found_and_shown_alone(page, board):
    tab = Tab(page, board, MANY).painted(0)
    tab.until(lambda: len(shown(tab)) == 1000)
    field = tab.frame.get_by_label("Find classes")
    field.fill("word09 even")
    tab.until(lambda: len(shown(tab)) == 50)
    assert all(re.fullmatch(r"word09\d\d even", name) for name in shown(tab))
    assert "50 of 1,000 classes" in tab.locate("[aria-label=Legend]").inner_text()
    field.press("Enter")
    tab.until(lambda: pressed(tab) == 50)
    page.mouse.move(*tab.at(0.5, 0.5))
    tab.rest()
    tab.plot().press("b")
    page.mouse.move(*tab.at(0.01, 0.01))
    page.mouse.down()
    page.mouse.move(*tab.at(0.99, 0.99), steps=4)
    page.mouse.up()
    tab.locate("[aria-label=Selection]", has_text="150 points").wait_for()
    assert "word0998 even: 3" not in tab.locate("[aria-label=Selection] .hint").first.inner_text()
    assert "word0900 even: 3" in tab.locate("[aria-label=Selection] .hint").first.inner_text()
    tab.button("Show all classes").click()
    tab.until(lambda: pressed(tab) == 1000)
    field.fill("")
    tab.until(lambda: len(shown(tab)) == 1000)


def test_keys_go_from_the_field_through_the_classes(page, board):
    tab = Tab(page, board, MANY).painted(0)
    field = tab.frame.get_by_label("Find classes")
    field.fill("word000")
    tab.until(lambda: len(shown(tab)) == 9)
    focused = "document.activeElement.querySelector('.name')?.textContent ?? document.activeElement.ariaLabel"
    for key, name in (
        ("ArrowDown", "word0000 even"),
        ("ArrowDown", "word0001 odd"),
        ("ArrowUp", "word0000 even"),
        ("ArrowUp", "Find classes"),
        ("ArrowDown", "word0000 even"),
    ):
        page.keyboard.press(key)
        assert tab.frame.evaluate(focused) == name
    page.keyboard.press("Space")
    tab.until(lambda: pressed(tab) == 999)
    assert tab.wait_for_state("hidden") == "0"


def test_a_few_classes_have_no_field(page, board):
    tab = Tab(page, board, MANY, color="column:few").painted(0)
    tab.until(lambda: len(shown(tab)) == 5)
    assert not tab.frame.get_by_label("Find classes").is_visible()


def test_long_names_are_broken_by_line(page, board):
    tab = Tab(page, board, MANY).painted(0)
    tab.frame.get_by_label("Find classes").fill("many words")
    tab.until(lambda: shown(tab) == [LONG])
    name = tab.locate(".classes button:not([hidden]) .name")
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight")
    assert name.bounding_box()["height"] > 30
    tab.frame.get_by_label("Find classes").press("Enter")
    tab.until(lambda: pressed(tab) == 1)
    with page.expect_download() as download:
        tab.button("Save the plot as a drawing that stays sharp").click()
    with open(download.value.path(), encoding="utf-8") as file:
        texts = re.findall(r">([^<>\n]+)</text>", file.read())
    at = next(i for i, text in enumerate(texts) if text.startswith("a name"))
    assert " ".join(texts[at:]) == LONG
