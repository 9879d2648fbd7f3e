"""Wrong and right solutions of the assignment on the GRU."""

from tests.banks import vary
from tests.banks.gates import RIGHT_SIGMOID, WRONG_SIGMOID

step = vary("""
H = h_prev.shape[1]
W_xr, W_xz, W_xn = W_x[:, :H], W_x[:, H:2*H], W_x[:, 2*H:]
W_hr, W_hz, W_hn = W_h[:, :H], W_h[:, H:2*H], W_h[:, 2*H:]
b_r, b_z, b_n = b[:H], b[H:2*H], b[2*H:]
r = sigmoid(x @ W_xr + h_prev @ W_hr + b_r)
z = sigmoid(x @ W_xz + h_prev @ W_hz + b_z)
n = np.tanh(x @ W_xn + b_n + r * (h_prev @ W_hn + b_hn))
h = (1 - z) * n + z * h_prev
return h
""")
backward = vary("""
H = r.shape[1]
dz = dh * (h_prev - n)
dn = dh * (1 - z)
dh_prev = dh * z
da_n = dn * (1 - n**2)
dr = da_n * a_hn
da_hn = da_n * r
da_r = dr * r * (1 - r)
da_z = dz * z * (1 - z)
da = np.concatenate([da_r, da_z, da_n], axis=1)
da_h = np.concatenate([da_r, da_z, da_hn], axis=1)
dx = da @ W_x.T
dh_prev = dh_prev + da_h @ W_h.T
dW_x = x.T @ da
dW_h = h_prev.T @ da_h
db = da.sum(axis=0)
db_hn = da_hn.sum(axis=0)
return dx, dh_prev, dW_x, dW_h, db, db_hn
""")
convert = vary("""
H = W_h.shape[0]
W_x, W_h, b = W_x.copy(), W_h.copy(), b.copy()
W_x[:, H:2*H] = -W_x[:, H:2*H]
W_h[:, H:2*H] = -W_h[:, H:2*H]
b[H:2*H] = -b[H:2*H]
return W_x, W_h, b
""")

