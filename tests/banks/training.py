"""What students hand in for the assignment `training`: wrong functions with the diagnosis they should get, and right
ones that look unlike the reference. None means that no known mistake should be named.
"""

import array
import collections

import numpy as np
import scipy.special

from lstmlib.activations import sigmoid, softmax

# Output layer and softmax ---------------------------------------------------------------------------------


def share(e, axis=-1):
    return e / e.sum(axis=axis, keepdims=True)


def unshifted(hs, W, b):
    e = np.exp(hs @ W + b)
    return e / e.sum(axis=-1, keepdims=True)


def shifted_by_one_number(hs, W, b):
    a = hs @ W + b
    return share(np.exp(a - a.max()))


def without_keepdims(hs, W, b):
    e = np.exp(hs @ W + b)
    return e / e.sum(axis=-1)


def looping_probabilities(hs, W, b):
    p = np.empty((*hs.shape[:2], len(b)))
    for t in range(hs.shape[0]):
        for n in range(hs.shape[1]):
            a = [sum(hs[t, n, j] * W[j, k] for j in range(len(W))) + b[k] for k in range(len(b))]
            e = [np.exp(v - max(a)) for v in a]
            p[t, n] = [v / sum(e) for v in e]
    return p


def changes_its_weights(hs, W, b):
    W *= 1.0
    b += 1  # the same for all classes: the probabilities stay right
    return softmax(hs @ W + b)


PROBABILITIES_WRONG = [
    (unshifted, "not-finite"),
    (shifted_by_one_number, "not-finite"),
    (lambda hs, W, b: np.exp(hs @ W + b) / np.exp(hs @ W + b).sum(), "wrong-axis"),
    (lambda hs, W, b: softmax(hs @ W + b, axis=0), "wrong-axis"),
    (lambda hs, W, b: softmax(hs @ W + b, axis=1), "wrong-axis"),
    (lambda hs, W, b: sigmoid(hs @ W + b), "wrong-activation"),
    (lambda hs, W, b: np.tanh(hs @ W + b), "wrong-activation"),
    (lambda hs, W, b: hs @ W + b, "no-activation"),
    (lambda hs, W, b: softmax(hs @ W), "missing-bias"),
    (lambda hs, W, b: softmax(hs @ W.T + b), "transposed-weights"),
    (lambda hs, W, b: np.exp(hs @ W + b), "missing-normalisation"),
    (lambda hs, W, b: share(hs @ W + b), "missing-exponential"),
    (lambda hs, W, b: share(np.abs(hs @ W + b)), "missing-exponential"),
    (lambda hs, W, b: scipy.special.log_softmax(hs @ W + b, axis=-1), "wrong-activation"),
    (lambda hs, W, b: softmax(softmax(hs @ W + b)), "double-activation"),
    (lambda hs, W, b: share(2.0 ** (hs @ W + b)), "wrong-base"),
    (lambda hs, W, b: softmax(-(hs @ W + b)), "wrong-sign"),
    (lambda hs, W, b: np.eye(len(b))[(hs @ W + b).argmax(axis=-1)], "hard-choice"),
    (lambda hs, W, b: softmax(np.tanh(hs) @ W + b), "double-activation"),
    (lambda hs, W, b: softmax(hs @ W + b)[-1], "wrong-shape"),
    (lambda hs, W, b: softmax(hs[-1:] @ W + b) + 0 * (hs @ W), "last-step-only"),
    (lambda hs, W, b: softmax(hs @ W) + b, "misplaced-bias"),
    (without_keepdims, "raises"),
    (changes_its_weights, "mutates-input"),
    (lambda hs, W, b: None, "returns-none"),
    (lambda hs, W, b: np.full((*hs.shape[:2], len(b)), 1 / len(b)), "constant-output"),
]
PROBABILITIES_RIGHT = [
    lambda hs, W, b: softmax(hs @ W + b),
    lambda hs, W, b: scipy.special.softmax(np.einsum("tnh,hk->tnk", hs, W) + b, axis=-1),
    lambda hs, W, b: np.exp(scipy.special.log_softmax(hs @ W + b, axis=2)),
    lambda hs, W, b: [[share(np.exp(a - a.max())) for a in step @ W + b] for step in hs],
    looping_probabilities,
    lambda hs, W, b: softmax(hs.astype(np.float32) @ W.astype(np.float32) + b.astype(np.float32)),
]

# Loss -----------------------------------------------------------------------------------------------------


def picked(values, targets):
    return np.take_along_axis(values, targets[..., None], -1)[..., 0]


def losses_of(logits, targets):
    return -picked(scipy.special.log_softmax(logits, axis=-1), targets)


