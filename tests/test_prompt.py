"""The data provider that follows a call with a small one, so that its answer is not held back."""

import threading

import pytest
from tensorboard import errors
from tensorboard.data import grpc_provider

from tb_plugin.prompt import prompt


class Provider(grpc_provider.GrpcDataProvider):
    """Holds an answer back until it is asked something else, for so many seconds, as Nagle's algorithm may."""

    def __init__(self, held):
        super().__init__("nowhere", None)
        self.held = held
        self.asked = threading.Event()

    def experiment_metadata(self, ctx=None, *, experiment_id):
        self.asked.set()

    def read_blob(self, ctx=None, *, blob_key):
        self.asked.wait(self.held)
        return blob_key.encode()

    def list_scalars(self, ctx=None, *, experiment_id, plugin_name):
        raise errors.NotFoundError(plugin_name)

    def list_tensors(self, ctx=None, *, experiment_id, plugin_name):
        raise TimeoutError(plugin_name)


def test_a_call_that_is_not_answered_is_followed_by_another():
    provider = Provider(60)
    assert prompt(provider).read_blob(blob_key="key") == b"key"
    assert provider.asked.is_set()


def test_calls_at_the_same_time_are_answered():
    provider = Provider(0.04)  # a call beside others need not be followed by one: it comes at the latest after this
    prompted, found = prompt(provider), []
    threads = [threading.Thread(target=lambda key=str(n): found.append(prompted.read_blob(blob_key=key)))
               for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == sorted(str(n).encode() for n in range(20))


@pytest.mark.parametrize(("method", "error"), [("list_scalars", errors.NotFoundError), ("list_tensors", TimeoutError)])
def test_what_a_call_raises_comes_through(method, error):
    with pytest.raises(error, match="latent"):
        getattr(prompt(Provider(0)), method)(experiment_id="", plugin_name="latent")


def test_a_provider_in_this_process_stays_as_it_is():
    provider = object()
    assert prompt(provider) is provider
