"""The decoder of a trained port in the browser, as TensorBoard serves it."""

import numpy as np
import pytest
from helpers.js_decoder import assert_same

from tb_plugin.decoder import Decoder


@pytest.mark.slow
def test_a_trained_port_as_it_is_served(modules, tensorboard, port_logdir, load_fast):
    board = tensorboard(port_logdir, load_fast)
    ((run, spaces),) = board.runs().items()
    ((tag, space),) = spaces.items()
    for step in (space["steps"][0], space["steps"][-1]):
        blob, codes = (
            board.get(f"plugin/latent/{path}", run=run, tag=tag, step=step)[2] for path in ("decoder", "codes")
        )
        assert_same(modules, Decoder.from_blob(blob), np.frombuffer(codes, np.float32).reshape(-1, 2)[:200])