WRONG = {
    "gru.reset_gate": WRONG_SIGMOID,
    "gru.update_gate": WRONG_SIGMOID,
    "gru.candidate": [
        ("other-convention", "np.tanh(x @ W_x + b + (r * h_prev) @ W_h + b_hn)"),
        ("missing-reset-gate", "np.tanh(x @ W_x + b + h_prev @ W_h + b_hn)"),
        ("misplaced-bias", "np.tanh(x @ W_x + b + r * (h_prev @ W_h) + b_hn)"),
        ("missing-bias", "np.tanh(x @ W_x + b + r * (h_prev @ W_h))"),
        ("missing-bias", "np.tanh(x @ W_x + r * (h_prev @ W_h + b_hn))"),
        ("swapped-biases", "np.tanh(x @ W_x + b_hn + r * (h_prev @ W_h + b))"),
        ("misplaced-brackets|misplaced-bias", "np.tanh(x @ W_x + r * (h_prev @ W_h + b + b_hn))"),
        ("misplaced-brackets", "np.tanh(r * (x @ W_x + b + h_prev @ W_h + b_hn))"),
        ("misplaced-brackets", "np.tanh(r * (x @ W_x) + b + r * (h_prev @ W_h + b_hn))"),
        ("misplaced-activation|missing-reset-gate", "r * np.tanh(x @ W_x + b + h_prev @ W_h + b_hn)"),
        ("wrong-activation", "sigmoid(x @ W_x + b + r * (h_prev @ W_h + b_hn))"),
        ("wrong-activation", "np.maximum(x @ W_x + b + r * (h_prev @ W_h + b_hn), 0)"),
        ("no-activation", "x @ W_x + b + r * (h_prev @ W_h + b_hn)"),
        ("flipped-gate", "np.tanh(x @ W_x + b + (1 - r) * (h_prev @ W_h + b_hn))"),
        ("wrong-operator", "np.tanh(x @ W_x + b + r + h_prev @ W_h + b_hn)"),
        ("transposed-weights", "np.tanh(x @ W_x + b + r * (h_prev @ W_h.T + b_hn))"),
        ("swapped-weights|raises", "np.tanh(x @ W_h + b + r * (h_prev @ W_x + b_hn))"),
        ("missing-input-term", "np.tanh(b + r * (h_prev @ W_h + b_hn))"),
        ("missing-hidden-term", "np.tanh(x @ W_x + b)"),
        ("missing-hidden-term", "np.tanh(x @ W_x + b + r * b_hn)"),
        ("double-activation", "np.tanh(x @ W_x + b + sigmoid(r) * (h_prev @ W_h + b_hn))"),
        ("misplaced-brackets", "np.tanh(x @ W_x + b + h_prev @ W_h + r * b_hn)"),
        ("other-convention|missing-bias", "np.tanh(x @ W_x + b + (r * h_prev) @ W_h)"),
        ("missing-reset-gate|missing-bias", "np.tanh(x @ W_x + b + h_prev @ W_h)"),
        ("other-convention|wrong-activation", "sigmoid(x @ W_x + b + (r * h_prev) @ W_h + b_hn)"),
        ("not-finite", "a = x @ W_x + b + r * (h_prev @ W_h + b_hn)\nreturn (np.exp(2*a) - 1) / (np.exp(2*a) + 1)"),
        ("wrong-shape", "np.tanh(x @ W_x + b + r * (h_prev @ W_h + b_hn)).T"),
        ("returns-none", "n = np.tanh(x @ W_x + b + r * (h_prev @ W_h + b_hn))"),
        ("raises", "return np.tanh(x @ W_x + b_n + r * (h_prev @ W_h + b_hn))"),
        ("mutates-input", "h_prev *= 1 + r\nreturn np.tanh(x @ W_x + b + r * (h_prev / (1 + r) @ W_h + b_hn))"),
    ],
    "gru.hidden_state": [
        ("other-convention", "(1 - z) * h_prev + z * n"),
        ("other-convention", "h_prev + z * (n - h_prev)"),
        ("missing-factor", "n + z * h_prev"),
        ("missing-factor", "(1 - z) * n + h_prev"),
        ("flipped-gate", "z * n + z * h_prev"),
        ("flipped-gate", "(1 - z) * (n + h_prev)"),
        ("missing-hidden-term", "(1 - z) * n"),
        ("missing-candidate", "z * h_prev"),
        ("missing-update-gate", "n + h_prev"),
        ("missing-update-gate", "n"),
        ("wrong-sign", "(1 - z) * n - z * h_prev"),
        ("wrong-sign", "(z - 1) * n + z * h_prev"),
        ("misplaced-brackets", "1 - z * n + z * h_prev"),
        ("misplaced-brackets", "(1 - z) * (n + z * h_prev)"),
        ("wrong-activation", "np.tanh((1 - z) * n + z * h_prev)"),
        ("double-activation", "(1 - z) * np.tanh(n) + z * h_prev"),
        ("double-activation", "s = sigmoid(z)\nreturn (1 - s) * n + s * h_prev"),
        ("wrong-activation", "np.where(z > 0.5, h_prev, n)"),
        ("matrix-product|raises", "(1 - z) @ n + z @ h_prev"),
        ("matrix-product", "(1 - z) @ n.T + z @ h_prev.T"),
        ("other-convention|wrong-activation", "np.tanh((1 - z) * h_prev + z * n)"),
        ("returns-none", "h = (1 - z) * n + z * h_prev"),
        ("wrong-shape", "((1 - z) * n + z * h_prev).sum(axis=1)"),
        ("mutates-input", "n *= 1 - z\nh_prev *= z\nreturn n + h_prev"),
        ("missing-update-gate", "h_prev"),
        ("swapped-states", "(1 - n) * z + n * h_prev"),
        ("constant-output", "np.zeros_like(n)"),
    ],
    "gru.gru_step": [
        ("other-convention", step(("(1 - z) * n + z * h_prev", "(1 - z) * h_prev + z * n"))),
        ("other-convention", step(("r * (h_prev @ W_hn + b_hn)", "(r * h_prev) @ W_hn + b_hn"))),
        ("swapped-gates", step(("W_xr, W_xz", "W_xz, W_xr"), ("W_hr, W_hz", "W_hz, W_hr"), ("b_r, b_z", "b_z, b_r"))),
        ("missing-reset-gate", step(("r * (h_prev", "(h_prev"))),
        ("misplaced-bias", step(("r * (h_prev @ W_hn + b_hn)", "r * (h_prev @ W_hn) + b_hn"))),
        ("missing-bias", step(("(h_prev @ W_hn + b_hn)", "(h_prev @ W_hn)"))),
        ("missing-bias", step((" + b_r)", ")"), (" + b_z)", ")"), (" + b_n +", " +"))),
        ("missing-bias", step((" + b_n +", " +"))),
        ("missing-input-term", step(("x @ W_xr + ", ""), ("x @ W_xz + ", ""), ("x @ W_xn + ", ""))),
        ("wrong-activation", step(("np.tanh", "sigmoid"))),
        ("wrong-activation", step(("sigmoid", "np.tanh"))),
        ("wrong-activation", step(("z = sigmoid", "z = np.tanh"))),
        ("no-activation", step(("r = sigmoid", "r = "))),
        ("no-activation", step(("n = np.tanh", "n = "))),
        ("missing-factor", step(("(1 - z) * n + z * h_prev", "(1 - z) * n + h_prev"))),
        ("missing-hidden-term", step(("(1 - z) * n + z * h_prev", "(1 - z) * n"))),
        ("missing-update-gate", step(("(1 - z) * n + z * h_prev", "n"))),
        ("flipped-gate", step(("(1 - z) * n + z * h_prev", "z * n + z * h_prev"))),
        ("swapped-gates", step(("r * (h_prev", "z * (h_prev"))),
        (
            "misplaced-brackets",
            step(("x @ W_xn + b_n + r * (h_prev @ W_hn + b_hn)", "r * (x @ W_xn + b_n + h_prev @ W_hn + b_hn)")),
        ),
        ("wrong-activation", step(("h = (1 - z) * n + z * h_prev", "h = np.tanh((1 - z) * n + z * h_prev)"))),
        ("flipped-gate", step(("r * (h_prev", "(1 - r) * (h_prev"))),
        (
            "other-convention",
            step(
                ("(1 - z) * n + z * h_prev", "(1 - z) * h_prev + z * n"),
                ("r * (h_prev @ W_hn + b_hn)", "(r * h_prev) @ W_hn + b_hn"),
            ),
        ),
        ("missing-bias|wrong-activation", step(("(h_prev @ W_hn + b_hn)", "(h_prev @ W_hn)"), ("np.tanh", "sigmoid"))),
        (
            "swapped-gates|other-convention",
            """
            z, r, n = np.split(x @ W_x + b, 3, axis=1)  # the order of Keras
            H = h_prev.shape[1]
            z = sigmoid(z + h_prev @ W_h[:, :H])
            r = sigmoid(r + h_prev @ W_h[:, H:2*H])
            n = np.tanh(n + r * (h_prev @ W_h[:, 2*H:] + b_hn))
            return (1 - z) * n + z * h_prev
            """,
        ),
        ("returns-none", step(("return h", ""))),
        ("wrong-shape", step(("return h", "return h, n"))),
        ("wrong-shape", step(("return h", "return h, h"))),
        ("raises", step(("return h", "return h_new"))),
        ("mutates-input", step(("h = (1 - z) * n + z * h_prev", "h_prev *= z\nh = (1 - z) * n + h_prev"))),
    ],
    "gru.gru_step_backward": [
        ("wrong-sign", backward(("(h_prev - n)", "(n - h_prev)"))),
        ("missing-path", backward(("dz = dh * (h_prev - n)", "dz = dh * h_prev"))),
        ("flipped-gate", backward(("dn = dh * (1 - z)", "dn = dh * z"))),
        (
            "other-convention|flipped-gate",
            backward(("dn = dh * (1 - z)", "dn = dh * z"), ("dh_prev = dh * z", "dh_prev = dh * (1 - z)")),
        ),
        ("missing-path", backward(("dh_prev = dh_prev + da_h", "dh_prev = da_h"))),
        ("missing-path", backward(("dh_prev + da_h @ W_h.T", "dh_prev"))),
        ("missing-path", backward(("dh_prev + da_h @ W_h.T", "dh_prev + da_hn @ W_h[:, 2*H:].T"))),
        ("missing-path", backward(("dh_prev + da_h @ W_h.T", "dh_prev + da_h[:, :2*H] @ W_h[:, :2*H].T"))),
        ("missing-path", backward(("dh_prev + da_h @ W_h.T", "dh_prev + da_h[:, H:] @ W_h[:, H:].T"))),
        ("missing-reset-gate", backward(("dh_prev + da_h @ W_h.T", "dh_prev + da @ W_h.T"))),
        ("missing-reset-gate", backward(("h_prev.T @ da_h", "h_prev.T @ da"))),
        ("missing-reset-gate", backward(("da_hn = da_n * r", "da_hn = da_n"))),
        ("missing-reset-gate", backward(("da_hn.sum(axis=0)", "da_n.sum(axis=0)"))),
        ("missing-slope", backward(("dn * (1 - n**2)", "dn"))),
        ("missing-slope", backward(("dr * r * (1 - r)", "dr"))),
        ("missing-slope", backward(("dz * z * (1 - z)", "dz"))),
        ("missing-slope", backward(("dz * z * (1 - z)", "dz"), ("dr * r * (1 - r)", "dr"))),
        ("wrong-slope", backward(("(1 - n**2)", "(1 - np.tanh(n)**2)"))),
        ("wrong-slope", backward(("(1 - n**2)", "n * (1 - n)"))),
        ("wrong-factor", backward(("dr = da_n * a_hn", "dr = da_n * h_prev"))),
        ("other-convention", backward(("dr = da_n * a_hn", "dr = (da_n @ W_h[:, 2*H:].T) * h_prev"))),
        ("missing-bias", backward(("dr = da_n * a_hn", "dr = da_n * (h_prev @ W_h[:, 2*H:])"))),
        ("missing-slope", backward(("dr = da_n * a_hn", "dr = dn * a_hn"))),
        ("swapped-gates", backward(("[da_r, da_z,", "[da_z, da_r,"))),
        ("transposed-weights", backward(("x.T @ da", "da.T @ x"))),
        ("mean-instead-of-sum", backward(("sum(axis=0)", "mean(axis=0)"))),
        ("missing-sum", backward(("db = da.sum(axis=0)", "db = da"))),
        ("wrong-axis", backward(("db = da.sum(axis=0)", "db = da.sum(axis=1)"))),
        ("swapped-outputs", backward(("dW_x, dW_h, db, db_hn", "dW_h, dW_x, db, db_hn"))),
        ("swapped-outputs", backward(("db, db_hn\n", "db_hn, db\n"))),
        ("wrong-shape", backward((", db_hn\n", "\n"))),
        (
            "missing-path|missing-slope",
            backward(("dh_prev = dh_prev + da_h", "dh_prev = da_h"), ("dr * r * (1 - r)", "dr")),
        ),
        (
            "wrong-sign|missing-reset-gate",
            backward(("(h_prev - n)", "(n - h_prev)"), ("da_hn = da_n * r", "da_hn = da_n")),
        ),
        ("wrong-factor", backward(("da_hn = da_n * r\n", ""), ("dr = da_n", "da_hn = da_n * r\ndr = da_hn"))),
        ("wrong-factor", backward(("db = da.sum", "db = da_h.sum"))),
        ("wrong-factor", backward(("dz = dh * (h_prev - n)", "dz = dh * (h_prev - n) * z"))),
        ("mutates-input", backward(("dh_prev = dh * z", "dh_prev = dh\ndh_prev *= z"))),
        ("returns-none", backward(("return dx, dh_prev, dW_x, dW_h, db, db_hn", ""))),
        ("raises", backward(("da @ W_x.T", "da @ W_x"))),
    ],
    "gru.convert_update": [
        ("missing-bias", convert(("b[H:2*H] = -b[H:2*H]", ""))),
        ("missing-hidden-term", convert(("W_h[:, H:2*H] = -W_h[:, H:2*H]", ""))),
        ("missing-input-term", convert(("W_x[:, H:2*H] = -W_x[:, H:2*H]", ""))),
        ("swapped-gates", "return -W_x, -W_h, -b"),
        ("swapped-gates", convert(("H:2*H", ":H"))),
        ("swapped-gates", convert(("H:2*H", "2*H:"))),
        ("swapped-gates", convert(("H:2*H", ":2*H"))),
        ("wrong-operator", convert(("= -", "= 1 - "))),
        ("wrong-operator|swapped-gates", "return 1 - W_x, 1 - W_h, 1 - b"),
        ("unchanged", "return W_x, W_h, b"),
        ("unchanged", convert(("H:2*H", "H:H"))),
        ("missing-hidden-term", convert(("W_h[:, H:2*H] = -W_h[:, H:2*H]", ""), ("b[H:2*H] = -b[H:2*H]", ""))),
        ("swapped-outputs", convert(("return W_x, W_h", "return W_h, W_x"))),
        ("wrong-shape", "H = W_h.shape[0]\nreturn -W_x[:, H:2*H], -W_h[:, H:2*H], -b[H:2*H]"),
        ("swapped-gates|missing-bias", convert(("b[H:2*H] = -b[H:2*H]", ""), ("H:2*H", ":H"))),
        ("mutates-input", convert(("W_x, W_h, b = W_x.copy(), W_h.copy(), b.copy()\n", ""))),
        ("returns-none", convert(("return W_x, W_h, b", ""))),
        ("raises", "W_x['z'] *= -1\nreturn W_x, W_h, b"),
    ],
}

