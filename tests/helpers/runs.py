"""Short runs of the ports, with all that a run leaves."""

from contextlib import redirect_stdout
from io import StringIO

from legacy_ports import ports
from legacy_ports.run.engine import Run
from legacy_ports.tf1 import new_graph

SHORT = {
    "vandenburg": {"steps": 501},
    "kajuvonen": {"steps": 201},
    "smith": {"steps": 200, "classifier": True},
    "mathybit_dense": {"steps": 302},
    "mathybit_conv": {"steps": 3},
}


def run_port(name, digits, logdir, **changes):
    """Makes a run with the post's options but for `changes`; its Run, and in `printed` what it said."""
    facts = ports.facts(name)
    options = {"seed": 0, **{key: ports.post_value(value) for key, value in facts.options.items()}, **changes}
    run = Run(name, facts.docstring, options, digits, logdir, "test")
    with new_graph(), redirect_stdout(StringIO()) as printed, run:
        ports.load(name).main(run, **options)
    run.printed = printed.getvalue()
    return run
