"""Small latent spaces for tests, and the plugin as a client sees it: its routes alone, or in a real TensorBoard."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.server.plugin import LatentPlugin
from tb_plugin.summary import LatentWriter

POINTS, SIDE = 30, 6


def arrays(dims=2, seed=0):
    """Returns codes float64 [30, D], labels [30], images float64 [30, 6, 6], and a decoder with random weights."""
    random = np.random.default_rng(seed)
    decoder = Decoder(
        dims,
        [
            layers.dense(random.normal(size=(dims, SIDE * SIDE)), random.normal(size=SIDE * SIDE)),
            "sigmoid",
            layers.reshape((SIDE, SIDE)),
        ],
    )
    return random.normal(size=(POINTS, dims)), np.arange(POINTS) % 10, random.random((POINTS, SIDE, SIDE)), decoder


def write(logdir, name="codes", steps=(0, 10, 20), dims=2, seed=0, **more):
    """Logs `steps` of a latent space whose codes are those of `arrays` plus the step."""
    codes, labels, images, decoder = arrays(dims, seed)
    with LatentWriter(str(logdir)) as writer:
        for step in steps:
            writer.add(
                name,
                step,
                codes + step,
                labels=labels,
                images=images,
                decoder=decoder,
                class_names=[str(digit) for digit in range(10)],
                **more,
            )


class Routes:
    """The routes of the plugin on a log folder, read by TensorBoard's Python loader, without a server."""

    def __init__(self, logdir, samples=0):
        self._multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"latent": samples})
        self._multiplexer.AddRunsFromDirectory(str(logdir))
        self.reload()
        self.provider = data_provider.MultiplexerDataProvider(self._multiplexer, str(logdir))
        self.plugin = LatentPlugin(base_plugin.TBContext(data_provider=self.provider, logdir=str(logdir)))
        self.apps = self.plugin.get_plugin_apps()

    def reload(self):
        """Reads what was added to the event files."""
        self._multiplexer.Reload()

    def get(self, path, /, method="GET", headers=None, **query):
        """Returns the response of a route."""
        return Client(self.apps[path]).open(path, method=method, query_string=query, headers=headers)

    def array(self, path, /, **query):
        """Returns the array in the response of a binary route."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return np.frombuffer(response.data, response.headers["X-Latent-Dtype"]).reshape(
            [int(size) for size in response.headers["X-Latent-Shape"].split(",")]
        )


def megabytes(pid):
    """Returns the resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class TensorBoard:
    """A TensorBoard on a log folder, at `url`."""

    def __init__(self, logdir, *flags, env=None):
        self._log = tempfile.TemporaryFile("a+")  # noqa: SIM115 - a pipe that nobody reads would stop TensorBoard
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", logdir, "--port", "0", *flags],
            stderr=self._log,
            env=env,
        )
        while " at http" not in self.log():
            assert self.process.poll() is None, self.log()
            time.sleep(0.02)
        self.url = "http" + self.log().split(" at http")[1].split()[0]

    def log(self):
        """Returns the log until now."""
        self._log.seek(0)
        return self._log.read()

    def get(self, path, /, **query):
        try:
            with urllib.request.urlopen(f"{self.url}data/{path}?{urlencode(query)}", timeout=300) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def runs(self):
        return json.loads(self.get("plugin/latent/runs")[2])

    def until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition(self.runs()) and time.monotonic() < deadline:
            time.sleep(0.3)
        assert condition(self.runs()), self.runs().keys()

    def megabytes(self):
        """Returns the resident memory of TensorBoard and its data server in MB."""
        pids = [
            self.process.pid,
            *map(
                int,
                subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split(),
            ),
        ]
        return sum(map(megabytes, pids))

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=120)
        return self.log()