def log_of_softmax(logits, targets, mask):
    p = softmax(logits)
    return (mask * -np.log(picked(p, targets))).sum() / logits.shape[1]


def unshifted_loss(logits, targets, mask):
    e = np.exp(logits)
    p = e / e.sum(axis=-1, keepdims=True)
    return -(mask * np.log(picked(p, targets))).sum() / logits.shape[1]


def looping_loss(logits, targets, mask):
    total = 0
    T, N, K = logits.shape
    for t in range(T):
        for n in range(N):
            if mask[t, n]:
                a = logits[t, n] - max(logits[t, n])
                total += np.log(sum(np.exp(a[k]) for k in range(K))) - a[targets[t, n]]
    return total / N


def loss_by_selection(logits, targets, mask):
    chosen = mask.astype(bool)
    log_p = scipy.special.log_softmax(logits[chosen], axis=-1)
    return -log_p[np.arange(len(log_p)), targets[chosen]].sum() / mask.shape[1]


LOSS_WRONG = [
    (unshifted_loss, "not-finite"),
    (log_of_softmax, "not-finite"),
    (lambda a, y, m: (m * losses_of(a, y)).mean(), "mean-over-steps"),
    (lambda a, y, m: (m * losses_of(a, y)).sum(), "missing-batch-average"),
    (lambda a, y, m: (m * losses_of(a, y)).sum() / len(a), "mean-over-steps"),
    (lambda a, y, m: (m * losses_of(a, y)).sum() / m.sum(), "mean-over-steps"),
    (lambda a, y, m: losses_of(a, y).sum() / a.shape[1], "missing-mask"),
    (lambda a, y, m: ((1 - m) * losses_of(a, y)).sum() / a.shape[1], "flipped-mask"),
    (lambda a, y, m: -(m * losses_of(a, y)).sum() / a.shape[1], "wrong-sign"),
    (lambda a, y, m: (m * losses_of(a, y)).sum() / a.shape[1] / np.log(2), "wrong-base"),
    (lambda a, y, m: (m * -picked(softmax(a), y)).sum() / a.shape[1], "missing-logarithm"),
    (lambda a, y, m: (m * losses_of(a, y - 1)).sum() / a.shape[1], "wrong-class"),
    (lambda a, y, m: (m * losses_of(a, a.argmax(-1))).sum() / a.shape[1], "wrong-class"),
    (lambda a, y, m: (m * losses_of(a, 0 * y)).sum() / a.shape[1], "wrong-class"),
    (lambda a, y, m: -(m[..., None] * scipy.special.log_softmax(a, -1)).sum() / a.shape[1], "wrong-class"),
    (lambda a, y, m: (m * -picked(a, y)).sum() / a.shape[1], "missing-softmax"),
    (lambda a, y, m: (m * -picked(np.log(softmax(a, axis=0)), y)).sum() / a.shape[1], "wrong-axis"),
    (lambda a, y, m: (m * -picked(np.log(np.exp(a) / np.exp(a).sum()), y)).sum() / a.shape[1], "wrong-axis"),
    (lambda a, y, m: (m * losses_of(softmax(a), y)).sum() / a.shape[1], "double-activation"),
    (lambda a, y, m: (m * losses_of(a, y))[-1].sum() / a.shape[1], "last-step-only"),
    (lambda a, y, m: (m * -np.log(picked(sigmoid(a), y))).sum() / a.shape[1], "wrong-activation"),
    (lambda a, y, m: losses_of(a, y).mean(), "mean-over-steps"),
    (lambda a, y, m: m * losses_of(a, y), "wrong-shape"),
    (lambda a, y, m: (m * losses_of(a, y)).sum(axis=0), "wrong-shape"),
    (lambda a, y, m: None, "returns-none"),
    (lambda a, y, m: (m * losses_of(a, y[..., None])).sum(), "raises"),
    (lambda a, y, m: (m @ losses_of(a, y)).sum() / a.shape[1], "raises"),  # where it runs, as if / N were missing
    (lambda a, y, m: (m * losses_of(a.max(axis=-1, keepdims=True), y)).sum() / a.shape[1], "raises"),
]
LOSS_RIGHT = [
    lambda a, y, m: (m * losses_of(a, y)).sum() / a.shape[1],
    lambda a, y, m: np.sum(m * (scipy.special.logsumexp(a, axis=-1) - picked(a, y)), axis=0).mean(),
    lambda a, y, m: -(np.eye(a.shape[2])[y] * scipy.special.log_softmax(a, -1) * m[..., None]).sum() / len(a[0]),
    looping_loss,
    loss_by_selection,
]

# Gradient of the loss -------------------------------------------------------------------------------------


