"""The workaround for delayed acknowledgments: a call to the data server is followed by small requests."""

import threading

import pytest
from tensorboard import errors
from tensorboard.data import grpc_provider

from tb_plugin.server.delayed_ack import without_delayed_ack


class Provider(grpc_provider.GrpcDataProvider):
    """A data provider that holds an answer back until it receives another request, as Nagle's algorithm may.

    Attributes:
      nudged: set when it received a small request.
      nudges: counts the small requests.
      ends: lets `list_hyperparameters` return.
    """

    def __init__(self):
        super().__init__("nowhere", None)
        self.nudged, self.ends, self.nudges = threading.Event(), threading.Event(), threading.Semaphore(0)

    def experiment_metadata(self, ctx=None, *, experiment_id):
        self.nudged.set()
        self.nudges.release()

    def read_blob(self, ctx=None, *, blob_key):
        assert self.nudged.wait(60)
        return blob_key.encode()

    def list_hyperparameters(self, ctx=None, *, experiment_ids):
        assert self.ends.wait(60)

    def list_scalars(self, ctx=None, *, experiment_id, plugin_name):
        raise errors.NotFoundError(plugin_name)

    def list_tensors(self, ctx=None, *, experiment_id, plugin_name):
        raise TimeoutError(plugin_name)


def test_a_pending_call_is_followed_by_a_small_request():
    assert without_delayed_ack(Provider()).read_blob(blob_key="key") == b"key"


def test_calls_at_the_same_time_are_answered():
    provider, found = without_delayed_ack(Provider()), []
    threads = [
        threading.Thread(target=lambda key=str(n): found.append(provider.read_blob(blob_key=key))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == sorted(str(n).encode() for n in range(20))


def test_a_call_while_another_takes_long():
    slow = Provider()
    provider = without_delayed_ack(slow)
    thread = threading.Thread(target=provider.list_hyperparameters, kwargs={"experiment_ids": []})
    thread.start()
    for _ in range(4):  # after these the slow call is given up
        assert slow.nudges.acquire(timeout=300)
    slow.nudged.clear()
    assert provider.read_blob(blob_key="key") == b"key"
    slow.ends.set()
    thread.join(60)


@pytest.mark.parametrize(("method", "error"), [("list_scalars", errors.NotFoundError), ("list_tensors", TimeoutError)])
def test_an_error_of_a_call_is_raised(method, error):
    with pytest.raises(error, match="latent"):
        getattr(without_delayed_ack(Provider()), method)(experiment_id="", plugin_name="latent")


def test_a_provider_in_this_process_is_returned_unchanged():
    provider = object()
    assert without_delayed_ack(provider) is provider
