"""The data provider that follows a call with a small one, so that its answer is not held back."""

import threading
import time

import pytest
from tensorboard import errors
from tensorboard.data import grpc_provider

from tb_plugin.server.delayed_ack import prompt


class Provider(grpc_provider.GrpcDataProvider):
    """Holds an answer back until it is asked something else, for so many seconds, as Nagle's algorithm may."""

    def __init__(self, held):
        super().__init__("nowhere", None)
        self.held = held
        self.asked, self.ends = threading.Event(), threading.Event()

    def experiment_metadata(self, ctx=None, *, experiment_id):
        self.asked.set()

    def read_blob(self, ctx=None, *, blob_key):
        self.asked.wait(self.held)
        return blob_key.encode()

    def list_hyperparameters(self, ctx=None, *, experiment_ids):
        self.ends.wait(60)

    def list_scalars(self, ctx=None, *, experiment_id, plugin_name):
        raise errors.NotFoundError(plugin_name)

    def list_tensors(self, ctx=None, *, experiment_id, plugin_name):
        raise TimeoutError(plugin_name)


def test_a_call_that_is_not_answered_is_followed_by_another():
    provider = Provider(60)
    assert prompt(provider).read_blob(blob_key="key") == b"key"
    assert provider.asked.is_set()


def test_calls_at_the_same_time_are_answered():
    provider = Provider(60)
    prompted, found = prompt(provider), []
    threads = [
        threading.Thread(target=lambda key=str(n): found.append(prompted.read_blob(blob_key=key))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == sorted(str(n).encode() for n in range(20))


def test_a_call_while_another_goes_on_for_long():
    provider = Provider(60)
    prompted = prompt(provider)
    goes_on = threading.Thread(target=prompted.list_hyperparameters, kwargs={"experiment_ids": []})
    goes_on.start()
    time.sleep(0.2)  # it is given up
    provider.asked.clear()
    assert prompted.read_blob(blob_key="key") == b"key"
    assert provider.asked.is_set()
    provider.ends.set()
    goes_on.join()


@pytest.mark.parametrize(("method", "error"), [("list_scalars", errors.NotFoundError), ("list_tensors", TimeoutError)])
def test_what_a_call_raises_comes_through(method, error):
    with pytest.raises(error, match="latent"):
        getattr(prompt(Provider(0)), method)(experiment_id="", plugin_name="latent")


def test_a_provider_in_this_process_stays_as_it_is():
    provider = object()
    assert prompt(provider) is provider
