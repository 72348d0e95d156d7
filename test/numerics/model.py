"""DeepSeek-V4 in numpy, a whole prompt at once, in a numeric mode: what
docs/numerics.md says, from the specification and not from the compiler.

Arithmetic is in the type `dtype` (float64, or float32 for the noise of another order
of sums), and each result is rounded as `rules` say. Shapes: T tokens, n streams,
H width, d channels of a head, D of a compressor's entry.
"""
import math

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def normalize(x, eps, weight=None):
    y = x / np.sqrt((x * x).mean(-1, keepdims=True) + x.dtype.type(eps))
    return y if weight is None else y * weight


def frequencies(config, compressed):
    """Of each pair of rotated channels; float32."""
    rotated = config.rotated
    theta = config["compress_rope_theta" if compressed else "rope_theta"]
    plain = theta ** (-np.arange(0, rotated, 2) / rotated)
    if not compressed or not config.yarn:
        return plain.astype(np.float32)
    yarn = config.yarn
    assert yarn.get("attention_factor", 1) == 1
    at = lambda turns: rotated * math.log(yarn["original_max_position_embeddings"] / (turns * 2 * math.pi)) / (
        2 * math.log(theta))
    low, high = max(math.floor(at(yarn["beta_fast"])), 0), min(math.ceil(at(yarn["beta_slow"])), rotated - 1)
    ramp = np.clip((np.arange(rotated // 2) - low) / (high - low if high != low else 1e-3), 0, 1)
    return (plain / yarn["factor"] * ramp + plain * (1 - ramp)).astype(np.float32)


def rotate(x, positions, frequency, sign=1):
    """x is [T, .., d]; turns the last channels by position * frequency, in pairs."""
    angle = np.asarray(positions, np.float32)[:, None] * frequency  # float32, as in transformers
    angle = angle.reshape(len(x), *(1,) * (x.ndim - 2), -1).astype(np.float64)
    cos, sin = (f(angle).astype(x.dtype) for f in (np.cos, np.sin))
    y, count = x.copy(), 2 * len(frequency)
    a, b = x[..., -count::2], x[..., -count + 1::2]
    y[..., -count::2], y[..., -count + 1::2] = a * cos - sign * b * sin, b * cos + sign * a * sin
    return y


def site(name):
    """A tensor's name without its layer: what a rule is called."""
    return name.split(".", 2)[2] if name.startswith("layers.") else name


class Model:
    def __init__(self, checkpoint, rules, dtype=np.float64):
        self.config, self.rules, self.dtype = checkpoint.config, rules, dtype
        self.quantized = checkpoint.quantized
        self.weights = {n: v.astype(dtype) if v.dtype == np.float64 else v for n, v in checkpoint.values.items()}
        self.eps = self.config["rms_norm_eps"]

    def evaluate(self, ids):
        """Logits [T, vocabulary] and the streams after each layer [T, n, H]."""
        config, ids, streams = self.config, np.asarray(ids), []
        self.positions = np.arange(len(ids))
        X = self.rules.value("embedding", self.weights["embed"][ids])
        X = np.repeat(X[:, None], config.streams, 1)
        for i in range(config.layers):
            layer = f"layers.{i}."
            X = self.residual(X, layer + "hc_attn", lambda x: self.attention(x, layer + "attn.", config.kinds[i]),
                              layer + "attn_norm")
            X = self.residual(X, layer + "hc_ffn", lambda x: self.experts(x, ids, layer + "ffn.", config.hashed[i]),
                              layer + "ffn_norm")
            streams.append(X)
        pre = sigmoid(self.mix(X, "hc_head")) + self.dtype(config["hc_eps"])
        x = self.rules.value("hc.head", (pre[..., None] * X).sum(1))
        return self.norm(x, "norm") @ self.weights["head"].T, streams

    # -- pieces ---------------------------------------------------------------

    def norm(self, x, name):
        return self.rules.value(site(name), normalize(x, self.eps, self.weights[name]))

    def input(self, x, name):
        """x as the input of the product with this weight."""
        return self.rules.input(site(name), x, name in self.quantized)

    def product(self, x, name, expert=None):
        w = self.weights[name] if expert is None else self.weights[name][expert]
        return self.rules.value(site(name), self.input(x, name) @ w.T)

    def mix(self, X, name):
        """The projection of all streams, scaled and shifted: [T, n] or [T, (2 + n) n]."""
        f = normalize(X.reshape(len(X), -1), self.eps)
        m, scale, n = f @ self.weights[name + "_fn"].T, self.weights[name + "_scale"], self.config.streams
        widths = [n, n, n * n][:len(scale)]
        return m * np.repeat(scale, widths) + self.weights[name + "_base"]

    def residual(self, X, name, block, norm):
        n, eps = self.config.streams, self.dtype(self.config["hc_eps"])
        m = self.mix(X, name)
        pre, post = sigmoid(m[:, :n]) + eps, 2 * sigmoid(m[:, n:2 * n])
        comb = softmax(m[:, 2 * n:].reshape(-1, n, n), -1) + eps
        comb = comb / (comb.sum(1, keepdims=True) + eps)
        for _ in range(self.config["hc_sinkhorn_iters"] - 1):
            comb = comb / (comb.sum(2, keepdims=True) + eps)
            comb = comb / (comb.sum(1, keepdims=True) + eps)
        x = self.rules.value("hc.pre's x", (pre[..., None] * X).sum(1))
        y = block(self.norm(x, norm))
        mixed = post[..., None] * y[:, None] + np.einsum("tjk,tjh->tkh", comb, X)
        return self.rules.value("streams", mixed)

    # -- attention ------------------------------------------------------------

    def attention(self, x, name, kind):
        config, value, T = self.config, self.rules.value, len(x)
        heads, d, t = config.heads, config.head_dim, self.positions
        frequency = frequencies(config, kind != "sliding")
        latent = self.norm(self.product(x, name + "wq_a"), name + "q_norm")
        q = self.product(latent, name + "wq_b").reshape(T, heads, d)
        q = value("head norm", normalize(q, self.eps))
        q = value("rotated queries", rotate(q, t, frequency))
        rows = self.norm(self.product(x, name + "wkv"), name + "kv_norm")
        rows = value("rotated rows", rotate(rows, t, frequency))
        keys = self.rules.row("rows", rows, config.rotated)
        age = t[:, None] - t
        visible = (age >= 0) & (age < config["sliding_window"])
        if kind != "sliding":
            rate = config.rate[kind]
            entries = value("entries", self.compress(x, name + "compressor.", rate, d, kind == "sparse"))
            keys = np.concatenate([keys, self.rules.row("entries", entries, config.rotated)])
            closed = np.arange(len(entries)) < (t[:, None] + 1) // rate
            if kind == "sparse":
                closed &= self.select(x, latent, name + "indexer.", rate, closed)
            visible = np.concatenate([visible, closed], 1)
        a = np.einsum("thd,kd->htk", q, keys) * self.dtype(d**-.5)
        a = np.where(visible, a, -np.inf)
        sink = self.weights[name + "attn_sink"][:, None, None]
        top = np.maximum(a.max(-1, keepdims=True), sink)
        p = np.exp(a - top)
        p = p / (p.sum(-1, keepdims=True) + np.exp(sink - top))
        o = value("attention", np.einsum("htk,kd->thd", p, keys))
        o = value("rotated output", rotate(o, t, frequency, -1))
        groups = config["o_groups"]
        A = self.weights[name + "wo_a"].reshape(groups, config["o_lora_rank"], -1)
        o = o.reshape(T, groups, -1)
        if not self.rules.applies("wo_a's input as it is", native=True) and self.rules.mode == "native":
            o = self.input(o, name + "wo_a")
        o = value("attn.wo_a", np.einsum("tgc,grc->tgr", o, A))
        return self.product(o.reshape(T, -1), name + "wo_b")

    def compress(self, x, name, rate, D, overlap):
        """Entries [T / rate, D], not yet rounded."""
        weights, n = self.weights, len(x) // rate
        c = (x @ weights[name + "wkv"].T)[:n * rate].reshape(n, rate, -1)
        z = (x @ weights[name + "wgate"].T)[:n * rate].reshape(n, rate, -1) + weights[name + "ape"]
        if overlap:
            before = lambda a, first: np.concatenate([np.full_like(a[:1], first), a[:-1]])[..., :D]
            c = np.concatenate([before(c, 0), c[..., D:]], 1)
            z = np.concatenate([before(z, -np.inf), z[..., D:]], 1)
        if n == 0:
            return np.zeros((0, D), self.dtype)
        pooled = (softmax(z, 1) * c).sum(1)
        entries = normalize(pooled, self.eps, weights[name + "norm"])
        return rotate(entries, rate * np.arange(n), frequencies(self.config, True))

    def select(self, x, latent, name, rate, closed):
        """Which entries each token attends to, [T, entries]."""
        heads, D = self.config["index_n_heads"], self.config["index_head_dim"]
        q = self.product(latent, name + "wq_b").reshape(len(x), heads, D)
        q = self.rules.value("rotated index queries", rotate(q, self.positions, frequencies(self.config, True)))
        q = self.rules.index("index queries", q)
        keys = self.rules.value("index keys", self.compress(x, name + "compressor.", rate, D, True))
        keys = self.rules.index("index keys", keys)
        g = self.product(x, name + "weights_proj")
        scores = np.einsum("th,thk->tk", g, np.maximum(np.einsum("thd,kd->thk", q, keys), 0))
        scores = np.where(closed, scores, -np.inf)
        best = np.argsort(-scores, 1, kind="stable")[:, :self.config["index_topk"]]
        chosen = np.zeros_like(closed)
        np.put_along_axis(chosen, best, True, 1)
        return chosen

    # -- experts --------------------------------------------------------------

    def experts(self, x, ids, name, hashed):
        config, weights, rules = self.config, self.weights, self.rules
        count = config["num_experts_per_tok"]
        scores = np.sqrt(np.logaddexp(self.dtype(0), x @ weights[name + "gate"].T))
        if hashed:
            chosen = weights[name + "gate.tid2eid"][ids]
        else:
            chosen = np.argsort(-(scores + weights[name + "gate.bias"]), 1, kind="stable")[:, :count]
        share = np.take_along_axis(scores, chosen, 1)
        share = share / (share.sum(1, keepdims=True) + self.dtype(1e-20)) * self.dtype(config["routed_scaling_factor"])
        before = rules.applies("weight before w2", native=True)
        total = np.zeros_like(x)
        for expert in range(config["n_routed_experts"]):
            token, place = np.nonzero(chosen == expert)
            weight = share[token, place][:, None]
            y = self.feed_forward(x[token], name + "experts.", expert, weight if before else None)
            total[token] += y if before else weight * y
        return rules.value("sum of experts", total + self.feed_forward(x, name + "shared_experts."))

    def feed_forward(self, x, name, expert=None, weight=None):
        limit = self.dtype(self.config["swiglu_limit"])
        g = np.minimum(self.product(x, name + "w1", expert), limit)
        u = np.clip(self.product(x, name + "w3", expert), -limit, limit)
        y = g * sigmoid(g) * u
        y = self.rules.value(site(name) + "swiglu", y if weight is None else y * weight)
        return self.product(y, name + "w2", expert)
