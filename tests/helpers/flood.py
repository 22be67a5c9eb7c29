"""Clients of a live TensorBoard: good requests, and any others, by the thousand."""

import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter
from urllib.parse import quote, urlencode, urlsplit

import numpy as np

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.summary import LatentWriter

ROUTES = [
    "runs",
    "step",
    "codes",
    "points",
    "labels",
    "errors",
    "images",
    "reconstructions",
    "decoder",
    "decode",
    "walk.gif",
    "index.js",
]
AT = {"run": "run", "tag": "codes"}
MANY = 10_000  # of more points no images are logged: a million are 784 MB
GOOD = [
    ("runs", {}),
    ("step", {}),
    ("codes", {}),
    ("labels", {}),
    ("errors", {}),
    ("decoder", {}),
    ("decode", {"codes": "[[0.5,-1]]"}),
    ("points", {}),
    ("points", {"plane": "pca"}),
    ("images", {"start": 7, "count": 10}),
    ("walk.gif", {"frames": 12, "size": 56}),
    ("index.js", {}),
]
GOOD_OF_MANY = [
    *(one for one in GOOD if one[0] != "images"),
    ("points", {"first": 50_000, "labels": 1}),
    ("points", {"bits": 16}),
    ("points", {"bits": 16, "plane": "pca"}),
]
KEYS = [
    "run",
    "tag",
    "step",
    "fit",
    "i",
    "j",
    "plane",
    "start",
    "end",
    "count",
    "codes",
    "path",
    "center",
    "radius",
    "u",
    "v",
    "frames",
    "size",
    "ms",
    "x",
]
VALUES = [
    "",
    "0",
    "1",
    "2",
    "-1",
    "10",
    "3",
    "240",
    "512",
    "513",
    "9" * 18,
    "9" * 40,
    "1.5",
    "NaN",
    "inf",
    "-0",
    "1e400",
    "axes",
    "pca",
    "circle",
    "line",
    "0,0",
    "1,2",
    "1e29,-1e29",
    "nan,1",
    ",",
    "1," * 400,
    "[[1,2]]",
    "[[1]]",
    "[]",
    "[[1e39,0]]",
    json.dumps([[0.1, -0.2]] * 500),
    "[" * 3000,
    "[[" + "1" * 400 + ",2]]",
    "{}",
    "null",
    "true",
    "../../etc/passwd",
    "/",
    "%00",
    "\0",
    "\U0001f600",
    "'; drop table",
    "<script>",
    "${x}",
    "x" * 3000,
    "%",
    "run",
    "codes",
    "codes/latent",
]
METHODS = ["GET"] * 30 + ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "X"]


def write(logdir, points=1000, steps=20, seconds=0):
    """Logs a latent space "codes" of the run "run", as large as that of a port, and waits after each step."""
    draw = np.random.default_rng(0)
    widths = [2, 50, 50, 784]
    stack = [layers.dense(draw.normal(0, 0.3, size=shape)) for shape in zip(widths, widths[1:])]
    codes = draw.normal(size=(points, 2))
    with LatentWriter(f"{logdir}/run") as writer:
        for step in range(steps):
            writer.add(
                "codes",
                step,
                codes + step,
                labels=np.arange(points) % 10,
                errors=np.arange(points) / points,
                images=draw.integers(0, 256, (points, 28, 28), np.uint8) if step == 0 and points <= MANY else None,
                decoder=Decoder(2, [stack[0], "tanh", stack[1], "tanh", stack[2], layers.reshape((28, 28))]),
            )
            time.sleep(seconds)


def anything(seed):
    """Requests without end, (method, address), most of them wrong in some way; some good, some that take work."""
    draw = random.Random(seed)
    while True:
        route = draw.choice(ROUTES)
        query = dict(AT) if draw.random() < 0.7 else {}
        for key in draw.sample(KEYS, draw.randrange(5)):
            query[key] = (
                draw.choice(VALUES)
                if draw.random() < 0.8
                else "".join(
                    chr(draw.choice([draw.randrange(128), draw.randrange(0xD000)])) for _ in range(draw.randrange(30))
                )
            )
        text = urlencode(query)
        if draw.random() < 0.1:  # bytes that are no query
            text = quote(draw.randbytes(draw.randrange(60)), safe="%&=+;?/")
        if draw.random() < 0.05:
            route = draw.choice(["../", "%2e%2e/", "", "nowhere/", "index.js/"]) + draw.choice(ROUTES)
        yield draw.choice(METHODS), f"/data/plugin/latent/{route}?{text}"


def good(at=AT, steps=20, asked=GOOD):
    """Yields good requests in turn, without end; with `steps` 0 always about the last step."""
    for number, (route, query) in enumerate(itertools.cycle(asked)):
        step = {"step": number % steps} if steps else {}
        yield "GET", f"/data/plugin/latent/{route}?{urlencode(query | at | step)}"


class Clients:
    """Threads that ask until there is no more to ask, or until `stop`.

    Attributes:
      seconds: of each request. statuses: how often each came. failed: what came as 5xx or not at all.
      refused: the (method, address) of what came as 4xx.
    """

    def __init__(self, url, asked):
        """Starts a thread for each iterator of (method, address) in `asked`."""
        self._host = urlsplit(url).netloc
        self._stopped = threading.Event()
        self.seconds, self.statuses, self.failed, self.refused, self.largest = [], Counter(), [], [], 0
        self._threads = [threading.Thread(target=self._ask, args=(requests,)) for requests in asked]
        for thread in self._threads:
            thread.start()

    def _ask(self, requests):
        connection = http.client.HTTPConnection(self._host, timeout=300)
        for method, address in requests:
            if self._stopped.is_set():
                break
            began = time.perf_counter()
            try:
                connection.request(method, address)
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failed.append((method, address, repr(error)))
                connection.close()
                continue
            self.seconds.append(time.perf_counter() - began)
            self.statuses[response.status] += 1
            self.largest = max(self.largest, len(body))
            if response.status >= 500:
                self.failed.append((method, address, response.status))
            elif response.status >= 400:
                self.refused.append((method, address))
        connection.close()

    def wait(self):
        for thread in self._threads:
            thread.join()
        return self

    def stop(self):
        self._stopped.set()
        return self.wait()

    def __str__(self):
        p50, p99 = np.percentile(self.seconds, [50, 99]) * 1e3
        return (
            f"{len(self.seconds):,} answers, p50 {p50:.1f} ms, p99 {p99:.1f} ms, slowest "
            f"{max(self.seconds) * 1e3:.0f} ms; {dict(sorted(self.statuses.items()))}; {len(self.failed)} failed"
        )
