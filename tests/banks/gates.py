"""Ways to write a gate ``(x, h_prev, W_x, W_h, b)``: wrong ones, then right ones."""

WRONG_SIGMOID = [
    ("no-activation", "x @ W_x + h_prev @ W_h + b"),
    ("wrong-activation", "np.tanh(np.dot(x, W_x) + np.dot(h_prev, W_h) + b)"),
    ("wrong-activation", "np.maximum(0, x @ W_x + h_prev @ W_h + b)"),
    (
        "wrong-activation",
        """
        a = x @ W_x + h_prev @ W_h + b
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
        """,
    ),
    (
        "wrong-activation",
        """
        a = x @ W_x + h_prev @ W_h + b
        return 1 / 1 + np.exp(-a)
        """,
    ),
    (
        "flipped-gate",
        """
        a = x @ W_x + h_prev @ W_h + b
        return 1 / (1 + np.exp(a))
        """,
    ),
    ("flipped-gate", "1 - sigmoid(x @ W_x + h_prev @ W_h + b)"),
    ("flipped-gate", "np.exp(-(x @ W_x + h_prev @ W_h + b)) / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))"),
    ("missing-bias", "sigmoid(x @ W_x + h_prev @ W_h)"),
    (
        "missing-bias",
        """
        inputs = np.concatenate([x, h_prev], axis=1)
        weights = np.concatenate([W_x, W_h], axis=0)
        return 1 / (1 + np.exp(-inputs @ weights))
        """,
    ),
    ("missing-hidden-term", "sigmoid(x @ W_x + b)"),
    ("missing-input-term", "sigmoid(np.matmul(h_prev, W_h) + b)"),
    ("transposed-weights", "sigmoid(x @ W_x + h_prev @ W_h.T + b)"),
    ("transposed-weights", "sigmoid(W_x @ x + W_h @ h_prev + b)"),
    ("transposed-weights", "sigmoid((W_x.T @ x.T).T + (W_h @ h_prev.T).T + b)"),
    ("transposed-weights", "sigmoid(x @ W_x.T + h_prev @ W_h.T + b)"),
    ("swapped-weights", "sigmoid(x @ W_h + h_prev @ W_x + b)"),
    ("swapped-weights", "sigmoid(np.hstack([h_prev, x]) @ np.vstack([W_x, W_h]) + b)"),
    ("swapped-weights", "sigmoid(np.c_[x, h_prev] @ np.r_[W_h, W_x] + b)"),
    ("misplaced-bias", "sigmoid(x @ W_x + h_prev @ W_h) + b"),
    ("misplaced-activation", "sigmoid(x @ W_x) + sigmoid(h_prev @ W_h) + b"),
    ("misplaced-activation", "sigmoid(x @ W_x + b) + h_prev @ W_h"),
    (
        "double-activation",
        """
        f = sigmoid(x @ W_x + h_prev @ W_h + b)
        return sigmoid(f)
        """,
    ),
    ("wrong-sign", "sigmoid(x @ W_x + h_prev @ W_h - b)"),
    ("wrong-sign", "sigmoid(x @ W_x - h_prev @ W_h + b)"),
    ("wrong-operator", "sigmoid((x @ W_x) * (h_prev @ W_h) + b)"),
    ("wrong-activation", "(sigmoid(x @ W_x + h_prev @ W_h + b) > 0.5).astype(float)"),
    ("wrong-activation", "(np.tanh(x @ W_x + h_prev @ W_h + b) + 1) / 2"),
    ("elementwise-product|raises", "sigmoid(x * W_x + h_prev * W_h + b)"),
    (
        "wrong-values",
        """
        a = x @ W_x + b
        a = a + h_prev @ W_h + b  # two biases, as in PyTorch
        return sigmoid(a)
        """,
    ),
    (
        "missing-bias|wrong-activation",
        """
        a = np.dot(x, W_x) + np.dot(h_prev, W_h)
        return np.tanh(a)
        """,
    ),
    (
        "missing-bias|flipped-gate",
        """
        a = x @ W_x + h_prev @ W_h
        return 1 / (1 + np.exp(a))
        """,
    ),
    (
        "not-batched",
        """
        out = np.zeros((x.shape[0], b.shape[0]))
        out[0] = sigmoid(x[0] @ W_x + h_prev[0] @ W_h + b)
        return out
        """,
    ),
    ("wrong-shape", "sigmoid(x @ W_x + h_prev @ W_h + b).T"),
    ("wrong-shape|not-batched", "sigmoid(x @ W_x + h_prev @ W_h + b).mean(axis=0)"),
    ("wrong-shape", "sigmoid(x @ W_x + h_prev @ W_h + b)[0]"),
    ("wrong-shape", "sigmoid(np.sum(x @ W_x + h_prev @ W_h + b))"),
    ("wrong-shape", "sigmoid(x @ W_x + h_prev @ W_h + b),"),
    ("constant-output", "np.ones_like(h_prev)"),
    ("constant-output", "np.zeros((x.shape[0], b.shape[0]))"),
    ("returns-none", "f = sigmoid(x @ W_x + h_prev @ W_h + b)"),
    ("raises", "return sigmoid(x @ W_f + h_prev @ U_f + b_f)"),
    ("raises", "return sigmoid(W_x.dot(x).dot(b))"),
    ("not-finite", "np.exp(x @ W_x + h_prev @ W_h + b) / (np.exp(x @ W_x + h_prev @ W_h + b) + 1)"),
    (
        "mutates-input",
        """
        b += 1
        return sigmoid(x @ W_x + h_prev @ W_h + b - 1)
        """,
    ),
    ("wrong-values", "sigmoid(x @ W_x + h_prev @ W_h + b + 1)"),
    ("wrong-activation", "np.exp(x @ W_x + h_prev @ W_h + b)"),
    ("wrong-activation", "a = x @ W_x + h_prev @ W_h + b\nreturn a / (1 + abs(a))"),
    ("wrong-operator|misplaced-bias", "sigmoid(x @ W_x + h_prev @ W_h) * b"),
    ("wrong-values", "np.round(sigmoid(x @ W_x + h_prev @ W_h + b), 2)"),
    ("wrong-order|not-batched", "sigmoid(x @ W_x + h_prev @ W_h + b)[::-1]"),
    ("not-implemented", "raise NotImplementedError()"),
]