def residual(a, y):
    return softmax(a) - np.eye(a.shape[-1])[y]


def subtracts_in_place(logits, targets, mask):
    p = softmax(logits)
    for t in range(len(p)):
        for n in range(len(p[t])):
            p[t, n, targets[t, n]] -= 1
    return p * mask[:, :, None] / logits.shape[1]


def writes_into_the_logits(logits, targets, mask):
    logits -= logits.max(axis=-1, keepdims=True)
    return residual(logits, targets) * mask[..., None] / logits.shape[1]


def unshifted_gradient(logits, targets, mask):
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return (p - np.eye(p.shape[-1])[targets]) * mask[..., None] / logits.shape[1]


def at_the_wrong_place(logits, targets, mask):
    p = softmax(logits)
    p[..., targets] -= 1  # every class that came anywhere
    return p * mask[..., None] / logits.shape[1]


GRADIENT_WRONG = [
    (unshifted_gradient, "not-finite"),
    (writes_into_the_logits, "mutates-input"),
    (lambda a, y, m: -residual(a, y) * m[..., None] / a.shape[1], "wrong-sign"),
    (lambda a, y, m: softmax(a) * m[..., None] / a.shape[1], "missing-target"),
    (lambda a, y, m: -np.eye(a.shape[-1])[y] * m[..., None] / a.shape[1], "missing-softmax"),
    (lambda a, y, m: -np.eye(a.shape[-1])[y] / softmax(a) * m[..., None] / a.shape[1], "missing-slope"),
    (lambda a, y, m: residual(a, y) * softmax(a) * (1 - softmax(a)) * m[..., None] / a.shape[1], "slope-twice"),
    (lambda a, y, m: residual(a, y) * np.eye(a.shape[-1])[y] * m[..., None] / a.shape[1], "wrong-class"),
    (lambda a, y, m: residual(a, y) * m[..., None], "missing-batch-average"),
    (lambda a, y, m: residual(a, y) * m[..., None] / m.size, "mean-over-steps"),
    (lambda a, y, m: residual(a, y) * m[..., None] / len(a), "mean-over-steps"),
    (lambda a, y, m: residual(a, y) * m[..., None] / m.sum(), "mean-over-steps"),
    (lambda a, y, m: residual(a, y) / a.shape[1], "missing-mask"),
    (lambda a, y, m: residual(a, y) * m[..., None] / a.shape[-1], "mean-over-classes"),
    (lambda a, y, m: residual(a, y) * m[..., None] / a.size, "mean-over-classes"),
    (lambda a, y, m: residual(a, y) * (1 - m)[..., None] / a.shape[1], "flipped-mask"),
    (lambda a, y, m: residual(a, y - 1) * m[..., None] / a.shape[1], "wrong-class"),
    (lambda a, y, m: residual(a, a.argmax(-1)) * m[..., None] / a.shape[1], "wrong-class"),
    (lambda a, y, m: (softmax(a) - 1) * m[..., None] / a.shape[1], "wrong-class"),
    (lambda a, y, m: (a - np.eye(a.shape[-1])[y]) * m[..., None] / a.shape[1], "missing-softmax"),
    (lambda a, y, m: (softmax(a, 0) - np.eye(a.shape[-1])[y]) * m[..., None] / a.shape[1], "wrong-axis"),
    (lambda a, y, m: (sigmoid(a) - np.eye(a.shape[-1])[y]) * m[..., None] / a.shape[1], "wrong-activation"),
    (lambda a, y, m: 2 * residual(a, y) * m[..., None] / a.shape[1], "wrong-values"),
    (lambda a, y, m: residual(a, y).sum(axis=-1), "wrong-shape"),
    (lambda a, y, m: (residual(a, y) * m[..., None]).sum(axis=0) / a.shape[1], "wrong-shape"),
    (lambda a, y, m: residual(a, y)[m] / a.shape[1], "raises"),
    (lambda a, y, m: None, "returns-none"),
    (at_the_wrong_place, None),
]
GRADIENT_RIGHT = [
    lambda a, y, m: residual(a, y) * m[..., None] / a.shape[1],
    lambda a, y, m: np.where(m[..., None] > 0, residual(a, y), 0) / m.shape[1],
    lambda a, y, m: (np.exp(scipy.special.log_softmax(a, -1)) - (np.arange(a.shape[2]) == y[..., None]))
    * m[:, :, np.newaxis]
    / np.size(y, 1),
    subtracts_in_place,
    lambda a, y, m: (residual(a, y) * m[..., None] / a.shape[1]).astype(np.float32),
]  # fmt: skip

# Clipping -------------------------------------------------------------------------------------------------


def joint(grads):
    return np.sqrt(sum((grad**2).sum() for grad in grads.values()))


