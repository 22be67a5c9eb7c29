"""What the tab does with up to a million points that move, beside other tools in the same browser.

    python tests/bench/bench_million.py [--points N…] [--rounds N] [--peers DIR] [--json FILE]

Figures, not verdicts. Chromium without a GPU: WebGL is computed by the processor. 20 steps are logged, or as many as
`--steps` says. DIR is a folder in which `npm install esbuild regl-scatterplot` has been called; without it only
TensorBoard's Embedding Projector stands beside the tab. The Projector shows 100,000 points at most. regl-scatterplot's
page has nothing but the plot; the tab stands in TensorBoard. Embedding Atlas (0.26) draws only with a WebGPU that has
shader-f16, which the processor's (SwiftShader) has not.
"""

import argparse
import contextlib
import functools
import http.server
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench_tab import UNLIMITED, frame_of, until
from helpers.chromium import launched
from helpers.latent import TensorBoard, megabytes

from tb_plugin.summary import LatentWriter

SIZES = [60_000, 200_000, 1_000_000]
FIRST = 50_000  # points of a first picture
PROJECTOR_SHOWS = 100_000

# Notes each picture that has been carried out: draw calls of WebGL, pixels put on a canvas, what the plot says.
NOTES = """{
  const noted = window.noted = {draws: [], put: [], painted: [], tasks: []};
  const now = () => performance.timeOrigin + performance.now();
  for (const kind of [WebGLRenderingContext, WebGL2RenderingContext]) {
    for (const [call, at] of [['drawArrays', 2], ['drawElements', 1], ['drawArraysInstanced', 3]]) {
      const draw = kind.prototype[call];
      if (!draw) continue;
      kind.prototype[call] = function (...args) {
        draw.apply(this, args);
        const count = args[at];
        if (count < LEAST) return;
        if (noted.wait !== false) this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));
        noted.draws.push([now(), count]);
      };
    }
  }
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (image, ...more) {
    put.call(this, image, ...more);
    if (image.width * image.height > 100000) noted.put.push([now(), image.width * image.height]);
  };
  new MutationObserver((changes) => {
    for (const {target, oldValue} of changes)
      if (target.dataset.painted !== oldValue) noted.painted.push([now(), target.dataset.painted]);
  }).observe(document, {subtree: true, attributeFilter: ['data-painted'], attributeOldValue: true});
  new PerformanceObserver((list) => {
    for (const {startTime, duration} of list.getEntries())
      noted.tasks.push([performance.timeOrigin + startTime, duration]);
  }).observe({type: 'longtask', buffered: true});
}"""

DRAGS = 60
# A move in each frame. Returns the times of the frames.
DRAG = """async ([x, y, shift]) => {
  let element = document.elementFromPoint(x, y);
  while (element.shadowRoot) element = element.shadowRoot.elementFromPoint(x, y);
  const times = [];
  for (let k = 0; k < DRAGS; k++) {
    const at = {clientX: x + 2 * k, clientY: y + k, buttons: 1, shiftKey: shift, bubbles: true, pointerId: 1,
                pointerType: 'mouse', composed: true};
    element.dispatchEvent(new PointerEvent('pointermove', at));
    element.dispatchEvent(new MouseEvent('mousemove', at));
    times.push(await new Promise(requestAnimationFrame));
  }
  return times;
}""".replace("DRAGS", str(DRAGS))


def clouds(points, steps):
    """Yields codes [points, 2] of ten clouds that move apart, one for each step."""
    random = np.random.default_rng(0)
    middle = random.normal(scale=6, size=(10, 2))[np.arange(points) % 10]
    noise = random.normal(size=(points, 2))
    for step in range(steps):
        yield ((middle * (1 + step / steps)) + noise).astype(np.float32)


def log(logdir, points, steps):
    """Logs the same points for the tab and the Projector. Returns the seconds of the first and of another step."""
    seconds, run = [], logdir / "run"
    labels = np.arange(points) % 10
    with LatentWriter(str(run)) as writer:
        for step, codes in enumerate(clouds(points, steps)):
            began = time.perf_counter()
            writer.add("codes", step, codes, labels=labels if step == 0 else None)
            seconds.append(time.perf_counter() - began)
    np.save(logdir / "codes.npy", codes)
    if points <= PROJECTOR_SHOWS:
        np.savetxt(run / "codes.tsv", np.column_stack([codes, np.zeros(points)]), "%.5f", "\t")
        np.savetxt(run / "labels.tsv", labels, "%d")
        config = 'embeddings { tensor_path: "codes.tsv" metadata_path: "labels.tsv" }'
        (run / "projector_config.pbtxt").write_text(config)
    return seconds[0], statistics.median(seconds[1:] or seconds)


