"""JAX with optax: "step", one jitted call per step, and "scan", one call for all steps."""

import os
import sys

os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if int(sys.argv[3]) > 1 else 'false'}"

import jax
import jax.numpy as jnp
import numpy as np
import optax
from networks import NETWORKS, OPTIMIZER, serve, shape_of

ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, None: lambda x: x}
ORDER = ("NHWC", "HWIO", "NHWC")


def forward(port, params, x):
    params = iter(params)
    for kind, *numbers in NETWORKS[port]:
        if kind == "dense":
            weights, bias = next(params)
            x = ACTIVATIONS[numbers[-1]](x @ weights + bias)
        elif kind == "conv":
            weights, bias = next(params)
            x = jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME", dimension_numbers=ORDER)
            x = ACTIVATIONS[numbers[-1]](x + bias)
        elif kind == "pool":
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        elif kind == "upsample":
            x = x.repeat(2, axis=1).repeat(2, axis=2)
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        else:
            x = x.reshape(len(x), *numbers)
    return x


def initial(port):
    key, shape, params = jax.random.key(0), shape_of(port), []
    glorot = jax.nn.initializers.glorot_uniform()
    for kind, *numbers in NETWORKS[port]:
        key, own = jax.random.split(key)
        if kind == "dense":
            params.append((glorot(own, (shape[0], numbers[0])), jnp.zeros(numbers[0])))
            shape = (numbers[0],)
        elif kind == "conv":
            params.append((glorot(own, (numbers[1], numbers[1], shape[2], numbers[0])), jnp.zeros(numbers[0])))
            shape = (*shape[:2], numbers[0])
        elif kind == "pool":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "upsample":
            shape = (shape[0] * 2, shape[1] * 2, shape[2])
        elif kind == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            shape = tuple(numbers)
    return params


def prepare(port, candidate, threads, batches):
    kind, rate, epsilon = OPTIMIZER[port]
    optimizer = optax.adam(rate, eps=epsilon) if kind == "adam" else optax.rmsprop(rate, decay=0.9, eps=epsilon)

    def step(state, x):
        params, slots = state
        loss, gradients = jax.value_and_grad(lambda p: jnp.mean(jnp.square(forward(port, p, x) - x)))(params)
        updates, slots = optimizer.update(gradients, slots)
        return (optax.apply_updates(params, updates), slots), loss

    params = initial(port)
    state = (params, optimizer.init(params))
    one, many = (
        jax.jit(step, donate_argnums=0),
        jax.jit(lambda state, xs: jax.lax.scan(step, state, xs), donate_argnums=0),
    )
    inputs = list(batches.reshape(len(batches), -1, *shape_of(port)))  # as they come in training

    def train():
        nonlocal state
        if candidate == "scan":
            state, losses = many(state, np.stack(inputs))
            return jax.device_get(losses)
        losses = []
        for x in inputs:
            state, loss = one(state, x)
            losses.append(float(loss))
        return losses

    return train


if __name__ == "__main__":
    serve(prepare)