RIGHT = {
    "gru.reset_gate": RIGHT_SIGMOID,
    "gru.update_gate": RIGHT_SIGMOID,
    "gru.candidate": [
        "np.tanh(x @ W_x + b + r * (h_prev @ W_h + b_hn))",
        "np.tanh(r * (b_hn + np.dot(h_prev, W_h)) + b + np.dot(x, W_x)).tolist()",
        "2 * expit(2 * (np.einsum('nd,dh->nh', x, W_x) + b + r * np.einsum('nj,jh->nh', h_prev, W_h) + r * b_hn)) - 1",
        "np.tanh((x @ W_x + b).astype(np.float32) + r.astype(np.float32) * (h_prev @ W_h + b_hn))",
        "[np.tanh(x_n @ W_x + b + r_n * (h_n @ W_h + b_hn)) for x_n, h_n, r_n in zip(x, h_prev, r)]",
        "np.tanh(np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([W_x, b]) + r * (h_prev @ W_h) + r * b_hn)",
    ],
    "gru.hidden_state": [
        "(1 - z) * n + z * h_prev",
        "n + z * (h_prev - n)",
        "n - z * n + z * h_prev",
        "np.add(z * h_prev, np.multiply(1 - z, n)).tolist()",
        "(z.astype(np.float32) * h_prev + (1 - z.astype(np.float32)) * n)",
        "n.astype(np.float32) + z.astype(np.float32) * (h_prev - n).astype(np.float32)",
        "[[a * c + (1 - a) * b for a, b, c in zip(*rows)] for rows in zip(z, n, h_prev)]",
    ],
    "gru.gru_step": [
        step(),
        step(("(1 - z) * n + z * h_prev", "n + z * (h_prev - n)"), ("return h", "return h.tolist()")),
        step(("sigmoid", "expit"), ("return h", "return h.astype(np.float32)")),
        """
        from_x, from_h = np.split(x @ W_x + b, 3, axis=1), np.split(h_prev @ W_h, 3, axis=1)
        r, z = expit(from_x[0] + from_h[0]), expit(from_x[1] + from_h[1])
        n = np.tanh(from_x[2] + r * (from_h[2] + b_hn))
        return z * h_prev + (1 - z) * n
        """,
        """
        H = len(b_hn)
        both = np.hstack([h_prev, x]) @ np.vstack([W_h, W_x])[:, :2*H] + b[:2*H]
        rz = 1 / (1 + np.exp(-both))
        n = np.tanh(x @ W_x[:, 2*H:] + b[2*H:] + rz[:, :H] * (h_prev @ W_h[:, 2*H:] + b_hn))
        return rz[:, H:] * (h_prev - n) + n
        """,
        """
        out = []
        for row, old in zip(x, h_prev):
            a_x, a_h = (row @ W_x + b).reshape(3, -1), (old @ W_h).reshape(3, -1)
            r, z = sigmoid(a_x[0] + a_h[0]), sigmoid(a_x[1] + a_h[1])
            out.append((1 - z) * np.tanh(a_x[2] + r * (a_h[2] + b_hn)) + z * old)
        return out
        """,
    ],
    "gru.gru_step_backward": [
        backward(),
        backward(("(h_prev - n)", "h_prev - dh * n"), ("dn = dh * (1 - z)", "dn = dh - dh * z")),
        backward(
            (
                "return dx, dh_prev, dW_x, dW_h, db, db_hn",
                "return [v.tolist() for v in (dx, dh_prev, dW_x, dW_h, db, db_hn)]",
            )
        ),
        backward(
            (
                "return dx, dh_prev, dW_x, dW_h, db, db_hn",
                "return tuple(map(np.float32, (dx, dh_prev, dW_x, dW_h, db, db_hn)))",
            )
        ),
        backward(("x.T @ da\n", "np.einsum('nd,nk->dk', x, da)\n"), ("da.sum(axis=0)", "sum(da)")),
        """
        H = r.shape[1]
        W = {name: (W_x[:, k*H:(k+1)*H], W_h[:, k*H:(k+1)*H]) for k, name in enumerate('rzn')}
        dpre = dh * (1 - z) * (1 - n) * (1 + n)
        grads = {'r': dpre * a_hn * r * (1 - r), 'z': dh * (h_prev - n) * z * (1 - z), 'n': dpre}
        old = dict(grads, n=dpre * r)
        dx = sum(grads[k] @ W[k][0].T for k in 'rzn')
        dh_prev = dh * z + sum(old[k] @ W[k][1].T for k in 'rzn')
        dW_x = np.hstack([x.T @ grads[k] for k in 'rzn'])
        dW_h = np.hstack([h_prev.T @ old[k] for k in 'rzn'])
        db = np.hstack([grads[k].sum(0) for k in 'rzn'])
        return dx, dh_prev, dW_x, dW_h, db, old['n'].sum(0)
        """,
    ],
    "gru.convert_update": [
        convert(),
        "H = len(b) // 3\nsign = np.repeat([1, -1, 1], H)\nreturn W_x * sign, W_h * sign, b * sign",
        """
        def turn(v):
            r, z, n = np.split(v, 3, axis=-1)
            return np.concatenate([r, -z, n], axis=-1)
        return [turn(W_x), turn(W_h), turn(b).tolist()]
        """,
        """
        out = []
        for value in (W_x, W_h, b):
            value = np.array(value, dtype=np.float32)
            value[..., len(b) // 3:2 * len(b) // 3] *= -1
            out.append(value)
        return out
        """,
        "H = len(W_h)\nS = np.diag(np.r_[np.ones(H), -np.ones(H), np.ones(H)])\nreturn W_x @ S, W_h @ S, S @ b",
    ],
}
