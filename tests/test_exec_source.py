"""Scripts are read as their Python meant them, and what is gone is told by name. No TensorFlow is needed."""

import json
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_ports import UserError
from legacy_ports.original import names, source
from legacy_ports.original.modules import missing


def run(tmp_path, text, name="script.py"):
    """Runs a script's code; returns its variables."""
    path = tmp_path / name
    path.write_text(text)
    read = source.read(path)
    scope = dict(read.names)
    exec(read.code, scope)
    return scope


def test_python_2_statements(tmp_path, capsys):
    run(
        tmp_path,
        'import sys\nprint "a", 1\nprint\nif True: print "b" % ()\nprint ("c"), 2; print "d",\n'
        'print >>sys.stderr, "e"\nprint (1,\n  2)\ntry:\n  1/0\nexcept ZeroDivisionError, error:\n  print "f"\n',
    )
    printed = capsys.readouterr()
    assert printed.out == "a 1\n\nb\nc 2\nd (1, 2)\nf\n"
    assert printed.err == "e\n"


def test_python_2_divides_and_lists(tmp_path):
    scope = run(
        tmp_path, "a = 7 / 2\nb = 7 / 2.0\nc = 7\nc /= 2\nd = map(str, xrange(2))\ne = range(3)\nf = round(2.5)\n"
    )
    assert [scope[name] for name in "abcdef"] == [3, 3.5, 3, ["0", "1"], [0, 1, 2], 3.0]


def test_python_2_with_true_division(tmp_path):
    assert run(tmp_path, "from __future__ import division\na = 7 / xrange(3)[2]\n")["a"] == 3.5


def test_python_3_stays_as_it_is(tmp_path):
    scope = run(tmp_path, "a = 7 / 2\ntry:\n  xrange\nexcept NameError:\n  xrange = range\nb = round(2.5)\n")
    assert (scope["a"], scope["b"], scope["xrange"]) == (3.5, 2, range)


def test_a_notebook_gives_its_code_cells_in_order(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "a = 1"]},
        {"cell_type": "markdown", "source": ["a = 2"]},
        {"cell_type": "code", "source": ["!ls\n", "if a:\n", "    b = a + 1"]},
    ]
    assert run(tmp_path, json.dumps({"cells": cells}), "notebook.ipynb")["b"] == 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.py", "def f(:\n", "a.py:1: invalid syntax"),
        ("a.ipynb", "{}", "a.ipynb: not a notebook"),
        ("b.py", None, "b.py: cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_script_is_one_line(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError) as error:
        source.read(tmp_path / name)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", names.GONE)
def test_what_is_gone_is_told_with_what_replaced_it_and_where_to_read_on(name):
    text = str(missing(f"{name}.something"))
    assert text.startswith("tf" + name.removeprefix("tensorflow") if name.startswith("tensorflow") else name)
    assert "instead: " in text
    assert "; see https://" in text


def test_no_name_is_both_here_and_gone():
    assert not names.ALIASES.keys() & names.GONE.keys()
    assert not {name for name in names.ALIASES if name in names.MODULES}
    for name in (*names.MODULES, *names.ALIASES):
        parent = name.rpartition(".")[0]
        assert not parent or parent in names.MODULES or parent in ("scipy", "keras.layers"), name


PIECES = ["print ", "print", '"a"', "(", ")", ",", ";", ":", "\n", "    ", "if 1", "return", "xrange(2)", "7 / 2",
          " = ", "except E, e", "try", "lambda", ">>f", "\\", "\"\"\"", "#", "\0", "\f", "\t", "x"]  # fmt: skip
LITERALS = st.one_of(st.integers(), st.text("ab %\\'\"#:;,()", max_size=5), st.lists(st.integers(), max_size=2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.lists(LITERALS, max_size=3), st.booleans()), min_size=1, max_size=4))
def test_any_print_statement_prints_what_python_2_printed(tmp_path, capsys, statements):
    lines = ["print 'begun'"]  # a bare print is Python 3 too
    wanted = "begun\n"
    for values, comma in statements:
        comma = comma and values
        lines.append("if True: print " + ", ".join(map(repr, values)) + ("," if comma else "") + "  # , a comment")
        wanted += " ".join(map(str, values)) + (" " if comma else "\n")
    run(tmp_path, "\n".join(lines) + "\n")
    assert capsys.readouterr().out == wanted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.binary()))
def test_any_text_is_a_script_or_refused_in_one_line(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the texts' escape sequences
        try:
            refusal = source.read(path) and ""
        except UserError as error:
            refusal = str(error)
    assert not refusal or refusal.startswith(str(path)) and "\n" not in refusal
