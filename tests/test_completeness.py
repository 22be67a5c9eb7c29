"""What every port must have, so that a new one is one code file, its recordings, its page and its row in README.

After sonnet's test that every module is covered: what is missing is named.
"""

import ast
import inspect
import re
from pathlib import Path

import pytest
from test_mutants import EXPECTED

from legacy_ports import ports
from legacy_ports.proof import recordings

HEADINGS = [
    "What the post says",
    "What the post shows",
    "What changed, and why",
    "Open questions",
    "Running this gives",
]
ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(params=ports.NAMES)
def name(request):
    return request.param


def test_there_are_five():
    assert ports.NAMES == ["kajuvonen", "mathybit_conv", "mathybit_dense", "smith", "vandenburg"]


def test_the_provenance_has_all_headings_and_a_text_under_each(name):
    lines = ports.facts(name).docstring.splitlines()
    assert " - " in lines[0]
    assert lines[1].startswith("https://")
    positions = [lines.index(heading) for heading in HEADINGS]
    assert positions == sorted(positions)
    for position in positions:
        assert lines[position + 1].startswith("    ")
        assert len(lines[position + 1].split()) > 4


def test_the_literals(name):
    facts = ports.facts(name)
    assert set(ports.COMMON) <= facts.options.keys()
    assert facts.help.keys() == facts.options.keys() - set(ports.COMMON), "HELP: a text for each option of its own"
    assert "network.png" in facts.figures
    proof = facts.proof
    assert proof.networks.keys() == proof.tolerances.keys()
    assert proof.variants.keys() == proof.tolerances.keys() - {name}
    for variant, options in proof.variants.items():
        assert ports.variant(name, {**ports.post_options(name), **options}) == variant


def test_the_recordings(name):
    proof = ports.facts(name).proof
    for variant in proof.tolerances:
        for data in ("full", "bundled"):
            recording = recordings.shipped(variant, data)
            assert recording.threads == 1
            assert proof.milestones[data][-1] == recording.steps, "the last milestone is the last recorded step"
            assert max(proof.tolerances[variant]) <= recording.steps or data == "bundled"
            assert set(proof.horizons.get(variant, {}).get(data, {})) <= set(recording.seeds)
            weights = recording.runs[0].variables
            assert len(weights) == recording.runs[0].norms.shape[1]


def test_the_mutants(name):
    for variant in ports.facts(name).proof.tolerances:
        assert any(mutated == variant for mutated, _ in EXPECTED), f"{variant}: no mutant in docs/proof.md"


def test_the_page_and_the_rows(name):
    assert f"| `{name}" in README
    page = (ROOT / f"docs/{name}.md").read_text(encoding="utf-8")
    assert f"docs/{name}.md" in README
    assert f"ports/{name}.py" in page


def test_its_module_has_what_a_run_and_a_replay_need(name):
    module = ports.load(name)
    names = set(inspect.signature(module.main).parameters) - {"run", "seed"}
    assert names == ports.facts(name).options.keys()
    assert callable(module.feed)
    assert callable(module.build)


def test_every_figure_that_is_drawn_is_listed(name):
    tree = ast.parse((ROOT / f"legacy_ports/ports/{name}.py").read_text(encoding="utf-8"))
    drawn = {
        re.sub(r"\{.*?\}", "*", ast.unparse(node.args[0])).removeprefix("f").strip("'")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "run.figure"
    }
    listed = {figure.replace("2d", "*d").replace("3d", "*d") for figure in ports.facts(name).figures}
    assert drawn == listed
