"""Wrong and right solutions of the assignment on the LSTM."""

from tests.banks import vary
from tests.banks.gates import RIGHT_SIGMOID, RIGHT_TANH, WRONG_SIGMOID, WRONG_TANH

step = vary("""
H = h_prev.shape[1]
a = x @ W_x + h_prev @ W_h + b
i, f, g, o = a[:, :H], a[:, H:2*H], a[:, 2*H:3*H], a[:, 3*H:]
i = sigmoid(i)
f = sigmoid(f)
g = np.tanh(g)
o = sigmoid(o)
c = f * c_prev + i * g
h = o * np.tanh(c)
return h, c
""")
backward = vary("""
tanh_c = np.tanh(c)
do = dh * tanh_c
dc_total = dc + dh * o * (1 - tanh_c**2)
df = dc_total * c_prev
di = dc_total * g
dg = dc_total * i
dc_prev = dc_total * f
da_i = di * i * (1 - i)
da_f = df * f * (1 - f)
da_g = dg * (1 - g**2)
da_o = do * o * (1 - o)
da = np.hstack([da_i, da_f, da_g, da_o])
dx = da @ W_x.T
dh_prev = da @ W_h.T
dW_x = x.T @ da
dW_h = h_prev.T @ da
db = da.sum(axis=0)
return dx, dh_prev, dc_prev, dW_x, dW_h, db
""")
keep = vary("""
W_x = np.zeros((2, 4))
W_h = np.zeros((1, 4))
b = np.zeros(4)
b[0], b[1], b[3] = -20, 20, 20
W_x[1, 0] = 40
W_x[0, 2] = 1
return W_x, W_h, b
""")


