"""Explorer of the chapter on the LSTM's gradients: the way through the cell, and all ways together."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib.gradients import cell_jacobian_split
from lstmlib.lstm import LSTM
from lstmlib.widgets.explorer import Axis, explore

T, H = 60, 16


def explore_forget_bias():
    """Norm of ∂c_T/∂c_t against the lag T - t for a new LSTM: directly through the cell, and exactly.

    The direct part is diagonal, so that its norm is the largest product of forget gates.

    Returns
    -------
    Explorer
    """
    rng = np.random.default_rng(0)
    layer, xs = LSTM(H, H, rng=rng), rng.normal(size=(T, H))
    lags = np.arange(T + 1)

    def norms(bias):
        layer.params["b"][H : 2 * H] = bias
        direct, indirect = cell_jacobian_split(layer, xs)
        whole = indirect + direct[:, :, None] * np.eye(H)
        return direct.max(axis=1)[::-1], np.linalg.norm(whole, 2, axis=(1, 2))[::-1]

    def draw(bias):
        direct, whole = norms(bias)
        figure, ax = plt.subplots()
        ax.semilogy(lags, whole, label="exact: all ways")
        ax.semilogy(lags, direct, "--", label="direct: product of forget gates")
        ax.set(xlabel="lag T − t", ylabel="norm of $∂c_T/∂c_t$", ylim=(1e-33, 1e14), yticks=[1e-30, 1e-20, 1e-10, 1])
        ax.legend(loc="upper left")
        return figure

    def describe(bias):
        direct, whole = norms(bias)
        return (
            f"Norm of the gradient through the cell against the lag, forget bias {bias}. At lag {T} the product of "
            f"forget gates is {direct[T]:.1e}, the exact norm {whole[T]:.1e}; at lag 10 they are {direct[10]:.1e} and "
            f"{whole[10]:.1e}."
        )

    return explore(draw, describe, bias=Axis("forget bias", [-1, 0, 1, 2, 3, 4, 5], start=2))
