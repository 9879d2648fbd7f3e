"""Wrong and right solutions of the assignment on the plain recurrent network."""

from tests.banks import vary
from tests.banks.gates import RIGHT_TANH, WRONG_TANH

backward = vary("""
da = dh * (1 - h**2)
dx = da @ W_x.T
dh_prev = da @ W_h.T
dW_x = x.T @ da
dW_h = h_prev.T @ da
db = da.sum(axis=0)
return dx, dh_prev, dW_x, dW_h, db
""")
bptt = vary("""
T = len(xs)
hs = [h_0]
for t in range(T):
    hs.append(np.tanh(xs[t] @ W_x + hs[-1] @ W_h + b))
dW_x = np.zeros_like(W_x)
dW_h = np.zeros_like(W_h)
db = np.zeros_like(b)
dh_next = np.zeros_like(h_0)
for t in reversed(range(T)):
    dh = dhs[t] + dh_next
    da = dh * (1 - hs[t + 1]**2)
    dW_x += xs[t].T @ da
    dW_h += hs[t].T @ da
    db += da.sum(axis=0)
    dh_next = da @ W_h.T
return dW_x, dW_h, db
""")
jacobian = vary("""
J = np.eye(hs.shape[1])
for h in hs:
    J = np.diag(1 - h**2) @ W_h.T @ J
return J
""")
norms = vary("""
out = [np.linalg.norm(dh)]
for h in hs[::-1]:
    da = dh * (1 - h**2)
    dh = da @ W_h.T
    out.append(np.linalg.norm(dh))
return np.array(out[::-1])
""")