RIGHT_SIGMOID = [
    "sigmoid(x @ W_x + h_prev @ W_h + b)",
    "1 / (1 + np.exp(-(x @ W_x + h_prev @ W_h + b)))",
    "expit(b + h_prev @ W_h + x @ W_x)",
    "(1 + np.tanh((x @ W_x + h_prev @ W_h + b) / 2)) / 2",
    "expit(np.concatenate([h_prev, x], axis=1) @ np.concatenate([W_h, W_x]) + b)",
    "sigmoid(np.einsum('nd,dh->nh', x, W_x) + np.einsum('nj,jh->nh', h_prev, W_h) + b)",
    "sigmoid((W_x.T @ x.T + W_h.T @ h_prev.T + b[:, None]).T)",
    """
    rows = []
    for n in range(len(x)):
        a = [sum(x[n, d] * W_x[d, k] for d in range(x.shape[1])) + b[k] for k in range(len(b))]
        a = [a[k] + sum(h_prev[n, j] * W_h[j, k] for j in range(len(b))) for k in range(len(b))]
        rows.append([1 / (1 + np.exp(-v)) for v in a])
    return rows
    """,
    """
    x, h_prev, W_x, W_h, b = (v.astype(np.float32) for v in (x, h_prev, W_x, W_h, b))
    return sigmoid(x @ W_x + h_prev @ W_h + b)
    """,
    """
    a = np.where(True, x @ W_x + h_prev @ W_h + b, 0)
    positive = a >= 0
    out = np.empty_like(a)
    out[positive] = 1 / (1 + np.exp(-a[positive]))
    out[~positive] = np.exp(a[~positive]) / (1 + np.exp(a[~positive]))
    return out
    """,
    """
    print('shapes', x.shape, W_x.shape)
    extended = np.column_stack([x, h_prev, np.ones(len(x))])
    return sigmoid(extended @ np.vstack([W_x, W_h, b])).tolist()
    """,
    """
    b = b.copy()
    x = x @ W_x
    x += h_prev @ W_h
    x += b
    return expit(x)
    """,
]