def clipping(norm=joint, condition=lambda norm, largest: norm > largest, factor=lambda norm, largest: largest / norm,
             returned=lambda norm, after: norm):  # fmt: skip
    """Make a function that scales in place."""

    def clip(grads, largest):
        before = norm(grads)
        if condition(before, largest):
            scale = factor(before, largest)
            for grad in grads.values():
                grad *= scale
        return returned(before, joint(grads))

    return clip


def clip_each_array(grads, largest):
    for grad in grads.values():
        length = np.linalg.norm(grad)
        if length > largest:
            grad *= largest / length
    return 0.0


def clip_each_array_after_the_norm(grads, largest):
    norm = joint(grads)
    clip_each_array(grads, largest)
    return norm


def clip_each_entry(grads, largest):
    norm = joint(grads)
    for grad in grads.values():
        np.clip(grad, -largest, largest, out=grad)
    return norm


def clip_a_copy(grads, largest):
    norm = joint(grads)
    if norm > largest:
        grads = {name: grad * largest / norm for name, grad in grads.items()}
    return norm


def clip_the_names(grads, largest):
    norm = joint(grads)
    for grad in grads.values():
        if norm > largest:
            grad = grad * largest / norm  # a new array, and the mistake
    return norm


def clip_and_return_the_dict(grads, largest):
    norm = joint(grads)
    return {name: grad * min(1, largest / norm) for name, grad in grads.items()}


def clip_without_return(grads, largest):
    clipping()(grads, largest)


def clip_only_the_weights(grads, largest):
    norm = joint(grads)
    if norm > largest:
        for name, grad in grads.items():
            if name.startswith("W"):
                grad *= largest / norm
    return norm


def clip_by_the_names_of_one_layer(grads, largest):
    norm = np.sqrt(sum((grads[name] ** 2).sum() for name in ("W_x", "W_h", "b")))
    if norm > largest:
        for name in ("W_x", "W_h", "b"):
            grads[name] *= largest / norm
    return norm


def always(norm, largest):
    return True


def clip_by_new_arrays(grads, largest):
    norm = float(np.linalg.norm(np.concatenate([grad.ravel() for grad in grads.values()])))
    for name in grads:
        grads[name] = grads[name] * min(1.0, largest / max(norm, 1e-12))
    return norm


def clip_with_epsilon(grads, largest):
    norm = np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values()))
    scale = largest / (norm + 1e-8)
    if scale < 1:
        for name in grads:
            grads[name][...] *= scale
    return norm


def clip_with_loops(grads, largest):
    total = 0
    for grad in grads.values():
        for value in grad.ravel():
            total += value**2
    norm = total**0.5
    while norm > largest:
        for name in list(grads):
            grads[name] *= largest / norm
        return norm
    return norm


def clip_in_another_order(grads, largest):
    norm = joint(grads)
    if norm > largest:
        for name in sorted(grads, reverse=True):
            grads[name] = grads.pop(name) * (largest / norm)
    return norm


CLIP_WRONG = [
    (clip_each_array, None),  # two at once: nothing sensible is returned either
    (clip_each_array_after_the_norm, "clips-each-array"),
    (clip_each_entry, "clips-each-entry"),
    (clipping(condition=always), "lengthens"),
    (clipping(condition=lambda norm, largest: norm < largest), "flipped-condition"),
    (clipping(factor=lambda norm, largest: 1 / norm), "missing-limit"),
    (clipping(factor=lambda norm, largest: norm / largest), "flipped-factor"),
    (clipping(factor=lambda norm, largest: largest), "missing-norm"),
    (clipping(factor=lambda norm, largest: 0), "drops-gradient"),
    (clipping(condition=lambda norm, largest: False), "not-in-place"),
    (clipping(norm=lambda grads: joint(grads) ** 2), "missing-root"),
    (clipping(norm=lambda grads: sum(np.abs(grad).sum() for grad in grads.values())), "wrong-norm"),
    (clipping(norm=lambda grads: max(np.abs(grad).max() for grad in grads.values())), "wrong-norm"),
    (clipping(norm=lambda grads: sum(np.linalg.norm(grad) for grad in grads.values())), "wrong-norm"),
    (clipping(norm=lambda grads: max(np.linalg.norm(grad) for grad in grads.values())), "wrong-norm"),
    (clipping(norm=lambda grads: np.linalg.norm([*grads.values()][-1])), "wrong-norm"),
    (clipping(norm=lambda grads: np.linalg.norm(next(iter(grads.values())))), "wrong-norm"),
    (clipping(returned=lambda norm, after: after), "returns-clipped-norm"),
    (clipping(returned=lambda norm, after: after / norm if norm else 1.0), "returns-factor"),
    (clip_a_copy, "not-in-place"),
    (clip_the_names, "not-in-place"),
    (clip_and_return_the_dict, "not-in-place"),
    (clip_without_return, "returns-none"),
    (clip_only_the_weights, None),
    (lambda grads, largest: np.linalg.norm(grads), "raises"),
    (clipping(condition=always, factor=lambda norm, largest: min(norm, largest) / norm), "not-finite"),
    (clip_by_the_names_of_one_layer, "raises"),
]
CLIP_RIGHT = [
    clipping(),
    clipping(norm=lambda grads: np.linalg.norm([np.linalg.norm(grad) for grad in grads.values()])),
    clip_by_new_arrays,
    clip_with_epsilon,
    clip_with_loops,
    clip_in_another_order,
]

