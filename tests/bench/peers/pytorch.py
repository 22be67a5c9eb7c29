"""PyTorch: "eager", "eager, fused" (fused Adam; RMSProp has none), "compiled" (forward, backward and update)."""

import torch
from networks import NETWORKS, OPTIMIZER, serve, shape_of
from torch import nn

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}


def network(port):
    image = shape_of(port)
    shape = (image[2], *image[:2]) if len(image) == 3 else image
    layers = []
    for kind, *numbers in NETWORKS[port]:
        if kind == "dense":
            layers.append(nn.LazyLinear(numbers[0]))
        elif kind == "conv":
            layers.append(nn.LazyConv2d(numbers[0], numbers[1], padding="same"))
        elif kind == "pool":
            layers.append(nn.MaxPool2d(2))
        elif kind == "upsample":
            layers.append(nn.Upsample(scale_factor=2))
        elif kind == "flatten":
            layers.append(nn.Flatten())
        else:
            height, width, channels = numbers
            layers.append(nn.Unflatten(1, (channels, height, width)))
        if kind in ("dense", "conv") and numbers[-1]:
            layers.append(ACTIVATIONS[numbers[-1]]())
    model = nn.Sequential(*layers)
    model(torch.zeros(1, *shape))
    return model, shape


def prepare(port, candidate, threads, batches):
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    model, shape = network(port)
    kind, rate, epsilon = OPTIMIZER[port]
    fused = {"fused": True} if candidate != "eager" and kind == "adam" else {}
    if kind == "adam":
        optimizer = torch.optim.Adam(model.parameters(), rate, eps=epsilon, **fused)
    else:
        optimizer = torch.optim.RMSprop(model.parameters(), rate, alpha=0.9, eps=epsilon)

    def step(x):
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        return loss

    if candidate == "compiled":
        compiled = torch.compile(lambda x: nn.functional.mse_loss(model(x), x))
        update = torch.compile(optimizer.step)

        def step(x):
            optimizer.zero_grad(set_to_none=True)
            loss = compiled(x)
            loss.backward()
            update()
            return loss

    inputs = torch.from_numpy(batches.reshape(len(batches), -1, *shape))
    return lambda: [step(x).item() for x in inputs]


if __name__ == "__main__":
    serve(prepare)
