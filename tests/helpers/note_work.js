/** Notes what is under way in a page: timers up to 5 s, animation frames, requests, work of the worker. */
{
  const { setTimeout, clearTimeout, requestAnimationFrame, cancelAnimationFrame, fetch, Worker } = window;
  const pending = new Set();
  window.setTimeout = (f, ms = 0, ...args) => {
    const id = setTimeout(() => (pending.delete("timer " + id), f(...args)), ms);
    if (ms <= 5000) pending.add("timer " + id);
    return id;
  };
  window.clearTimeout = (id) => (pending.delete("timer " + id), clearTimeout(id));
  window.requestAnimationFrame = (f) => {
    const id = requestAnimationFrame((now) => (pending.delete("frame " + id), f(now)));
    pending.add("frame " + id);
    return id;
  };
  window.cancelAnimationFrame = (id) => (pending.delete("frame " + id), cancelAnimationFrame(id));
  let requests = 0;
  window.fetch = (...args) => {
    const name = `request ${requests++} ${args[0]}`;
    const during = (promise) => {
      pending.add(name);
      promise.finally(() => pending.delete(name)).catch(() => {});
      return promise;
    };
    return during(
      fetch(...args).then((response) => {
        for (const read of ["json", "text", "arrayBuffer"])
          response[read] = () => during(Response.prototype[read].call(response));
        return response;
      }),
    );
  };
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      pending.add("worker start");
      this.addEventListener("message", ({ data }) =>
        pending.delete(data.ready ? "worker start" : "worker " + data.request),
      );
      this.addEventListener("error", () => {
        for (const name of pending) if (name.startsWith("worker")) pending.delete(name);
      });
    }
    postMessage(message, ...more) {
      if (message.request) pending.add("worker " + message.request);
      super.postMessage(message, ...more);
    }
  };
  window.rest = async (except, seconds = 60) => {
    const end = performance.now() + 1000 * seconds;
    for (let still = 0; still < 2;) {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const names = [...pending].filter((name) => !except || !name.includes(except));
      still = names.length ? 0 : still + 1;
      if (names.length && performance.now() > end) throw new Error("still under way: " + names);
    }
  };
}