# Gradient descent -----------------------------------------------------------------------------------------


def descent(change):
    """Make a function that changes each array in place; ``change(value, grad, rate)`` is what is added."""

    def sgd_step(params, grads, learning_rate):
        for name, value in params.items():
            value += change(value, grads[name], learning_rate)

    return sgd_step


def descent_of_names(params, grads, learning_rate):
    for name, value in params.items():
        value = value - learning_rate * grads[name]  # a new array, and the mistake


def descent_of_the_dict(params, grads, learning_rate):
    for name in params:
        params[name] = params[name] - learning_rate * grads[name]


def descent_of_a_new_dict(params, grads, learning_rate):
    return {name: value - learning_rate * grads[name] for name, value in params.items()}


def descent_that_returns_early(params, grads, learning_rate):
    for name, value in params.items():
        value -= learning_rate * grads[name]
        return params


def descent_that_scales_the_gradients(params, grads, learning_rate):
    for name, value in params.items():
        grads[name] *= learning_rate
        value -= grads[name]


def descent_of_the_gradients(params, grads, learning_rate):
    for name, grad in grads.items():
        grad -= learning_rate * params[name]


def descent_by_order(params, grads, learning_rate):
    for value, grad in zip(params.values(), reversed(grads.values()), strict=True):
        value -= learning_rate * grad


def descent_by_the_names_of_one_layer(params, grads, learning_rate):
    params["W_x"] -= learning_rate * grads["W_x"]
    params["W_h"] -= learning_rate * grads["W_h"]
    params["b"] -= learning_rate * grads["b"]


def descent_into_views(params, grads, learning_rate):
    for name in params:
        params[name][...] = params[name] - learning_rate * grads[name]
    return params


def descent_entry_by_entry(params, grads, learning_rate):
    for name in params:
        for index in np.ndindex(params[name].shape):
            params[name][index] -= grads[name][index] * learning_rate


def descent_by_numpy(params, grads, learning_rate):
    [np.subtract(value, learning_rate * grads[name], out=value) for name, value in params.items()]


SGD_WRONG = [
    (descent(lambda value, grad, rate: rate * grad), "wrong-sign"),
    (descent(lambda value, grad, rate: -grad), "missing-learning-rate"),
    (descent(lambda value, grad, rate: -grad / rate), "wrong-rate"),
    (descent(lambda value, grad, rate: -2 * rate * grad), "wrong-rate"),
    (descent(lambda value, grad, rate: -(rate + grad)), "wrong-rate"),
    (descent(lambda value, grad, rate: -rate * np.sign(grad)), "wrong-gradient"),
    (descent(lambda value, grad, rate: -rate * value), "wrong-gradient"),
    (descent(lambda value, grad, rate: -rate * grad**2), "wrong-gradient"),
    (descent(lambda value, grad, rate: -rate * grad * value), "wrong-gradient"),
    (descent(lambda value, grad, rate: -rate * grad - value), "overwrites"),
    (descent(lambda value, grad, rate: -rate * np.abs(grad)), "wrong-gradient"),
    (descent_of_names, "not-in-place"),
    (descent_of_the_dict, "not-in-place"),
    (descent_of_a_new_dict, "not-in-place"),
    (descent_that_returns_early, "returns-early"),
    (descent_that_scales_the_gradients, "mutates-input"),
    (descent_of_the_gradients, "not-in-place"),
    (descent_by_order, "raises"),
    (descent_by_the_names_of_one_layer, "raises"),
    (lambda params, grads, learning_rate: params - learning_rate * grads, "raises"),
    (descent(lambda value, grad, rate: -rate * grad * 0.9 - 0.01 * value), None),
]
SGD_RIGHT = [
    descent(lambda value, grad, rate: -rate * grad),
    descent(lambda value, grad, rate: -(grad / (1 / rate))),
    descent_into_views,
    descent_entry_by_entry,
    descent_by_numpy,
]