WRONG = {
    "lstm.forget_gate": WRONG_SIGMOID,
    "lstm.input_gate": WRONG_SIGMOID,
    "lstm.output_gate": WRONG_SIGMOID,
    "lstm.candidate": WRONG_TANH,
    "lstm.update_cell": [
        ("swapped-gates", "i * c_prev + f * g"),
        ("flipped-gate", "(1 - f) * c_prev + i * g"),
        ("flipped-gate", "f * c_prev + (1 - i) * g"),
        ("other-convention", "f * c_prev + (1 - f) * g"),
        ("other-convention", "(1 - i) * c_prev + i * g"),
        ("missing-forget-gate", "c_prev + i * g"),
        ("missing-input-gate", "f * c_prev + g"),
        ("missing-candidate", "f * c_prev"),
        ("missing-cell", "i * g"),
        ("missing-cell", "np.multiply(i, g) + f"),
        ("missing-candidate", "f * c_prev + i"),
        ("swapped-gates", "f * c_prev + f * g"),
        ("swapped-gates", "i * c_prev + i * g"),
        ("wrong-activation", "np.tanh(f * c_prev + i * g)"),
        ("wrong-activation", "sigmoid(f * c_prev + i * g)"),
        ("other-convention", "f * c_prev + i * np.tanh(g)"),
        ("double-activation", "sigmoid(f) * c_prev + sigmoid(i) * g"),
        ("double-activation|other-convention", "sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)"),
        ("misplaced-brackets", "f * (c_prev + i * g)"),
        ("misplaced-brackets", "(f * c_prev + i) * g"),
        ("wrong-sign", "f * c_prev - i * g"),
        ("wrong-operator", "f * c_prev * i * g"),
        ("wrong-operator", "(f + c_prev) * (i + g)"),
        ("matrix-product", "f @ c_prev.T + i @ g.T"),
        ("matrix-product|raises", "f @ c_prev + i @ g"),
        ("missing-forget-gate|missing-input-gate", "c_prev + g"),
        ("swapped-gates|wrong-sign", "i * c_prev - f * g"),
        ("returns-none", "c = f * c_prev + i * g"),
        ("returns-none", "print(f * c_prev + i * g)"),
        ("wrong-shape", "return f * c_prev, i * g"),
        ("wrong-shape", "(f * c_prev + i * g).sum(axis=0)"),
        ("constant-output", "np.zeros_like(c_prev)"),
        ("wrong-activation", "np.clip(f * c_prev + i * g, -1, 1)"),
        ("wrong-activation", "np.maximum(f * c_prev + i * g, 0)"),
        ("swapped-gates|wrong-factor", "f * i + c_prev * g"),
        (
            "mutates-input",
            """
            c_prev *= f
            c_prev += i * g
            return c_prev
            """,
        ),
        (
            "mutates-input",
            """
            g *= i
            return f * c_prev + g
            """,
        ),
        (
            "not-batched",
            """
            c = np.zeros_like(c_prev)
            for n in range(1):
                c[n] = f[n] * c_prev[n] + i[n] * g[n]
            return c
            """,
        ),
    ],
    "lstm.hidden_state": [
        ("missing-tanh", "o * c"),
        ("misplaced-tanh", "np.tanh(o * c)"),
        ("misplaced-tanh", "np.tanh(o) * c"),
        ("double-activation|misplaced-tanh", "o * np.tanh(np.tanh(c))"),
        ("wrong-activation", "o * sigmoid(c)"),
        ("wrong-activation", "o * np.maximum(c, 0)"),
        ("wrong-activation", "o * np.tan(c)"),
        ("wrong-activation|double-activation", "sigmoid(o) * np.tanh(c)"),
        ("wrong-activation", "np.tanh(o) * np.tanh(c)"),
        ("missing-output-gate", "np.tanh(c)"),
        ("flipped-gate", "(1 - o) * np.tanh(c)"),
        ("missing-cell", "o"),
        ("wrong-operator", "o + np.tanh(c)"),
        ("wrong-sign", "-o * np.tanh(c)"),
        ("matrix-product", "o @ np.tanh(c).T"),
        ("matrix-product|raises", "np.dot(o, np.tanh(c))"),
        ("missing-tanh|missing-output-gate", "c"),
        ("flipped-gate|missing-tanh", "(1 - o) * c"),
        ("returns-none", "h = o * np.tanh(c)"),
        ("wrong-shape", "(o * np.tanh(c)).sum()"),
        ("wrong-shape", "(o * np.tanh(c)).T"),
        ("not-finite", "o * (np.exp(c) - np.exp(-c)) / (np.exp(c) + np.exp(-c))"),
        (
            "mutates-input",
            """
            np.tanh(c, out=c)
            return o * c
            """,
        ),
        ("raises", "return o * tanh(C)"),
    ],
    "lstm.lstm_step": [
        ("swapped-gates", step(("i, f, g, o = a", "i, f, o, g = a"))),
        ("swapped-gates", step(("i, f, g, o = a", "f, i, g, o = a"))),
        ("swapped-gates", step(("i, f, g, o = a", "f, i, o, g = a"))),
        ("swapped-gates", step(("i, f, g, o = a", "i, g, f, o = a"))),
        (
            "swapped-gates",
            """
            a = (x @ W_x + h_prev @ W_h + b).reshape(len(x), -1, 4)
            i, f, g, o = sigmoid(a[..., 0]), sigmoid(a[..., 1]), np.tanh(a[..., 2]), sigmoid(a[..., 3])
            c = f * c_prev + i * g
            return o * np.tanh(c), c
            """,
        ),
        ("missing-tanh", step(("o * np.tanh(c)", "o * c"))),
        ("misplaced-tanh", step(("o * np.tanh(c)", "np.tanh(o * c)"))),
        ("wrong-activation", step(("o * np.tanh(c)", "o * sigmoid(c)"))),
        ("missing-output-gate", step(("o * np.tanh(c)", "np.tanh(c)"))),
        ("old-cell", step(("o * np.tanh(c)", "o * np.tanh(c_prev)"))),
        ("missing-bias", step((" + b\n", "\n"))),
        ("missing-hidden-term", step((" + h_prev @ W_h", ""))),
        ("missing-input-term", step(("x @ W_x + ", ""))),
        ("wrong-activation", step(("g = np.tanh(g)", "g = sigmoid(g)"))),
        ("no-activation", step(("g = np.tanh(g)\n", ""))),
        ("no-activation", step(("o = sigmoid(o)\n", ""))),
        ("wrong-activation", step(("f = sigmoid(f)", "f = np.tanh(f)"))),
        ("wrong-activation", step(("sigmoid", "np.tanh"))),
        ("missing-forget-gate", step(("f * c_prev", "c_prev"))),
        ("missing-input-gate", step(("+ i * g", "+ g"))),
        ("missing-cell", step(("f * c_prev + i * g", "i * g"))),
        ("other-convention", step(("+ i * g", "+ (1 - f) * g"))),
        ("flipped-gate", step(("f * c_prev", "(1 - f) * c_prev"))),
        ("misplaced-brackets", step(("f * c_prev + i * g", "f * (c_prev + i * g)"))),
        ("wrong-activation", step(("c = f * c_prev + i * g", "c = np.tanh(f * c_prev + i * g)"))),
        ("swapped-states", step(("h_prev @ W_h", "c_prev @ W_h"))),
        ("swapped-states", step(("f * c_prev", "f * h_prev"))),
        ("swapped-outputs", step(("return h, c", "return c, h"))),
        ("misplaced-tanh", step(("return h, c", "return h, np.tanh(c)"))),
        ("wrong-shape", step(("return h, c", "return h"))),
        ("wrong-shape", step(("return h, c", "return h, (h, c)"))),
        ("wrong-shape", step(("return h, c", "return np.concatenate([h, c], axis=1)"))),
        ("returns-none", step(("return h, c", ""))),
        ("raises", step(("return h, c", "return h_t, c_t"))),
        ("missing-bias|missing-tanh", step((" + b\n", "\n"), ("o * np.tanh(c)", "o * c"))),
        ("swapped-gates|missing-tanh", step(("i, f, g, o = a", "i, f, o, g = a"), ("o * np.tanh(c)", "o * c"))),
        ("swapped-outputs|missing-tanh", step(("return h, c", "return c, h"), ("o * np.tanh(c)", "o * c"))),
        ("swapped-gates", step(("h = o * np.tanh(c)", "h = i * np.tanh(c)"))),
        ("double-activation", step(("i * g", "i * np.tanh(g)"))),
        ("old-cell", step(("return h, c", "return h, c_prev"))),
        ("missing-candidate", step(("h = o * np.tanh(c)", "h = o * np.tanh(f * c_prev)"))),
        ("wrong-values", step(("f = sigmoid(f)", "f = sigmoid(f + 1)  # forget bias"))),
        ("mutates-input", step(("c = f * c_prev + i * g", "c_prev *= f\nc_prev += i * g\nc = c_prev"))),
        ("double-activation", step(("a = x @ W_x + h_prev @ W_h + b", "a = sigmoid(x @ W_x + h_prev @ W_h + b)"))),
    ],
    "lstm.lstm_step_backward": [
        ("missing-path", backward(("dc_total = dc + dh", "dc_total = dh"))),
        ("missing-path", backward(("dc_total = dc + dh * o * (1 - tanh_c**2)", "dc_total = dc"))),
        ("missing-slope", backward(("* o * (1 - tanh_c**2)", "* o"))),
        ("missing-factor", backward(("dh * o * (1 - tanh_c**2)", "dh * (1 - tanh_c**2)"))),
        ("wrong-slope", backward(("(1 - tanh_c**2)", "(1 - c**2)"))),
        ("wrong-slope", backward(("(1 - tanh_c**2)", "(1 - np.tanh(tanh_c)**2)"))),
        ("misplaced-brackets", backward(("dc + dh * o * (1 - tanh_c**2)", "(dc + dh) * o * (1 - tanh_c**2)"))),
        ("missing-tanh", backward(("do = dh * tanh_c", "do = dh * c"))),
        ("missing-slope", backward(("di * i * (1 - i)", "di"))),
        ("missing-slope", backward(("do * o * (1 - o)", "do"))),
        ("missing-slope", backward(("dg * (1 - g**2)", "dg"))),
        (
            "missing-slope",
            backward(("di * i * (1 - i)", "di"), ("df * f * (1 - f)", "df"), ("do * o * (1 - o)", "do")),
        ),
        ("wrong-slope", backward(("dg * (1 - g**2)", "dg * g * (1 - g)"))),
        ("wrong-slope", backward(("(1 - g**2)", "(1 - np.tanh(g)**2)"))),
        ("wrong-slope", backward(("(1 - g**2)", "(1 - g)"))),
        ("wrong-step", backward(("df = dc_total * c_prev", "df = dc_total * c"))),
        ("swapped-factors", backward(("di = dc_total * g", "di = dc_total * i"))),
        (
            "swapped-factors",
            backward(("di = dc_total * g", "di = dc_total * i"), ("dg = dc_total * i", "dg = dc_total * g")),
        ),
        ("missing-path", backward(("dc_prev = dc_total * f", "dc_prev = dc * f"))),
        ("missing-factor", backward(("dc_prev = dc_total * f", "dc_prev = dc_total"))),
        ("wrong-factor", backward(("dc_prev = dc_total * f", "dc_prev = dc_total * c_prev"))),
        ("swapped-gates", backward(("[da_i, da_f, da_g, da_o]", "[da_i, da_f, da_o, da_g]"))),
        ("swapped-gates", backward(("[da_i, da_f, da_g, da_o]", "[da_f, da_i, da_g, da_o]"))),
        ("transposed-weights", backward(("x.T @ da", "da.T @ x"), ("h_prev.T @ da", "da.T @ h_prev"))),
        ("mean-instead-of-sum", backward(("da.sum(axis=0)", "da.mean(axis=0)"))),
        (
            "mean-instead-of-sum",
            backward(
                ("x.T @ da", "x.T @ da / len(x)"),
                ("h_prev.T @ da", "h_prev.T @ da / len(x)"),
                ("da.sum(axis=0)", "da.mean(axis=0)"),
            ),
        ),
        ("missing-sum", backward(("db = da.sum(axis=0)", "db = da"))),
        ("wrong-axis", backward(("axis=0", "axis=1"))),
        ("wrong-step", backward(("h_prev.T @ da", "(o * np.tanh(c)).T @ da"))),
        ("swapped-outputs", backward(("dc_prev, dW_x, dW_h, db", "dc_prev, dW_h, dW_x, db"))),
        ("swapped-outputs", backward(("return dx, dh_prev, dc_prev", "return dx, dc_prev, dh_prev"))),
        ("wrong-shape", backward(("return dx, dh_prev, dc_prev,", "return dh_prev, dc_prev,"))),
        ("missing-slope|mean-instead-of-sum", backward(("do * o * (1 - o)", "do"), ("sum(axis=0)", "mean(axis=0)"))),
        (
            "missing-path|missing-slope",
            backward(("dc_total = dc + dh", "dc_total = dh"), ("dg * (1 - g**2)", "dg")),
        ),
        ("wrong-slope", backward(("di * i * (1 - i)", "di * (1 - i)"))),
        ("wrong-slope", backward(("do * o * (1 - o)", "do * (1 - o**2)"))),
        ("misplaced-brackets", backward(("dg * (1 - g**2)", "dg * 1 - g**2"))),
        ("wrong-path", backward(("dc_prev = dc_total * f", "dc_prev = dc_total * f + dc"))),
        ("wrong-path", backward(("dh_prev = da @ W_h.T", "dh_prev = da @ W_h.T + dh"))),
        ("missing-path", backward(("df = dc_total", "df = dc"))),
        ("swapped-states", backward(("h_prev.T @ da", "c_prev.T @ da"))),
        ("mutates-input", backward(("dc_total = dc + dh", "dc += dh"), ("dc_total", "dc"))),
        ("returns-none", backward(("return dx, dh_prev, dc_prev, dW_x, dW_h, db", ""))),
        ("raises", backward(("da @ W_x.T", "da @ W_x"))),
    ],
    "lstm.keep_a_number": [
        ("gate-closed", keep(("-20, 20, 20", "-20, 0, 20"))),
        ("gate-closed", keep(("-20, 20, 20", "-20, 3, 20"))),
        ("gate-open", keep(("-20, 20, 20", "-2, 20, 20"))),
        ("gate-open", keep(("-20, 20, 20", "20, 20, 20"))),
        ("gate-closed", keep(("W_x[1, 0] = 40", "W_x[1, 0] = 20"))),
        ("gate-closed", keep(("W_x[1, 0] = 40", "pass"))),
        ("flipped-gate", keep(("-20, 20, 20", "20, 20, 20"), ("= 40", "= -40"))),
        ("wrong-values", keep(("W_x[0, 2] = 1", "W_x[0, 2] = 5"))),
        ("wrong-values", keep(("W_x[0, 2] = 1", "pass"))),
        ("wrong-values", keep(("W_x[0, 2] = 1", "W_x[0, 2] = W_x[1, 2] = 1"))),
        ("gate-closed|gate-open", keep(("b[0], b[1], b[3]", "b[1], b[0], b[3]"))),
        ("wrong-shape", keep(("np.zeros((1, 4))", "np.zeros((4, 4))"))),
        ("wrong-shape", keep(("return W_x, W_h, b", "return W_x"))),
        ("not-finite", keep(("= -20, 20, 20", "= -np.inf, np.inf, np.inf"))),
        ("returns-none", keep(("return W_x, W_h, b", ""))),
        ("not-implemented", "raise NotImplementedError()"),
        ("raises", "return W_x, W_h, b"),
    ],
}

