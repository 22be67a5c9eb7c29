"""Makes the runs of a sweep on a cluster: the same work as on one machine, given to a Dask scheduler.

Dask schedules, moves the work of lost workers to others, and carries the results. The runs themselves go to the logdir,
which all workers and this machine must share: there a worker finds what another one left. If the scheduler is lost,
the runs that are left go to the next one that answers at its address.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from legacy_ports import RunError, UserError
from legacy_ports.sweep import plan
from legacy_ports.sweep.workers import Call, Result, complete, result

WAIT = 60  # seconds for a scheduler to answer


def on_cluster(
    tasks: list[plan.Task], call: Call, address: str, wait: float = WAIT, say: Callable[[str], Any] = print
) -> Iterator[Result]:
    """Makes the runs with the workers of the scheduler at `address`; yields the results as they come.

    Dask gives up on work whose worker was killed several times, and also on the work that waited there. Such runs go on
    at the end, alone, so that it shows which one is at fault.

    Args:
      wait: seconds for a scheduler to answer.
      say: is told what the cluster lacks.

    Raises:
      UserError: no scheduler answers, a worker has several threads, or cannot read the work.
      RunError: the scheduler was lost, and none answered again.
    """
    suspects: list[plan.Task] = []
    yield from _in_parallel(tasks, call, address, wait, say, suspects)
    for task in suspects:
        again: list[plan.Task] = []
        yield from _in_parallel([task], call, address, wait, say, again)
        if again:
            yield result(task, "failed", "it killed each worker that took it, perhaps for want of memory")


def _in_parallel(
    tasks: list[plan.Task],
    call: Call,
    address: str,
    wait: float,
    say: Callable[[str], Any],
    killed: list[plan.Task],
) -> Iterator[Result]:
    """Makes runs; adds to `killed` those that Dask gave up."""
    from distributed import CancelledError, Client, KilledWorker, as_completed
    from distributed.comm import CommClosedError

    # It tells with a traceback what is told here in one line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    left = {task.name: task for task in tasks}
    lost = False
    while left:
        try:
            client = Client(address, timeout=wait)
        except (OSError, ValueError) as error:
            if lost:
                raise RunError(f"the scheduler at {address} was lost; the same command goes on") from None
            raise UserError(f"no scheduler answers at {address} ({error})") from None
        with client:
            _check(client, address, say)
            # No result is ever taken for that of another sweep: a run.json may have been removed since.
            futures = {client.submit(complete, task, call, pure=False): task for task in left.values()}
            for future in as_completed(futures):
                task = futures[future]
                try:
                    found = future.result()
                except KilledWorker:
                    killed.append(left.pop(task.name))
                    continue
                except (CancelledError, CommClosedError):
                    lost = True
                    continue
                except (ImportError, RuntimeError) as error:  # they cannot read the work
                    raise UserError(f"{address}: its machines need this version of legacy-ports ({error})") from None
                if found.status == "completed" and plan.state(task) != "completed":
                    reason = f"{found.host} wrote it where this machine cannot see it; --logdir must be shared"
                    found = found._replace(status="failed", reason=reason)
                del left[task.name]
                yield found
        if left:
            say(f"the scheduler at {address} was lost; waiting for one that answers there")


def _check(client: Any, address: str, say: Callable[[str], Any]) -> None:
    """Refuses workers with several threads, because a run needs a process of its own."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    if not workers:
        say(f"{address} has no workers yet; start them with: dask worker {address} --nthreads 1 --nworkers N")
    for worker in workers:
        if worker["nthreads"] != 1:
            raise UserError(
                f"the worker {worker['name']} has {worker['nthreads']} threads, and a run needs a process of its own; "
                f"start it with: dask worker {address} --nthreads 1 --nworkers N"
            )