# Adam -----------------------------------------------------------------------------------------------------


def adam(
    mean=lambda m, g: 0.9 * m + 0.1 * g,
    square=lambda s, g: 0.999 * s + 0.001 * g**2,
    unbias=lambda m, s, t: (m / (1 - 0.9**t), s / (1 - 0.999**t)),
    step=lambda rate, m, s: -rate * m / (np.sqrt(s) + 1e-8),
    late=False,
):
    """Make a function of the usual form with parts that may be wrong."""

    def adam_step(params, grads, means, squares, step_number, learning_rate):
        for name in params:
            g, m, s = grads[name], means[name], squares[name]
            used = unbias(m.copy(), s.copy(), step_number)
            m[...], s[...] = mean(m, g), square(s, g)
            if not late:
                used = unbias(m, s, step_number)
            params[name] += step(learning_rate, *used)

    return adam_step


def adam_with_forgotten_means(params, grads, means, squares, step, learning_rate):
    for name in params:
        m = 0.9 * means[name] + 0.1 * grads[name]
        s = 0.999 * squares[name] + 0.001 * grads[name] ** 2
        params[name] -= learning_rate * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)


def adam_with_forgotten_squares(params, grads, means, squares, step, learning_rate):
    for name in params:
        means[name][...] = 0.9 * means[name] + 0.1 * grads[name]
        s = 0.999 * squares[name] + 0.001 * grads[name] ** 2
        params[name] -= learning_rate * (means[name] / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)


def adam_on_names(params, grads, means, squares, step, learning_rate):
    scratch = {name: value.copy() for name, value in params.items()}
    adam()(scratch, grads, means, squares, step, learning_rate)


def adam_that_corrects_in_place(params, grads, means, squares, step, learning_rate):
    for name in params:
        means[name] *= 0.9
        means[name] += 0.1 * grads[name]
        squares[name] *= 0.999
        squares[name] += 0.001 * grads[name] ** 2
        means[name] /= 1 - 0.9**step
        squares[name] /= 1 - 0.999**step
        params[name] -= learning_rate * means[name] / (np.sqrt(squares[name]) + 1e-8)


def adam_that_corrects_the_mean_in_place(params, grads, means, squares, step, learning_rate):
    for name in params:
        means[name][:] = (0.9 * means[name] + 0.1 * grads[name]) / (1 - 0.9**step)
        squares[name][:] = 0.999 * squares[name] + 0.001 * grads[name] ** 2
        params[name] -= learning_rate * means[name] / (np.sqrt(squares[name] / (1 - 0.999**step)) + 1e-8)


def adam_by_its_own_variables(params, grads, means, squares, step, learning_rate):
    b1, b2 = 0.9, 0.999
    for name, p in params.items():
        means[name] *= b1
        means[name] += (1 - b1) * grads[name]
        squares[name] *= b2
        squares[name] += (1 - b2) * grads[name] * grads[name]
        p -= learning_rate * means[name] / (1 - b1**step) / (np.sqrt(squares[name] / (1 - b2**step)) + 1e-8)


def adam_by_the_second_form(params, grads, means, squares, step, learning_rate):
    """The form at the end of section 2 of the paper, with epsilon scaled to fit."""
    rate = learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    for name in params:
        means[name] += 0.1 * (grads[name] - means[name])
        squares[name] += 0.001 * (grads[name] ** 2 - squares[name])
        params[name] -= rate * means[name] / (np.sqrt(squares[name]) + 1e-8 * np.sqrt(1 - 0.999**step))


def adam_entry_by_entry(params, grads, means, squares, step, learning_rate):
    for name in params:
        for k in np.ndindex(params[name].shape):
            means[name][k] = 0.9 * means[name][k] + 0.1 * grads[name][k]
            squares[name][k] = 0.999 * squares[name][k] + 0.001 * grads[name][k] ** 2
            m, s = means[name][k] / (1 - 0.9**step), squares[name][k] / (1 - 0.999**step)
            params[name][k] -= learning_rate * m / (s**0.5 + 1e-8)