WRONG = {
    "rnn.sigmoid": [
        ("wrong-activation", "1 / 1 + np.exp(-a)"),
        ("flipped-gate", "1 / (1 + np.exp(a))"),
        ("wrong-sign", "1 / (1 - np.exp(-a))"),
        ("wrong-activation", "np.tanh(a)"),
        ("wrong-activation", "np.exp(-a)"),
        ("flipped-gate", "np.exp(-a) / (1 + np.exp(-a))"),
        ("wrong-activation", "1 + np.exp(-a)"),
        ("wrong-activation", "np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)"),
        ("wrong-activation", "(1 + np.tanh(a)) / 2"),
        ("wrong-activation", "np.maximum(a, 0)"),
        ("wrong-activation", "s = 1 / (1 + np.exp(-a))\nreturn s * (1 - s)"),
        ("no-activation", "a"),
        ("not-finite", "np.exp(a) / (1 + np.exp(a))"),
        ("returns-none", "1 / (1 + np.exp(-a))\nreturn"),
        ("wrong-shape", "(1 / (1 + np.exp(-a))).sum()"),
        ("raises", "import math\nreturn 1 / (1 + math.exp(-a))"),
        ("mutates-input", "a *= -1\nreturn 1 / (1 + np.exp(a))"),
    ],
    "rnn.sigmoid_slope": [
        ("double-activation", "sigmoid(s) * (1 - sigmoid(s))"),
        ("missing-factor", "1 - s"),
        ("misplaced-brackets", "s * 1 - s"),
        ("wrong-sign", "s * (1 + s)"),
        ("wrong-sign", "s * (s - 1)"),
        ("wrong-slope", "1 - s**2"),
        ("wrong-slope", "(1 - s)**2"),
        ("double-activation", "np.exp(-s) / (1 + np.exp(-s))**2"),
        ("wrong-slope", "1 / (1 + np.exp(-s))"),
        ("matrix-product|raises", "s @ (1 - s)"),
        ("returns-none", "slope = s * (1 - s)"),
        ("constant-output", "0.25 * np.ones_like(s)"),
        ("mutates-input", "old = s.copy()\ns *= 1 - s\nreturn s"),
    ],
    "rnn.tanh_slope": [
        ("double-activation", "1 - np.tanh(t)**2"),
        ("missing-square", "1 - t"),
        ("misplaced-brackets", "(1 - t)**2"),
        ("wrong-sign", "1 + t**2"),
        ("wrong-sign", "t**2 - 1"),
        ("wrong-slope", "1 - t*2"),
        ("wrong-slope", "t * (1 - t)"),
        ("double-activation", "1 / np.cosh(t)**2"),
        ("missing-factor", "t**2"),
        ("wrong-slope", "np.tanh(t)"),
        ("returns-none", "print(1 - t**2)"),
        ("raises", "return 1 - t^2"),
        ("constant-output", "np.ones_like(t)"),
    ],
    "rnn.rnn_step": WRONG_TANH,
    "rnn.rnn_step_backward": [
        ("missing-slope", backward(("dh * (1 - h**2)", "dh"))),
        ("wrong-slope", backward(("(1 - h**2)", "(1 - np.tanh(h)**2)"))),
        ("wrong-slope", backward(("(1 - h**2)", "h * (1 - h)"))),
        ("wrong-slope", backward(("(1 - h**2)", "(1 - h)"))),
        ("wrong-step", backward(("(1 - h**2)", "(1 - h_prev**2)"))),
        ("missing-gradient", backward(("dh * (1 - h**2)", "1 - h**2"))),
        ("wrong-slope|misplaced-brackets", backward(("dh * (1 - h**2)", "dh * 1 - h**2"))),
        ("transposed-weights", backward(("da @ W_h.T", "da @ W_h"))),
        (
            "transposed-weights",
            backward(("dx = da @ W_x.T", "dx = W_x @ da.T"), ("dh_prev = da @ W_h.T", "dh_prev = W_h @ da.T")),
        ),
        ("transposed-weights", backward(("x.T @ da", "da.T @ x"))),
        ("transposed-weights", backward(("dW_h = h_prev.T @ da", "dW_h = da.T @ h_prev"))),
        ("wrong-step", backward(("h_prev.T @ da", "h.T @ da"))),
        ("missing-slope", backward(("x.T @ da", "x.T @ dh"), ("h_prev.T @ da", "h_prev.T @ dh"))),
        ("missing-slope", backward(("da @ W_h.T", "dh @ W_h.T"))),
        ("missing-slope", backward(("da.sum(axis=0)", "dh.sum(axis=0)"))),
        ("mean-instead-of-sum", backward(("da.sum(axis=0)", "da.mean(axis=0)"))),
        (
            "mean-instead-of-sum",
            backward(
                ("x.T @ da", "x.T @ da / x.shape[0]"),
                ("h_prev.T @ da", "h_prev.T @ da / x.shape[0]"),
                ("da.sum(axis=0)", "da.mean(axis=0)"),
            ),
        ),
        ("missing-sum", backward(("da.sum(axis=0)", "da"))),
        ("wrong-axis", backward(("axis=0", "axis=1"))),
        ("wrong-axis", backward(("da.sum(axis=0)", "np.sum(da)"))),
        ("not-batched", backward(("x.T @ da", "np.outer(x[0], da[0])"))),
        ("swapped-outputs", backward(("dW_x, dW_h, db\n", "dW_h, dW_x, db\n"))),
        ("swapped-outputs", backward(("return dx, dh_prev", "return dh_prev, dx"))),
        ("wrong-shape", backward(("return dx, ", "return "))),
        ("missing-slope|transposed-weights", backward(("dh * (1 - h**2)", "dh"), ("da @ W_h.T", "da @ W_h"))),
        ("wrong-axis|transposed-weights", backward(("axis=0", "axis=1"), ("x.T @ da", "da.T @ x"))),
        ("mutates-input", backward(("da = dh * (1 - h**2)", "dh *= 1 - h**2\nda = dh"))),
        ("returns-none", backward(("return dx, dh_prev, dW_x, dW_h, db", ""))),
        ("transposed-weights", backward(("da @ W_x.T", "da @ W_x"))),
    ],
    "rnn.bptt": [
        ("wrong-step", bptt(("hs[-1] @ W_h", "h_0 @ W_h"))),
        ("missing-slope", bptt(("dh * (1 - hs[t + 1]**2)", "dh"))),
        ("wrong-step", bptt(("(1 - hs[t + 1]**2)", "(1 - hs[t]**2)"))),
        ("wrong-slope", bptt(("(1 - hs[t + 1]**2)", "(1 - np.tanh(hs[t + 1])**2)"))),
        ("missing-path", bptt(("dhs[t] + dh_next", "dhs[t]"))),
        (
            "missing-local-loss",
            bptt(("dh_next = np.zeros_like(h_0)", "dh_next = dhs[-1]"), ("dhs[t] + dh_next", "dh_next")),
        ),
        ("wrong-step", bptt(("dhs[t] + dh_next", "dhs[-1] + dh_next"))),
        ("transposed-weights", bptt(("dh_next = da @ W_h.T", "dh_next = da @ W_h"))),
        ("missing-slope", bptt(("dh_next = da @ W_h.T", "dh_next = dh @ W_h.T"))),
        ("missing-weights", bptt(("dh_next = da @ W_h.T", "dh_next = da"))),
        ("missing-weights", bptt(("dh_next = da @ W_h.T", "dh_next = dh"))),
        ("assigns-instead-of-adding", bptt(("+=", "="))),
        ("wrong-step", bptt(("hs[t].T @ da", "hs[t + 1].T @ da"))),
        ("wrong-direction", bptt(("reversed(range(T))", "range(T)"))),
        ("wrong-direction", bptt(("dhs[t]", "dhs[T - 1 - t]"))),
        ("missing-step", bptt(("reversed(range(T))", "range(T - 1, 0, -1)"))),
        ("wrong-start", bptt(("hs = [h_0]", "hs = [np.zeros_like(h_0)]"))),
        ("missing-bias", bptt((" @ W_h + b)", " @ W_h)"))),
        ("mean-instead-of-sum", bptt(("return dW_x, dW_h, db", "return dW_x / T, dW_h / T, db / T"))),
        ("mean-instead-of-sum", bptt(("da.sum(axis=0)", "da.mean(axis=0)"))),
        ("missing-sum|wrong-shape|missing-path", bptt(("return dW_x", "    return dW_x"))),
        ("wrong-axis|raises", bptt(("axis=0", "axis=1"))),
        ("transposed-weights", bptt(("return dW_x, dW_h, db", "return dW_x.T, dW_h, db"))),
        ("swapped-outputs", bptt(("return dW_x, dW_h", "return dW_h, dW_x"))),
        ("missing-path|missing-slope", bptt(("dhs[t] + dh_next", "dhs[t]"), (" * (1 - hs[t + 1]**2)", ""))),
        ("wrong-start|missing-path", bptt(("hs = [h_0]", "hs = [np.zeros_like(h_0)]"), ("dhs[t] + dh_next", "dhs[t]"))),
        ("wrong-step", bptt(("dhs[t] + dh_next", "dhs[t - 1] + dh_next"))),
        ("adds-instead-of-assigning", bptt(("dh_next = da", "dh_next += da"))),
        ("wrong-step", bptt(("xs[t].T", "xs[t - 1].T"))),
        ("mutates-input", bptt(("dh = dhs[t] + dh_next", "dhs[t] += dh_next\n    dh = dhs[t]"))),
        ("returns-none", bptt(("return dW_x, dW_h, db", ""))),
        ("wrong-shape", bptt(("return dW_x, dW_h, db", "return dW_x, dW_h"))),
        ("assigns-instead-of-adding", bptt(("dW_h += ", "dW_h = "))),
    ],
    "rnn.jacobian_product": [
        ("missing-slope", jacobian(("np.diag(1 - h**2) @ ", ""))),
        ("transposed-weights", jacobian(("W_h.T", "W_h"))),
        ("missing-factor", "np.eye(len(W_h))"),
        ("wrong-order", jacobian(("np.diag(1 - h**2) @ W_h.T @ J", "J @ np.diag(1 - h**2) @ W_h.T"))),
        ("misplaced-slope", jacobian(("np.diag(1 - h**2) @ W_h.T", "W_h.T @ np.diag(1 - h**2)"))),
        ("misplaced-slope", jacobian(("np.diag(1 - h**2) @ W_h.T", "((1 - h**2) * W_h.T)"))),
        ("other-convention", jacobian(("np.diag(1 - h**2) @ W_h.T @ J", "J @ W_h @ np.diag(1 - h**2)"))),
        ("missing-factor", jacobian(("in hs:", "in hs[1:]:"))),
        ("missing-factor", jacobian(("in hs:", "in hs[:-1]:"))),
        ("missing-factor", jacobian((" @ J\n", "\n"))),
        ("wrong-slope", jacobian(("1 - h**2", "1 - h"))),
        ("wrong-slope", jacobian(("1 - h**2", "1 - np.tanh(h)**2"))),
        ("wrong-slope", jacobian(("1 - h**2", "h * (1 - h)"))),
        ("constant-output|wrong-start", jacobian(("np.eye(hs.shape[1])", "np.zeros((hs.shape[1], hs.shape[1]))"))),
        ("wrong-start", jacobian(("np.eye(hs.shape[1])", "np.ones((hs.shape[1], hs.shape[1]))"))),
        ("wrong-operator", jacobian(("J = np.diag(1 - h**2) @ W_h.T @ J", "J += np.diag(1 - h**2) @ W_h.T"))),
        ("wrong-step", "np.linalg.matrix_power(np.diag(1 - hs[-1]**2) @ W_h.T, len(hs))"),
        ("missing-slope|transposed-weights", "np.linalg.matrix_power(W_h, len(hs))"),
        ("wrong-shape", jacobian(("return J", "return np.linalg.norm(J)"))),
        ("returns-none", jacobian(("return J", "print(J)"))),
    ],
    "rnn.gradient_norms": [
        ("missing-slope", norms((" * (1 - h**2)", ""))),
        ("transposed-weights", norms(("W_h.T", "W_h"))),
        ("wrong-order", norms(("out[::-1]", "out"))),
        ("wrong-direction", norms(("in hs[::-1]:", "in hs:"))),
        ("wrong-shape", norms(("in hs[::-1]:", "in hs[:0:-1]:"))),
        ("missing-factor", norms(("in hs[::-1]:", "in hs[-2::-1]:"))),
        ("wrong-shape", "np.array([np.linalg.norm(dh)])"),
        ("missing-root", norms(("np.linalg.norm(dh)", "np.sum(dh**2)"))),
        ("mean-instead-of-sum", norms(("np.linalg.norm(dh)", "np.sqrt(np.mean(dh**2))"))),
        ("wrong-norm", norms(("np.linalg.norm(dh)", "np.abs(dh).max()"))),
        ("wrong-norm", norms(("np.linalg.norm(dh)", "np.abs(dh).sum()"))),
        ("wrong-shape", norms(("out = [np.linalg.norm(dh)]", "out = []"))),
        (
            "misplaced-slope",
            norms(("da = dh * (1 - h**2)", "da = dh @ W_h.T"), ("dh = da @ W_h.T", "dh = da * (1 - h**2)")),
        ),
        ("missing-weights", norms(("dh = da @ W_h.T", "dh = da"))),
        ("wrong-slope", norms(("1 - h**2", "1 - np.tanh(h)**2"))),
        ("wrong-slope", norms(("1 - h**2", "1 - h"))),
        ("missing-slope|wrong-order", norms((" * (1 - h**2)", ""), ("out[::-1]", "out"))),
        ("returns-none", norms(("return", "out ="))),
        ("wrong-shape", norms(("return np.array(out[::-1])", "return out[-1]"))),
        ("mutates-input", norms(("da = dh * (1 - h**2)", "dh *= 1 - h**2\n    da = dh"))),
    ],
}

