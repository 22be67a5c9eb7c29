"""The reproduction report, of real replays and a real run: whole, self-contained, readable without its pictures."""

import base64
import io
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from legacy_ports import cli, files, ports

RUNS = Path(__file__).parents[1] / "docs" / "runs"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def report(tmp_path_factory, request):
    """Makes the report of two ports: one with a whole run, its files made from a real manifest, and one without."""
    folder = tmp_path_factory.mktemp("report")
    run = folder / "the runs" / "smith" / "<b>bold &amp;"
    (run / "figures").mkdir(parents=True)
    manifest = json.loads((RUNS / "smith-default.json").read_text())
    manifest["data"]["source"] = "bundled"
    (run / "run.json").write_text(json.dumps(manifest))
    for name in manifest["figures"]:
        Image.new("RGB", (40, 30), "red").save(run / "figures" / name)
    shutil.copytree(run, run.with_name("other"))  # of two, the newer one
    (run / "run.json").touch()
    assert (
        cli.main(
            [
                "verify",
                "smith",
                "vandenburg",
                "--data",
                "bundled",
                "--steps",
                "5",
                "--html",
                str(folder / "a b.html"),
                "--logdir",
                str(folder / "the runs"),
            ]
        )
        == 0
    )
    return Page((folder / "a b.html").read_text())


def test_it_is_well_formed_and_needs_nothing_but_itself(report):
    assert report.open == []
    for tag, attributes in report.tags:
        assert tag not in ("script", "link", "iframe")
        for key in ("src", "href"):
            address = attributes.get(key) or ""
            assert address.startswith(("#", "data:")) or (tag == "a" and address.startswith("https://")) or not address


def test_all_four_rungs_of_each_port_are_there(report):
    for name in ("smith", "vandenburg"):
        assert ("h2", {"id": name}) in report.tags
        assert ports.facts(name).docstring.splitlines()[0] in report.text
    for words in (
        "1,100,320 weights; the post's layers have 1,100,320",
        "84,586 weights",
        "0.0001 over 5",
        f"{json.loads((RUNS / 'smith-default.json').read_text())['test_loss']:.4g}",
        "1,100,320, from its layers",
    ):
        assert words in report.text
    for heading in ("Structure", "The same run", "Distribution", "The post", "What changed, and why"):
        assert heading in report.text
    assert "legacy-ports run vandenburg --logdir" in report.text  # there is no run of it


def test_every_picture_is_the_runs_and_has_a_text(report):
    pictures = [attributes for tag, attributes in report.tags if tag == "img"]
    assert [picture["alt"] for picture in pictures] == list(ports.facts("smith").figures.values())
    for picture in pictures:
        kind, data = picture["src"].split(",", 1)
        assert kind == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (40, 30)
    assert any(tag == "svg" for tag, _ in report.tags)
    assert all("aria-label" in attributes for _, attributes in report.tags if attributes.get("role") == "img")


def test_the_newest_run_is_shown_and_its_name_as_text(report):
    assert "/smith/<b>bold &amp;, seed 0" in report.text
    assert "/smith/other" not in report.text


@pytest.mark.parametrize(
    ("file", "why"), [("nowhere/at/all.html", "No such file or directory"), ("folder", "Is a directory")]
)
def test_a_report_that_cannot_be_written_is_told_before_the_replays(file, why, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    assert cli.main(["verify", "smith", "--data", "bundled", "--html", file]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"legacy-ports: {file}: cannot be written ({why})\n"


def test_an_older_report_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "report.html").write_text("old")
    files.check_writable(tmp_path / "report.html")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.html", "old")]
    files.write(tmp_path / "report.html", b"new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.html", "new")]