ADAM_WRONG = [
    (adam(unbias=lambda m, s, t: (m, s)), "missing-correction"),
    (adam(unbias=lambda m, s, t: (m / (1 - 0.9**t), s)), "missing-correction"),
    (adam(unbias=lambda m, s, t: (m, s / (1 - 0.999**t))), "missing-correction"),
    (adam(unbias=lambda m, s, t: (m / 0.1, s / 0.001)), "wrong-correction"),
    (adam(unbias=lambda m, s, t: (m / (1 - 0.9 ** (t + 1)), s / (1 - 0.999 ** (t + 1)))), "wrong-correction"),
    (adam(step=lambda rate, m, s: rate * m / (np.sqrt(s) + 1e-8)), "wrong-sign"),
    (adam(step=lambda rate, m, s: -rate * m / (s + 1e-8)), "missing-root"),
    (adam(step=lambda rate, m, s: -rate * m / np.sqrt(s + 1e-8)), "misplaced-epsilon"),
    (adam(step=lambda rate, m, s: -rate * m), "missing-division"),
    (adam(step=lambda rate, m, s: -rate * m / np.sqrt(s)), "missing-epsilon"),
    (adam(step=lambda rate, m, s: -m / (np.sqrt(s) + 1e-8)), "missing-learning-rate"),
    (adam(step=lambda rate, m, s: -0.001 * m / (np.sqrt(s) + 1e-8)), "missing-learning-rate"),
    (adam(square=lambda s, g: 0.999 * s + 0.001 * g), "missing-square"),
    (adam(mean=lambda m, g: 0.1 * m + 0.9 * g), "swapped-betas"),
    (adam(mean=lambda m, g: 0.9 * m + g), "wrong-mean"),
    (adam(square=lambda s, g: s + g**2), "wrong-mean"),
    (adam(square=lambda s, g: 0.999 * s + (0.001 * g) ** 2), "wrong-mean"),
    (adam(mean=lambda m, g: 0.999 * m + 0.001 * g, square=lambda s, g: 0.9 * s + 0.1 * g**2,
          unbias=lambda m, s, t: (m / (1 - 0.999**t), s / (1 - 0.9**t))), "swapped-betas"),
    (adam(late=True), "old-means"),
    (adam_with_forgotten_means, "not-in-place"),
    (adam_with_forgotten_squares, "not-in-place"),
    (adam_on_names, "not-in-place"),
    (adam_that_corrects_in_place, "keeps-corrected"),
    (adam_that_corrects_the_mean_in_place, "keeps-corrected"),
    (lambda params, grads, means, squares, step, learning_rate: None, "not-in-place"),
    (lambda params, grads, means, squares, learning_rate: None, "raises"),
]  # fmt: skip
ADAM_RIGHT = [
    adam(),
    adam(square=lambda s, g: s - 0.001 * (s - g * g)),
    adam_by_its_own_variables,
    adam_by_the_second_form,
    adam_entry_by_entry,
]

# The loop -------------------------------------------------------------------------------------------------


def train_on_one_batch(model, draw, optimiser, clip, iterations, rng):
    batch, losses = draw(rng), []
    for _ in range(iterations):
        loss, grads = model.loss(batch)
        clip(grads)
        optimiser.step(grads)
        losses.append(loss)
    return losses


