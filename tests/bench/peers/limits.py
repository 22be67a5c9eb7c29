"""What no step can be faster than, by parts: "products" are the port's matrix products and convolutions alone, as fast
as PyTorch's libraries compute them here; "update" is the memory traffic of the optimizer alone.
"""

import torch
from networks import OPTIMIZER, serve
from pytorch import network
from torch import nn


def products(port, batches):
    """Returns the products of a step: forward, for the weights' gradients, and for the inputs' but the first."""
    model, shape = network(port)
    x = torch.zeros(batches.shape[1], *shape)
    calls = []
    for number, layer in enumerate(model):
        y = layer(x).detach()
        first = number == 0
        if isinstance(layer, nn.Linear):
            weights = layer.weight.detach()
            calls.append((torch.mm, x, weights.T, torch.empty(len(x), len(weights))))
            calls.append((torch.mm, y.T, x, torch.empty_like(weights)))
            if not first:
                calls.append((torch.mm, y, weights, torch.empty_like(x)))
        elif isinstance(layer, nn.Conv2d):
            weights = layer.weight.detach()
            padded = nn.functional.pad(
                x, [(k - 1) // 2 + (i % 2) * ((k - 1) % 2) for i, k in enumerate([weights.shape[2]] * 4)]
            )
            calls.append((torch.conv2d, padded, weights, None))
            how = (None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [not first, True, False])
            calls.append((torch.ops.aten.convolution_backward, y, padded, weights, *how))
        x = y
    return calls


def prepare(port, candidate, threads, batches):
    torch.set_num_threads(threads)
    if candidate == "products":
        calls = products(port, batches)

        def step():
            for call, *arguments in calls:
                if call is torch.mm:
                    torch.mm(*arguments[:2], out=arguments[2])
                elif call is torch.conv2d:
                    torch.conv2d(*arguments[:2])
                else:
                    call(*arguments)
    else:
        size = sum(p.numel() for p in network(port)[0].parameters())
        # Adam reads weights, gradients and two slots, and writes all but the gradients; RMSProp has one slot.
        arrays = {"adam": 7, "rmsprop": 5}[OPTIMIZER[port][0]]
        source, target = torch.zeros(size), torch.zeros(size)

        def step():
            for _ in range(arrays // 2):  # a copy reads one and writes one
                target.copy_(source)
            target[: size * (arrays % 2) // 2].copy_(source[: size * (arrays % 2) // 2])

    with torch.no_grad():
        step()

    def train():
        with torch.no_grad():
            for _ in batches:
                step()
        return [0.0] * len(batches)

    return train


if __name__ == "__main__":
    serve(prepare)