RIGHT = {
    "rnn.sigmoid": [
        "1 / (1 + np.exp(-a))",
        "expit(a)",
        "0.5 * (1 + np.tanh(0.5 * a))",
        "np.where(a >= 0, 1, np.exp(-np.abs(a))) / (1 + np.exp(-np.abs(a)))",
        "1 / (1 + np.exp(-a.astype(np.float32)))",
        "[[1 / (1 + np.exp(-v)) for v in row] for row in a]",
        "np.exp(-np.logaddexp(0, -a))",
    ],
    "rnn.sigmoid_slope": [
        "s * (1 - s)",
        "s - s**2",
        "np.multiply(s, np.subtract(1, s)).tolist()",
        "0.25 - (s - 0.5)**2",
        "s.astype(np.float32) * (1 - s.astype(np.float32))",
    ],
    "rnn.tanh_slope": [
        "1 - t**2",
        "1 - t * t",
        "(1 - t) * (1 + t)",
        "1 / np.cosh(np.arctanh(t))**2",
        "[[1 - v * v for v in row] for row in t]",
        "1 - np.square(t, dtype=np.float32)",
    ],
    "rnn.rnn_step": RIGHT_TANH,
    "rnn.rnn_step_backward": [
        backward(),
        backward(("(1 - h**2)", "(1 - h) * (1 + h)"), ("da.sum(axis=0)", "sum(da)")),
        backward(("x.T @ da", "np.einsum('nd,nh->dh', x, da)"), ("da @ W_h.T", "np.einsum('nk,jk->nj', da, W_h)")),
        backward(("return dx, dh_prev, dW_x, dW_h, db", "return [v.tolist() for v in (dx, dh_prev, dW_x, dW_h, db)]")),
        backward(("dh * (1 - h**2)", "(dh - dh * h**2).astype(np.float32)")),
        backward(("dx = da @ W_x.T", "dx = (W_x @ da.T).T"), ("db = da.sum(axis=0)", "db = np.ones(len(da)) @ da")),
        """
        dx, dh_prev = np.zeros_like(x), np.zeros_like(h_prev)
        dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[0])
        for n in range(len(x)):
            da = dh[n] * (1 - h[n]**2)
            dx[n], dh_prev[n] = W_x @ da, W_h @ da
            dW_x += np.outer(x[n], da)
            dW_h += np.outer(h_prev[n], da)
            db += da
        return dx, dh_prev, dW_x, dW_h, db
        """,
    ],
    "rnn.bptt": [
        bptt(),
        bptt(("return dW_x, dW_h, db", "return [v.tolist() for v in (dW_x, dW_h, db)]")),
        bptt(
            (
                "hs = [h_0]",
                "xs, h_0, dhs, W_x, W_h, b = (v.astype(np.float32) for v in (xs, h_0, dhs, W_x, W_h, b))\nhs = [h_0]",
            )
        ),
        """
        hs = [h_0]
        for x in xs:
            hs.append(np.tanh(np.hstack([x, hs[-1]]) @ np.vstack([W_x, W_h]) + b))
        hs, das, carried = np.array(hs), np.zeros_like(dhs), 0
        for t in range(len(xs) - 1, -1, -1):
            das[t] = (dhs[t] + carried) * (1 - hs[t + 1]**2)
            carried = das[t] @ W_h.T
        return (
            np.einsum('tnd,tnh->dh', xs, das),
            np.einsum('tnj,tnh->jh', hs[:-1], das),
            das.sum(axis=(0, 1)),
        )
        """,
        """
        # the double sum, path by path
        hs = [h_0]
        for x in xs:
            hs.append(np.tanh(x @ W_x + hs[-1] @ W_h + b))
        dW_x, dW_h, db = 0, 0, 0
        for t in range(len(xs)):
            dh = dhs[t]
            for k in range(t, -1, -1):
                da = dh * (1 - hs[k + 1]**2)
                dW_x = dW_x + xs[k].T @ da
                dW_h = dW_h + hs[k].T @ da
                db = db + da.sum(0)
                dh = da @ W_h.T
        return dW_x, dW_h, db
        """,
        """
        # recursion
        def back(t, h):
            if t == len(xs):
                return np.zeros_like(h_0), 0, 0, 0
            new = np.tanh(xs[t] @ W_x + h @ W_h + b)
            dh, dW_x, dW_h, db = back(t + 1, new)
            da = (dh + dhs[t]) * (1 - new**2)
            return da @ W_h.T, dW_x + xs[t].T @ da, dW_h + h.T @ da, db + da.sum(axis=0)
        return back(0, h_0)[1:]
        """,
    ],
    "rnn.jacobian_product": [
        jacobian(),
        jacobian(("np.diag(1 - h**2) @ W_h.T @ J", "(1 - h**2)[:, None] * (W_h.T @ J)")),
        jacobian(("return J", "return J.astype(np.float32).tolist()")),
        """
        product = np.eye(len(W_h))
        for h in reversed(hs):
            product = product @ (np.diag(1 - h**2) @ W_h.T)
        return product
        """,
        "np.linalg.multi_dot([np.eye(len(W_h)), *[np.diag(1 - h**2) @ W_h.T for h in hs[::-1]]])",
        """
        J = np.eye(len(W_h))
        for h in hs:
            J = np.einsum('j,kj,kl->jl', 1 - h**2, W_h, J)
        return J
        """,
        """
        product = np.eye(len(W_h))
        for h in hs:
            product = product @ (W_h * (1 - h**2))
        return product.T
        """,
    ],
    "rnn.gradient_norms": [
        norms(),
        norms(("np.linalg.norm(dh)", "np.sqrt(np.sum(dh**2))"), ("return np.array(out[::-1])", "return out[::-1]")),
        norms(("dh = da @ W_h.T", "dh = W_h @ da")),
        """
        T = len(hs)
        out = np.zeros(T + 1, dtype=np.float32)
        out[T] = np.sqrt(dh @ dh)
        for t in range(T - 1, -1, -1):
            dh = np.dot(dh * (1 - hs[t]**2), W_h.T)
            out[t] = np.sqrt(dh @ dh)
        return out
        """,
        """
        out = []
        for t in range(len(hs) + 1):
            J = np.eye(len(W_h))
            for h in hs[t:]:
                J = np.diag(1 - h**2) @ W_h.T @ J
            out.append(np.linalg.norm(dh @ J))
        return out
        """,
    ],
}
