"""Changing parameters along their gradients."""

import numpy as np


class SGD:
    """Gradient descent with momentum: v ← μ v + g, p ← p - η v (Polyak, 1964).

    Parameters
    ----------
    params : dict of ndarray
        Changed in place by `step`.
    learning_rate : float
        η.
    momentum : float
        μ, from 0 (none) to less than 1.
    """

    def __init__(self, params, learning_rate, momentum=0.0):
        self.params, self.learning_rate, self.momentum = params, learning_rate, momentum
        self.velocities = {name: np.zeros_like(value) for name, value in params.items()}

    def step(self, grads):
        """Change the parameters once; `grads` has their names and shapes."""
        for name, value in self.params.items():
            self.velocities[name] *= self.momentum
            self.velocities[name] += grads[name]
            value -= self.learning_rate * self.velocities[name]


class Adam:
    """Adam with bias correction (Kingma and Ba, 2015, algorithm 1).

    Parameters
    ----------
    params : dict of ndarray
        Changed in place by `step`.
    learning_rate : float
    betas : pair of float
        Decay of the running means of gradient and squared gradient.
    epsilon : float
        Added to the root, so that nothing is divided by zero.
    """

    def __init__(self, params, learning_rate=1e-3, betas=(0.9, 0.999), epsilon=1e-8):
        self.params, self.learning_rate, self.betas, self.epsilon = params, learning_rate, betas, epsilon
        self.steps = 0
        self.means = {name: np.zeros_like(value) for name, value in params.items()}
        self.squares = {name: np.zeros_like(value) for name, value in params.items()}

    def step(self, grads):
        """Change the parameters once; `grads` has their names and shapes."""
        self.steps += 1
        beta_1, beta_2 = self.betas
        for name, value in self.params.items():
            mean, square, grad = self.means[name], self.squares[name], grads[name]
            mean += (1 - beta_1) * (grad - mean)
            square += (1 - beta_2) * (grad * grad - square)
            unbiased = square / (1 - beta_2**self.steps)
            value -= self.learning_rate / (1 - beta_1**self.steps) * mean / (np.sqrt(unbiased) + self.epsilon)


def clip_by_global_norm(grads, largest):
    """Scale all gradients by one factor so that their joint norm is at most `largest` (Pascanu et al., 2013).

    Parameters
    ----------
    grads : dict of ndarray
        Changed in place.
    largest : float

    Returns
    -------
    float
        The norm before clipping.
    """
    norm = float(np.sqrt(sum(float((grad.astype(float) ** 2).sum()) for grad in grads.values())))
    if norm > largest:
        for grad in grads.values():
            grad *= largest / norm
    return norm
