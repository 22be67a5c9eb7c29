"""The limits that Python and the tab's JavaScript have in common, each written down once in either language."""

import re

import pytest

from tb_plugin import codec, validation
from tb_plugin.graph import sizes as layer_sizes
from tb_plugin.server import label_classes, projection
from tb_plugin.server.static_files import STATIC

# By the name of the JavaScript constant.
LIMITS = {
    "MAX_CLASSES": label_classes.MAX_CLASSES,
    "MAX_COMPONENTS": projection.MAX_COMPONENTS,
    "MAX_FRAMES": validation.MAX_FRAMES,
    "MAX_VALUES": layer_sizes.MAX_VALUES,
    "NO_CLASS": label_classes.NO_CLASS,
    "PREFIX_BYTES": codec.PREFIX.size,
}
# Constants of the tab alone. A name that Python has, too, must mean the same thing in both.
ONLY_IN_THE_TAB = {"MAX_SPACES", "MAX_CORNERS", "MAX_CODES", "MAX_QUERY", "MAX_VIEWS", "MAX_VIEW_NAME", "MAX_RANGES"}

CONSTANT = re.compile(r"^(?:export )?const ([A-Z][A-Z0-9_]*) = ([^;]+);", re.MULTILINE)


def constants(text):
    """Returns the constants in the text of a module whose values are integers or products or powers of them."""
    return {
        name: eval(value.replace("_", ""))  # only digits and operators
        for name, value in CONSTANT.findall(text)
        if re.fullmatch(r"[\d_]+( \*{1,2} [\d_]+)*", value)
    }


def in_the_tab():
    """Returns (file, name, value) of all such constants of the tab."""
    for path in sorted(STATIC.rglob("*.js")):
        for name, value in constants(path.read_text(encoding="utf-8")).items():
            yield path.name, name, value


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_the_same_in_both_languages(name):
    found = [(file, value) for file, constant, value in in_the_tab() if constant == name]
    assert len(found) == 1, f"{name} must be written down once in the tab's modules"
    assert found[0][1] == LIMITS[name], found[0][0]


def test_every_limit_of_the_tab_is_known_here():
    assert {name for _, name, _ in in_the_tab() if name.startswith("MAX_")} - LIMITS.keys() <= ONLY_IN_THE_TAB


def test_names_of_the_tab_alone_mean_nothing_else_in_python():
    text = "".join(path.read_text(encoding="utf-8") for path in STATIC.parent.rglob("*.py"))
    assert ONLY_IN_THE_TAB & set(re.findall(r"^(MAX_\w+) = ", text, re.MULTILINE)) == set()


def test_constants_are_read():
    text = "export const MAX_A = 240;\nconst B = 2 ** 22; // of one\nconst C = 10_000;\nconst d = 1;\nconst E = [3];\n"
    assert constants(text) == {"MAX_A": 240, "B": 2**22, "C": 10_000}