RIGHT = {
    "lstm.forget_gate": RIGHT_SIGMOID,
    "lstm.input_gate": RIGHT_SIGMOID,
    "lstm.output_gate": RIGHT_SIGMOID,
    "lstm.candidate": RIGHT_TANH,
    "lstm.update_cell": [
        "f * c_prev + i * g",
        "np.add(np.multiply(i, g), np.multiply(c_prev, f))",
        "(g * i + c_prev * f).tolist()",
        "np.einsum('nh,nh->nh', f, c_prev) + np.einsum('nh,nh->nh', i, g)",
        "np.sum([f * c_prev, i * g], axis=0)",
        "(f * c_prev + i * g).astype(np.float32)",
        """
        c = c_prev.copy()
        c *= f
        c += i * g
        return c
        """,
        """
        c = np.empty_like(c_prev)
        for n in range(c.shape[0]):
            for k in range(c.shape[1]):
                c[n, k] = f[n, k] * c_prev[n, k] + i[n, k] * g[n, k]
        return c
        """,
    ],
    "lstm.hidden_state": [
        "o * np.tanh(c)",
        "np.tanh(c) * o",
        "np.multiply(o, 2 * expit(2 * c) - 1)",
        "(o.astype(np.float32) * np.tanh(c.astype(np.float32))).tolist()",
        "[[a * np.tanh(b) for a, b in zip(*rows)] for rows in zip(o, c)]",
        "np.einsum('nh,nh->nh', o, np.tanh(c))",
        """
        e = np.exp(-2 * np.abs(c))
        return o * np.sign(c) * (1 - e) / (1 + e)
        """,
    ],
    "lstm.lstm_step": [
        step(),
        step(("return h, c", "return np.stack([h, c])")),  # it can be unpacked like a tuple
        step(("return h, c", "return [h.tolist(), c.tolist()]")),
        step(("sigmoid", "expit"), ("return h, c", "return h.astype(np.float32), c.astype(np.float32)")),
        """
        i, f, g, o = np.split(np.hstack([h_prev, x]) @ np.vstack([W_h, W_x]) + b, 4, axis=1)
        c = expit(f) * c_prev + np.tanh(g) * expit(i)
        return np.tanh(c) * expit(o), c
        """,
        """
        H = h_prev.shape[1]
        def layer(k):
            block = slice(k * H, (k + 1) * H)
            return x @ W_x[:, block] + h_prev @ W_h[:, block] + b[block]
        c = sigmoid(layer(1)) * c_prev + sigmoid(layer(0)) * np.tanh(layer(2))
        return sigmoid(layer(3)) * np.tanh(c), c
        """,
        """
        W_x, W_h, b = (v.reshape(*v.shape[:-1], 4, -1) for v in (W_x, W_h, b))
        a = np.einsum('nd,dkh->knh', x, W_x) + np.einsum('nj,jkh->knh', h_prev, W_h) + b[:, None]
        i, f, o = sigmoid(a[[0, 1, 3]])
        c = f * c_prev + i * np.tanh(a[2])
        return np.array([o * np.tanh(c), c])[0], c
        """,
        """
        hs, cs = [], []
        for n in range(len(x)):
            a = x[n] @ W_x + h_prev[n] @ W_h + b
            i, f, g, o = a.reshape(4, -1)
            cs.append(sigmoid(f) * c_prev[n] + sigmoid(i) * np.tanh(g))
            hs.append(sigmoid(o) * np.tanh(cs[-1]))
        return hs, cs
        """,
    ],
    "lstm.lstm_step_backward": [
        backward(),
        backward(("tanh_c = np.tanh(c)", "tanh_c = np.tanh(f * c_prev + i * g)")),
        backward(
            ("(1 - tanh_c**2)", "(1 - np.tanh(c)) * (1 + np.tanh(c))"), ("db = da.sum(axis=0)", "db = list(sum(da))")
        ),
        backward(("(1 - tanh_c**2)", "/ np.cosh(c)**2")).replace("* /", "/"),
        backward(("x.T @ da", "np.einsum('nd,nk->dk', x, da)"), ("da @ W_x.T", "np.einsum('nk,dk->nd', da, W_x)")),
        backward(("dW_x = x.T @ da", "dW_x = sum(np.outer(x[n], da[n]) for n in range(len(x)))")),
        backward(("return dx,", "return [v.astype(np.float32) for v in (dx,"), (", db\n", ", db)]\n")),
        """
        H = h_prev.shape[1]
        dc = dc + dh * o * (1 - np.tanh(c)**2)
        da = np.zeros((len(x), 4 * H))
        da[:, :H] = dc * g * i * (1 - i)
        da[:, H:2*H] = dc * c_prev * f * (1 - f)
        da[:, 2*H:3*H] = dc * i * (1 - g * g)
        da[:, 3*H:] = dh * np.tanh(c) * o * (1 - o)
        stacked = np.hstack([x, h_prev, np.ones((len(x), 1))]).T @ da
        states = da @ np.vstack([W_x, W_h]).T
        D = x.shape[1]
        return states[:, :D], states[:, D:], dc * f, stacked[:D], stacked[D:-1], stacked[-1]
        """,
    ],
    "lstm.keep_a_number": [
        keep(),
        keep(("-20, 20, 20", "-15, 15, 0"), ("= 40", "= 30")),
        keep(("b = np.zeros(4)", "b = [0.0] * 4")),
        keep(("b[3] = -20, 20, 20", "b[3] = -1000, 1000, -1000"), ("= 40", "= 2000")),
        "[[0, 0, 1, 0], [50, 0, 0, 0]], [[0, 0, 0, 0]], [-25, 12, 0, 3]",
    ],
}