def train_without_clipping(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        optimiser.step(grads)
        losses.append(loss)
    return losses


def train_and_clip_too_late(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        optimiser.step(grads)
        clip(grads)
        losses.append(loss)
    return losses


def train_without_steps(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        clip(grads)
        losses.append(loss)
    return losses


def train_with_a_step_at_the_end(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        clip(grads)
        losses.append(loss)
    optimiser.step(grads)
    return losses


def train_and_measure_after(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        batch = draw(rng)
        _, grads = model.loss(batch)
        clip(grads)
        optimiser.step(grads)
        losses.append(model.loss(batch)[0])
    return losses


def train_in_loop(count=lambda n: n, steps=1, generator=lambda rng: rng, result=lambda losses: losses):
    """Make a loop of the usual form with parts that may be wrong."""

    def train(model, draw, optimiser, clip, iterations, rng):
        losses = []
        for _ in range(count(iterations)):
            loss, grads = model.loss(draw(generator(rng)))
            clip(grads)
            for _ in range(steps):
                optimiser.step(grads)
            losses.append(loss)
        return result(losses)

    return train


def train_and_return_early(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        clip(grads)
        optimiser.step(grads)
        losses.append(loss)
        return losses


def train_and_add_gradients(model, draw, optimiser, clip, iterations, rng):
    losses, total = [], None
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        total = grads if total is None else {name: grad + total[name] for name, grad in grads.items()}
        step = {name: grad.copy() for name, grad in total.items()}
        clip(step)
        optimiser.step(step)
        losses.append(loss)
    return losses


def train_with_the_clipped_value(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        grads = clip(grads)  # which is the norm
        optimiser.step(grads)
        losses.append(loss)
    return losses


def train_with_a_generator_of_its_own(model, draw, optimiser, clip, iterations, rng):
    return train_in_loop()(model, draw, optimiser, clip, iterations, np.random.default_rng(0))


def train_on_one_batch_and_measure_on_another(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        losses.append(model.loss(draw(rng))[0])
        grads = model.loss(draw(rng))[1]
        clip(grads)
        optimiser.step(grads)
    return losses


def train_and_draw_before_the_loop(model, draw, optimiser, clip, iterations, rng):
    batch = draw(rng)
    losses = []
    for _ in range(iterations):
        batch = draw(rng)
        loss, grads = model.loss(batch)
        clip(grads)
        optimiser.step(grads)
        losses.append(loss)
    return losses


def train_by_names(model, draw, optimiser, clip, iterations, rng):
    losses = []
    for _ in range(iterations):
        losses.append(model.loss(draw(rng)))
        optimiser.step(losses[-1])
    return losses


def train_into_an_array(model, draw, optimiser, clip, iterations, rng):
    losses = np.zeros(iterations)
    for k in range(iterations):
        losses[k], gradients = model.loss(draw(rng))
        clip(gradients)
        optimiser.step(gradients)
    return losses


def train_while(model, draw, optimiser, clip, iterations, rng):
    losses = []
    while len(losses) < iterations:
        print(len(losses))
        batch = draw(rng=rng)
        loss, grads = model.loss(batch)
        losses += [loss]
        assert clip(grads) >= 0
        optimiser.step(grads)
    return tuple(losses)


def train_with_a_helper(model, draw, optimiser, clip, iterations, rng):
    def once():
        loss, grads = model.loss(draw(rng))
        clip(grads)
        optimiser.step(grads)
        return loss

    return [once() for _ in range(iterations)]


def train_step_by_step(model, draw, optimiser, clip, iterations, rng):
    for _ in range(iterations):
        loss, grads = model.loss(draw(rng))
        clip(grads)
        optimiser.step(grads)
        yield loss


TRAIN_WRONG = [
    (train_on_one_batch, "same-batch"),
    (train_without_clipping, "no-clipping"),
    (train_and_clip_too_late, "no-clipping"),
    (train_without_steps, "no-step"),
    (train_with_a_step_at_the_end, "wrong-step"),
    (train_and_measure_after, "loss-after-step"),
    (train_in_loop(count=lambda n: n + 1), "wrong-count"),
    (train_in_loop(count=lambda n: n - 1), "wrong-count"),
    (train_in_loop(steps=2), "wrong-step"),
    (train_in_loop(generator=lambda rng: np.random.default_rng(0)), "same-batch"),
    (train_with_a_generator_of_its_own, "own-generator"),
    (train_on_one_batch_and_measure_on_another, "two-batches"),
    (train_and_draw_before_the_loop, "skipped-batch"),
    (train_in_loop(result=lambda losses: losses[-1]), "wrong-count"),
    (train_in_loop(result=lambda losses: sum(losses) / len(losses)), "wrong-count"),
    (train_in_loop(result=lambda losses: dict(enumerate(losses))), "wrong-count"),
    (train_in_loop(result=lambda losses: losses[::-1]), "wrong-result"),
    (train_in_loop(result=lambda losses: None), "returns-none"),
    (train_and_return_early, "wrong-count"),
    (train_and_add_gradients, "adds-gradients"),
    (train_with_the_clipped_value, "raises"),
    (train_by_names, "raises"),
    (train_in_loop(result=np.cumsum), "wrong-result"),
]
TRAIN_RIGHT = [
    train_in_loop(),
    train_in_loop(result=np.array),
    train_in_loop(result=collections.deque),
    train_in_loop(result=collections.UserList),
    train_in_loop(result=lambda losses: array.array("d", losses)),
    train_in_loop(result=lambda losses: dict(enumerate(losses)).values()),
    train_step_by_step,
    train_into_an_array,
    train_while,
    train_with_a_helper,
]


def _named(bank):
    """The pairs as the other banks have them: diagnosis, then solution; without a diagnosis, none is true."""
    return [(diagnosis or "", function) for function, diagnosis in bank]


WRONG = {
    "training.probabilities": _named(PROBABILITIES_WRONG),
    "training.sequence_loss": _named(LOSS_WRONG),
    "training.loss_gradient": _named(GRADIENT_WRONG),
    "training.clip": _named(CLIP_WRONG),
    "training.sgd_step": _named(SGD_WRONG),
    "training.adam_step": _named(ADAM_WRONG),
    "training.train": _named(TRAIN_WRONG),
}
RIGHT = {
    "training.probabilities": PROBABILITIES_RIGHT,
    "training.sequence_loss": LOSS_RIGHT,
    "training.loss_gradient": GRADIENT_RIGHT,
    "training.clip": CLIP_RIGHT,
    "training.sgd_step": SGD_RIGHT,
    "training.adam_step": ADAM_RIGHT,
    "training.train": TRAIN_RIGHT,
}