WRONG_TANH = [
    ("no-activation", "x @ W_x + h_prev @ W_h + b"),
    ("wrong-activation", "sigmoid(x @ W_x + h_prev @ W_h + b)"),
    ("wrong-activation", "2 * sigmoid(x @ W_x + h_prev @ W_h + b) - 1"),
    ("wrong-activation", "np.maximum(x @ W_x + h_prev @ W_h + b, 0)"),
    ("wrong-activation", "np.tan(x @ W_x + h_prev @ W_h + b)"),
    ("wrong-activation", "np.arctan(x @ W_x + h_prev @ W_h + b)"),
    ("wrong-activation", "np.clip(x @ W_x + h_prev @ W_h + b, -1, 1)"),
    (
        "wrong-sign",
        """
        a = x @ W_x + h_prev @ W_h + b
        return (np.exp(-a) - np.exp(a)) / (np.exp(-a) + np.exp(a))
        """,
    ),
    ("wrong-activation", "1 - np.tanh(x @ W_x + h_prev @ W_h + b)**2"),
    ("missing-bias", "np.tanh(np.dot(x, W_x) + np.dot(h_prev, W_h))"),
    ("missing-hidden-term", "np.tanh(x @ W_x + b)"),
    ("missing-input-term", "np.tanh(h_prev @ W_h + b)"),
    ("transposed-weights", "np.tanh(x @ W_x + h_prev @ W_h.T + b)"),
    ("transposed-weights", "np.tanh(W_x @ x + W_h @ h_prev + b)"),
    ("transposed-weights", "np.tanh(np.dot(W_h, h_prev) + np.dot(x, W_x) + b)"),
    ("swapped-weights", "np.tanh(x @ W_h + h_prev @ W_x + b)"),
    ("swapped-weights", "np.tanh(np.concatenate((h_prev, x), axis=1) @ np.concatenate((W_x, W_h)) + b)"),
    ("misplaced-bias", "np.tanh(x @ W_x + h_prev @ W_h) + b"),
    ("misplaced-activation", "np.tanh(x @ W_x) + np.tanh(h_prev @ W_h + b)"),
    ("misplaced-activation", "np.tanh(x @ W_x + b) + h_prev @ W_h"),
    ("double-activation", "np.tanh(np.tanh(x @ W_x + h_prev @ W_h + b))"),
    ("wrong-sign", "np.tanh(x @ W_x + h_prev @ W_h - b)"),
    ("missing-weights", "np.tanh(x @ W_x + h_prev + b)"),
    ("wrong-values", "np.tanh(x @ W_x + b + h_prev @ W_h + b)"),
    ("missing-bias|wrong-activation", "sigmoid(x @ W_x + h_prev @ W_h)"),
    ("missing-hidden-term|missing-bias", "np.tanh(x @ W_x)"),
    ("wrong-shape", "np.tanh(x @ W_x + h_prev @ W_h + b).T"),
    ("wrong-shape", "np.tanh(x @ W_x + h_prev @ W_h + b).sum()"),
    ("not-batched|wrong-shape", "np.tanh(x[0] @ W_x + h_prev[0] @ W_h + b).reshape(1, -1)"),
    ("constant-output", "np.zeros_like(h_prev)"),
    ("returns-none", "result = np.tanh(x @ W_x + h_prev @ W_h + b)"),
    ("raises", "return tahn(x @ W_x + h_prev @ W_h + b)"),
    (
        "not-finite",
        """
        a = x @ W_x + h_prev @ W_h + b
        return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))
        """,
    ),
    (
        "mutates-input",
        """
        x *= 2
        return np.tanh(x @ W_x / 2 + h_prev @ W_h + b)
        """,
    ),
]

RIGHT_TANH = [
    "np.tanh(x @ W_x + h_prev @ W_h + b)",
    "2 * sigmoid(2 * (x @ W_x + h_prev @ W_h + b)) - 1",
    "2 * expit(2 * (np.hstack([x, h_prev]) @ np.vstack([W_x, W_h]) + b)) - 1",
    "np.tanh(np.einsum('nd,dh->nh', x, W_x) + np.einsum('nj,jh->nh', h_prev, W_h) + b)",
    "np.tanh(b + np.dot(h_prev, W_h) + np.dot(x, W_x)).astype(np.float32)",
    """
    a = np.clip(x @ W_x + h_prev @ W_h + b, -20, 20)
    return np.sinh(a) / np.cosh(a)
    """,
    """
    import math
    H = len(b)
    return [
        [math.tanh(float(x[n] @ W_x[:, k] + h_prev[n] @ W_h[:, k] + b[k])) for k in range(H)] for n in range(len(x))
    ]
    """,
    """
    total = np.zeros(h_prev.shape, dtype=np.float32)
    for k in range(h_prev.shape[1]):
        total[:, k] = x @ W_x[:, k] + h_prev @ W_h[:, k] + b[k]
    return np.tanh(total)
    """,
    "np.array([np.tanh(x_n @ W_x + h_n @ W_h + b) for x_n, h_n in zip(x, h_prev)])",
]
