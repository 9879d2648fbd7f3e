"""One pass of a layer, by lstmlib and by its peers: each function here returns one that does the pass.

All take the kind of layer, the sizes (N, T, D, H), the dtype, and whether to go backward too: gradients of weights and
inputs, or a forward pass that keeps nothing for them.
"""

import numpy as np

from lstmlib import GRU, LSTM, RNN

LAYERS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


def _data(sizes, dtype):
    """Inputs and gradients of the hidden states."""
    N, T, D, H = sizes
    xs = np.random.default_rng(1).standard_normal((T, N, D)).astype(dtype)
    return xs, np.random.default_rng(2).standard_normal((T, N, H)).astype(dtype)


def ours(kind, sizes, dtype, backward):
    """The layers of lstmlib."""
    layer = LAYERS[kind](*sizes[2:], rng=0, dtype=dtype)
    xs, dhs = _data(sizes, dtype)

    def run():
        hs, _, tape = layer.forward(xs)
        return layer.backward(tape, dhs) if backward else hs

    return run


def torchs(kind, sizes, dtype, backward):
    """Those of PyTorch."""
    import torch

    layer = getattr(torch.nn, kind)(*sizes[2:], dtype=getattr(torch, np.dtype(dtype).name))
    xs, dhs = map(torch.from_numpy, _data(sizes, dtype))

    def forward():
        with torch.no_grad():
            return layer(xs)[0]

    def both():
        xs.requires_grad_()
        xs.grad = None
        layer.zero_grad()
        hs, _ = layer(xs)
        hs.backward(dhs)
        return xs.grad

    return both if backward else forward


def jaxs(kind, sizes, dtype, backward):
    """A ``lax.scan`` over the step as one writes it in JAX, compiled; the products with the inputs before the loop."""
    import jax
    from jax import lax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)  # float64 would silently be float32
    layer = LAYERS[kind](*sizes[2:], rng=0, dtype=dtype)
    xs, dhs = map(jnp.asarray, _data(sizes, dtype))
    params = {name: jnp.asarray(value) for name, value in layer.params.items()}
    h = jnp.zeros((sizes[0], sizes[3]), dtype)

    def rnn(params, h, a_x):
        h = jnp.tanh(a_x + h @ params["W_h"])
        return h, h

    def lstm(params, states, a_x):
        h, c = states
        i, f, g, o = jnp.split(a_x + h @ params["W_h"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def gru(params, h, a_x):
        x_r, x_z, x_n = jnp.split(a_x, 3, axis=-1)
        h_r, h_z, h_n = jnp.split(h @ params["W_h"], 3, axis=-1)
        z = jax.nn.sigmoid(x_z + h_z)
        n = jnp.tanh(x_n + jax.nn.sigmoid(x_r + h_r) * (h_n + params["b_hn"]))
        h = (1 - z) * n + z * h
        return h, h

    step, initial = {"RNN": (rnn, h), "LSTM": (lstm, (h, h)), "GRU": (gru, h)}[kind]

    def forward(params, xs):
        return lax.scan(lambda states, a_x: step(params, states, a_x), initial, xs @ params["W_x"] + params["b"])[1]

    def both(params, xs):
        hs, back = jax.vjp(forward, params, xs)
        return hs, back(dhs)

    compiled = jax.jit(both if backward else forward)
    return lambda: jax.block_until_ready(compiled(params, xs))
