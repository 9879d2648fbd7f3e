"""Explorers of the chapter on vanishing gradients: products of many Jacobians, and powers of one matrix."""

import matplotlib.pyplot as plt
import numpy as np

from lstmlib.gradients import jacobian, largest_singular_value, spectral_radius
from lstmlib.init import orthogonal
from lstmlib.rnn import RNN
from lstmlib.widgets.explorer import Axis, explore
from lstmlib.widgets.style import GREY

T, H, POWERS = 50, 32, 40


def explore_gradient_scale():
    """Norm of ∂h_T/∂h_t against the lag T - t, for a tanh RNN with an orthogonal matrix times ρ and inputs of any size.

    Without input the state stays at 0, where tanh has slope 1, and the norm is ρ to the power of the lag.

    Returns
    -------
    Explorer
    """
    rng = np.random.default_rng(0)
    layer = RNN(H, H, rng=rng)
    noise, rotation = rng.normal(size=(T, H)), orthogonal(rng, H)
    lags = np.arange(T + 1)

    def norms(rho, size):
        layer.params["W_h"][:] = rho * rotation
        return np.array([largest_singular_value(matrix) for matrix in jacobian(layer, size * noise)])[::-1]

    def draw(rho, size):
        figure, ax = plt.subplots()
        ax.semilogy(lags, float(rho) ** lags, "--", color=GREY, label="without tanh: $ρ^{T-t}$")
        ax.semilogy(lags, norms(rho, size), label="exact")
        ax.set(xlabel="lag T − t", ylabel="norm of $∂h_T/∂h_t$", ylim=(1e-26, 1e20))
        ax.set_yticks([1e-20, 1e-10, 1, 1e10])
        ax.legend(loc="upper left")
        return figure

    def describe(rho, size):
        exact = norms(rho, size)
        return (
            f"Norm of the gradient against the lag, scale {rho}, input scale {size}: {exact[10]:.1e} at lag 10 and "
            f"{exact[T]:.1e} at lag {T}. Without tanh it would be {float(rho) ** T:.1e} there."
        )

    return explore(
        draw,
        describe,
        rho=Axis("scale ρ", [0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0], start=3),
        size=Axis("input scale", [0, 0.25, 0.5, 1], start=2),
    )


def explore_non_normal():
    """Norm of the powers of [[λ, k], [0, λ]]: the larger k, the longer they grow before λ decides.

    Returns
    -------
    Explorer
    """
    powers = np.arange(POWERS + 1)

    def matrix(lam, k):
        return np.array([[lam, k], [0, lam]])

    def norms(lam, k):
        return np.array([largest_singular_value(np.linalg.matrix_power(matrix(lam, k), n)) for n in powers])

    def draw(lam, k):
        radius, stretch = spectral_radius(matrix(lam, k)), largest_singular_value(matrix(lam, k))
        figure, ax = plt.subplots()
        ax.semilogy(powers, radius**powers, "--", color=GREY, label="spectral radius to the power of n")
        ax.semilogy(powers, norms(lam, k), label="norm of $W^n$")
        ax.set(xlabel="n", ylim=(3e-7, 3e4), yticks=[1e-6, 1e-4, 1e-2, 1, 1e2, 1e4])
        ax.set_title(f"spectral radius {radius:.2f}, largest singular value {stretch:.2f}", fontsize=10)
        ax.legend(loc="lower left")
        return figure

    def describe(lam, k):
        values = norms(lam, k)
        return (
            f"Norm of the powers of a matrix with {lam} on its diagonal and {k} above it. It is largest, "
            f"{values.max():.2g}, at n = {values.argmax()}, and {values[-1]:.1e} at n = {POWERS}; the spectral radius "
            f"to that power is {lam**POWERS:.1e}."
        )

    return explore(
        draw,
        describe,
        lam=Axis("λ", [0.7, 0.8, 0.9, 0.95, 1.05], start=2),
        k=Axis("k", [0, 0.5, 1, 2, 5], start=3),
    )
