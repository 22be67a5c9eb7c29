"""A decoder as data: an ordered list of layers that turns codes into pictures.

    Decoder(2, [dense(w1, b1), "tanh", dense(w2, b2), "sigmoid", reshape((28, 28))])

`tb_plugin.layers` has the layers. Position 0 of the list, which `layer.on` may name, is the codes.
"""

from tb_plugin.network import Network


class Decoder(Network):
    """A network that turns codes [N, dims] into pictures [N, *output_shape]: `decoder(codes)`."""

    kind = "decoder"
    takes = "codes"
    gives = "pictures"