def renderer_megabytes():
    """Returns the memory of the largest process of a page: its own, and with the pages of files that others map, too.

    The first is the memory footprint that Chromium's task manager shows.
    """
    sizes = [(0.0, 0.0)]
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if b"--type=renderer" in (folder / "cmdline").read_bytes():
                lines = (line.split(":") for line in (folder / "status").read_text().splitlines())
                own = sum(int(size.split()[0]) for name, size in lines if name in ("RssAnon", "VmSwap"))
                sizes.append((own * 1024 / 1e6, megabytes(int(folder.name))))
    return dict(zip(("page, MB", "page with files, MB"), max(sizes)))


@contextlib.contextmanager
def opened(browser, points):
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        context.add_init_script(NOTES.replace("LEAST", str(min(FIRST, points // 3))))
        yield context.new_page()


def noted(frame):
    return frame.evaluate("window.noted")


def first_at(frame):
    """Returns when a frame showed its first picture, or None."""
    notes = noted(frame)
    return min((t for t, _ in notes["draws"] + notes["put"]), default=None)


def choose(page, board, tab):
    """Opens TensorBoard, then the tab. Returns when."""
    page.goto(f"{board.url}#text")
    page.wait_for_timeout(2500)
    return page.evaluate(f"() => {{ location.hash = '#{tab}'; return performance.timeOrigin + performance.now(); }}")


def dragged(page, frame, at, shift):
    """Returns the milliseconds of a mean and of the slowest frame while the view is dragged."""
    frame.evaluate("noted.wait = false")
    page.mouse.move(*at)
    if shift:
        page.keyboard.down("Shift")
    page.mouse.down()
    element = page.locator("iframe:visible")
    box = element.bounding_box() if element.count() else {"x": 0, "y": 0}
    times = frame.evaluate(DRAG, [at[0] - box["x"], at[1] - box["y"], shift])
    page.mouse.up()
    page.keyboard.up("Shift")
    gaps = np.diff(times)
    return float(gaps.mean()), float(gaps.max())


def latent(screen, unlimited, board, points):
    """Measures the tab once, in milliseconds and MB."""
    found = {}
    with opened(screen, points) as page:
        began = choose(page, board, "latent")
        frame = until(page, lambda: frame_of(page, "latent"))
        painted = until(page, lambda: noted(frame)["painted"])
        found["first picture"] = first_at(frame) - began
        found["all points"] = painted[0][0] - began
        page.wait_for_timeout(3000)
        found["longest task at the start"] = max((ms for _, ms in noted(frame)["tasks"]), default=0)
        steps = []
        for _ in range(3):
            began = frame.evaluate("""() => {
              for (const list of [noted.draws, noted.put, noted.painted, noted.tasks]) list.length = 0;
              document.querySelector('[aria-label="Previous step (key ,)"]').click();
              return performance.timeOrigin + performance.now(); }""")
            painted = until(page, lambda: noted(frame)["painted"])
            steps.append((first_at(frame) - began, painted[0][0] - began))
            page.wait_for_timeout(1000)
        found["step, first frame"], found["step, at rest"] = map(statistics.median, zip(*steps))
        found["longest task of a step"] = max((ms for _, ms in noted(frame)["tasks"]), default=0)
        frame.evaluate("for (const list of [noted.tasks]) list.length = 0")
        began = time.monotonic()
        for k in range(4):
            page.mouse.move(600 + 10 * k, 300 + 5 * k)
            page.wait_for_timeout(300)
        card = frame.locator(".card")
        until(page, lambda: (page.mouse.move(600 + time.monotonic() % 7, 300), card.is_visible())[1])
        page.wait_for_timeout(500)
        found["longest task of hovering"] = max((ms for _, ms in noted(frame)["tasks"]), default=0)
        for _ in range(16):
            frame.evaluate("document.querySelector('[aria-label=\"Previous step (key ,)\"]').click()")
            page.wait_for_timeout(300)
        page.wait_for_timeout(2000)
        found |= renderer_megabytes()
    with opened(unlimited, points) as page:
        choose(page, board, "latent")
        frame = until(page, lambda: frame_of(page, "latent"))
        until(page, lambda: noted(frame)["painted"])
        page.wait_for_timeout(3000)
        found["dragged frame"], found["slowest dragged frame"] = dragged(page, frame, (600, 400), True)
    found["server, MB"] = board.megabytes()
    return found


def projector(screen, unlimited, board, points):
    """Measures the Embedding Projector once."""
    if points > PROJECTOR_SHOWS:
        return None
    found = {}
    with opened(screen, points) as page:
        began = choose(page, board, "projector")
        frame = until(page, lambda: frame_of(page, "projector"))
        until(page, lambda: first_at(frame))
        found["first picture"] = first_at(frame) - began
        page.wait_for_timeout(2000)
        found |= renderer_megabytes()
    with opened(unlimited, points) as page:
        choose(page, board, "projector")
        frame = until(page, lambda: frame_of(page, "projector"))
        until(page, lambda: first_at(frame))
        page.wait_for_timeout(2000)
        found["dragged frame"], found["slowest dragged frame"] = dragged(page, frame, (600, 400), False)
    return found


REGL = """
import createScatterplot from 'regl-scatterplot';
const response = await fetch('codes.npy');
const buffer = await response.arrayBuffer();
const xy = new Float32Array(buffer, buffer.byteLength - 8 * POINTS);
let most = 0;
for (const value of xy) most = Math.max(most, Math.abs(value));
const z = Float32Array.from({length: POINTS}, (_, i) => i % 10);
const show = (by) => {
  const [x, y] = [new Float32Array(POINTS), new Float32Array(POINTS)];
  for (let i = 0; i < POINTS; i++) [x[i], y[i]] = [by * xy[2 * i] / most, by * xy[2 * i + 1] / most];
  return plot.draw({x, y, z}, {zDataType: 'categorical'});
};
const colors = ['#3f90da', '#ffa90e', '#bd1f01', '#94a4a2', '#832db6',
                '#a96b59', '#e76300', '#b9ac70', '#717581', '#92dadd'];
const canvas = document.body.appendChild(document.createElement('canvas'));
const plot = createScatterplot({canvas, width: 1280, height: 720, pointSize: 2, colorBy: 'valueA', pointColor: colors,
                                opacity: 0.85, pixelRatio: 1, performanceMode: POINTS > 500000});
await show(1);
document.documentElement.dataset.painted = 'first';
window.step = async () => {
  const began = performance.now();
  noted.wait = true;
  await show(0.9);
  return performance.now() - began;
};
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_):
        pass


def regl(folder, browser, codes, points):
    """Measures a page that shows the same points by regl-scatterplot, in a plot of the same size."""
    if folder is None:
        return None
    with tempfile.TemporaryDirectory(dir=folder) as name:
        made = Path(name)
        (made / "main.js").write_text(REGL.replace("POINTS", str(points)))
        shutil.copy(codes, made / "codes.npy")
        (made / "index.html").write_text(
            '<link rel="icon" href="data:,"><body><script type="module" src="bundle.js"></script>'
        )
        build = [folder / "node_modules/.bin/esbuild", "main.js", "--bundle", "--format=esm", "--outfile=bundle.js"]
        subprocess.run([*build, "--log-level=error"], cwd=made, check=True)
        handler = functools.partial(Quiet, directory=name)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                with opened(browser, points) as page:
                    page.goto(f"http://127.0.0.1:{server.server_port}/", wait_until="commit")
                    frame = page.main_frame
                    until(page, lambda: noted(frame)["painted"])
                    began = frame.evaluate("performance.timeOrigin")
                    found = {"first picture": first_at(frame) - began}
                    found["all points"] = found["first picture"]
                    found["longest task at the start"] = max((ms for _, ms in noted(frame)["tasks"]), default=0)
                    page.wait_for_timeout(2000)
                    found["step, at rest"] = frame.evaluate("step()")
                    page.wait_for_timeout(2000)
                    found["dragged frame"], found["slowest dragged frame"] = dragged(page, frame, (600, 400), False)
                    found |= renderer_megabytes()
                    return found
            finally:
                server.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=["latent", "projector", "regl-scatterplot"])
    parser.add_argument("--peers", type=lambda path: Path(path).resolve())
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    kept = {"rounds": args.rounds, "steps": args.steps, "points": {}}
    for points in args.points:
        with tempfile.TemporaryDirectory() as name, sync_playwright() as p, contextlib.ExitStack() as stack:
            first, other = log(Path(name), points, args.steps)
            print(f"\n{points:,} points: logged in {first:.2f} s, then {other:.2f} s a step", flush=True)
            board = TensorBoard(Path(name), "--load_fast=true")
            stack.callback(board.stop)
            board.until(lambda runs: runs and runs["run"]["codes"]["kept"] == args.steps)
            screen, unlimited = (stack.enter_context(launched(p, *more)) for more in ([], UNLIMITED))
            measures = {
                "latent": lambda: latent(screen, unlimited, board, points),  # noqa: B023
                "projector": lambda: projector(screen, unlimited, board, points),  # noqa: B023
            }
            measures["regl-scatterplot"] = functools.partial(
                regl, args.peers, unlimited, Path(name) / "codes.npy", points
            )
            results = {which: [] for which in args.only}
            for _ in range(args.rounds):  # side by side: what disturbs the machine disturbs all
                for which, rounds in results.items():
                    rounds.append(measures[which]())
        kept["points"][points] = {"logged, s": [first, other], **results}
        report(results)
        if args.json:
            args.json.write_text(json.dumps(kept, indent=1) + "\n")


def report(results):
    """Prints a table of the medians."""
    found = {which: [one for one in rounds if one] for which, rounds in results.items()}
    found = {which: rounds for which, rounds in found.items() if rounds}
    names = list(dict.fromkeys(name for rounds in found.values() for name in rounds[0]))
    print("| | " + " | ".join(found) + " |\n| --- |" + " --- |" * len(found))
    for name in names:
        cells = (
            f"{statistics.median(one[name] for one in rounds):,.1f}" if name in rounds[0] else ""
            for rounds in found.values()
        )
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
