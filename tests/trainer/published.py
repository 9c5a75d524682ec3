"""The updates of published methods, in plain numpy: as papers and public codes state them, with their constants.

Nothing of the trainer is used here. Where a source gives a loss, its gradient is found by the complex step: the
imaginary part of loss(w + iε)/ε is the derivative to the last digit, and no derivation of ours stands between. Arrays
may be complex for that reason; conditions look at real parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Weights = dict[str, Array]
EPSILON = 1e-30


def slopes(loss: Callable[[Weights], Array], w: Weights) -> Weights:
    """dloss/dw of every number in `w`."""
    found = {}
    for name, value in w.items():
        found[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            off = value.astype(complex)
            off[place] += 1j * EPSILON
            found[name][place] = np.imag(loss(w | {name: off})) / EPSILON  # type: ignore[dict-item]
    return found


# -- what nets are made of


def relu(z: Array) -> Array:
    return np.where(z.real > 0, z, 0)


def softplus(u: Array) -> Array:
    return np.log(1 + np.exp(u))


def sigmoid(u: Array) -> Array:
    return 1 / (1 + np.exp(-u))


def length(x: Array) -> Array:
    """Euclidean, of each row."""
    return np.sqrt((x * x).reshape(len(x), -1).sum(1))


def unit(x: Array) -> Array:
    """As mohammadpz/pytorch_forward_forward divides rows by their length."""
    return x / (length(x) + 1e-4)[:, None]


def rms(x: Array) -> Array:
    """As Hinton's ffnormrows."""
    return x / (np.exp(-100) + np.sqrt((x * x).mean(1)))[:, None]


def overlaid(x: Array, labels: Array, classes: int, strength: float) -> Array:
    """Images with the one-hot label over their first pixels."""
    coded = x.copy()
    coded[:, :classes] = strength * np.eye(classes)[labels]
    return coded


def dense(x: Array, w: Weights) -> Array:
    return relu(x @ w["weight"].T + w["bias"])


def conv(x: Array, weight: Array, bias: Array | float = 0.0, groups: int = 1) -> Array:
    """3 × 3, padded by 1, of maps (B, C, H, W)."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    parts = zip(np.split(seen, groups, 1), np.split(weight, groups, 0), strict=True)
    maps = np.concatenate([np.einsum("bcijkl,ockl->boij", part, kernel) for part, kernel in parts], 1)
    return maps + np.reshape(bias, (1, -1, 1, 1))


def pooled(x: Array) -> Array:
    """The largest of 2 × 2 places."""
    b, c, h, w = x.shape
    places = x.reshape(b, c, h // 2, 2, w // 2, 2).swapaxes(3, 4).reshape(b, c, h // 2, w // 2, 4)
    return np.take_along_axis(places, places.real.argmax(4)[..., None], 4)[..., 0]


def batch_norm(x: Array, scale: Array, shift: Array, eps: float) -> Array:
    """By the statistics of the batch, every channel on its own."""
    mean = x.mean((0, 2, 3), keepdims=True)
    variance = ((x - mean) ** 2).mean((0, 2, 3), keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * scale[None, :, None, None] + shift[None, :, None, None]


def standardised(x: Array, groups: int = 1) -> Array:
    """Layer norm of maps; with `groups` in groups of channels."""
    parts = x.reshape(len(x), groups, -1)
    mean = parts.mean(2, keepdims=True)
    variance = ((parts - mean) ** 2).mean(2, keepdims=True)
    return ((parts - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape)


def surprise(scores: Array, y: Array) -> Array:
    """Cross entropy, a mean over the rows."""
    return (np.log(np.exp(scores).sum(1)) - scores[np.arange(len(y)), y]).mean()


# -- what steps are made of


class Adam:
    """Kingma & Ba 2015; `decay` as Loshchilov & Hutter 2019 have it."""

    def __init__(self, lr: float, eps: float = 1e-8, decay: float = 0.0) -> None:
        self.lr, self.eps, self.decay, self.steps = lr, eps, decay, 0
        self.mean: Weights = {}
        self.square: Weights = {}

    def step(self, w: Weights, grads: Weights) -> Weights:
        self.steps += 1
        moved = {}
        for name, grad in grads.items():
            self.mean[name] = 0.9 * self.mean.get(name, 0.0) + 0.1 * grad
            self.square[name] = 0.999 * self.square.get(name, 0.0) + 0.001 * grad**2
            mean = self.mean[name] / (1 - 0.9**self.steps)
            root = np.sqrt(self.square[name] / (1 - 0.999**self.steps))
            moved[name] = w[name] - self.lr * (mean / (root + self.eps) + self.decay * w[name])
        return moved


class Momentum:
    """torch.optim.SGD: velocity ← momentum · velocity + gradient."""

    def __init__(self, lr: float, momentum: float = 0.9) -> None:
        self.lr, self.momentum = lr, momentum
        self.velocity: Weights = {}

    def step(self, w: Weights, grads: Weights) -> Weights:
        self.velocity = {n: self.momentum * self.velocity.get(n, 0.0) + grad for n, grad in grads.items()}
        return {name: w[name] - self.lr * velocity for name, velocity in self.velocity.items()}


# -- Hinton 2022, the Matlab code


class Matlab:
    """One layer of ffnew.m: sum of squares against the width, gradients averaged with a delay of 0.9, rate 0.01, decay
    0.001, and peer normalisation of 0.03 in the positive phase."""

    EPSILON, DELAY, WC, LAMBDAMEAN = 0.01, 0.9, 0.001, 0.03

    def __init__(self, w: Weights) -> None:
        self.w = w
        self.grads = {name: np.zeros(value.shape) for name, value in w.items()}
        self.meanstates = np.full(len(w["bias"]), 0.5)

    def step(self, positive: Array, negative: Array) -> tuple[Array, Array]:
        """From normalised rows; returns their states from before the update."""
        width, cases = len(self.w["bias"]), len(positive)
        posstates, negstates = dense(positive, self.w), dense(negative, self.w)
        posprobs = sigmoid((posstates**2).sum(1) - width)
        negprobs = sigmoid((negstates**2).sum(1) - width)
        self.meanstates = 0.9 * self.meanstates + 0.1 * posstates.mean(0)
        posin = (1 - posprobs)[:, None] * posstates + self.LAMBDAMEAN * (self.meanstates.mean() - self.meanstates)
        negin = -negprobs[:, None] * negstates
        now = {
            "weight": (posin.T @ positive + negin.T @ negative) / cases,
            "bias": (posin.sum(0) + negin.sum(0)) / cases,
        }
        self.grads = {name: self.DELAY * self.grads[name] + (1 - self.DELAY) * now[name] for name in now}
        self.w = {
            "weight": self.w["weight"] + self.EPSILON * (self.grads["weight"] - self.WC * self.w["weight"]),
            "bias": self.w["bias"] + self.EPSILON * self.grads["bias"],
        }
        return posstates, negstates


def head_slope(features: Array, weights: Array, y: Array) -> Array:
    """What the Matlab code's softmax learns from: (K, F) for features (B, F), its weights and labels."""
    logits = features @ weights.T
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return (chances - np.eye(len(weights))[y]).T @ features / len(y)


# -- losses of a pair of goodnesses (B,)


def mean_of_both(positive: Array, negative: Array, theta: float) -> Array:
    """mohammadpz (θ = 2, mean of squares) and loeweX (θ = width, sum): one mean over positive and negative rows."""
    return softplus(np.concatenate([theta - positive, negative - theta])).mean()


def symba(positive: Array, negative: Array, alpha: float) -> Array:
    """Lee & Song 2023."""
    return softplus(-alpha * (positive - negative)).mean()


def swish(positive: Array, negative: Array, alpha: float) -> Array:
    """dah33/explore_forward_forward."""
    u = -alpha * (positive - negative)
    return (u * sigmoid(u)).mean()


def collaborating(positive: Array, negative: Array, others: tuple[Array, Array], theta: float) -> Array:
    """Layer collaboration (Lorberbom et al. 2024): p = σ(|f|² + γ − θ), −log p(positive) − log(1 − p(negative))."""
    p = sigmoid(positive + others[0] - theta)
    n = sigmoid(negative + others[1] - theta)
    return -(np.log(p) + np.log(1 - n)).mean()


# -- the Trifecta (tdooms/trifecta)


def trifecta_block(x: Array, w: Weights, *, pool: bool) -> Array:
    """BatchNorm2d, Conv2d without bias, ReLU, MaxPool2d."""
    h = relu(conv(batch_norm(x, w["scale"], w["shift"], 1e-5), w["weight"]))
    return pooled(h) if pool else h


def trifecta_rows(x: Array, labels: Sequence[Array], table: Array) -> Array:
    """Positives, then negatives: images (B, 1, H, W) with the label's plane as a channel beside them."""
    return np.concatenate([np.concatenate([table[label], x], 1) for label in labels])


def trifecta_loss(h: Array) -> Array:
    """SymBa with α = 4 on the mean of squares of positives and negatives, one after the other."""
    goodness = (h * h).reshape(len(h), -1).mean(1)
    positive, negative = np.split(goodness, 2)
    return symba(positive, negative, 4.0)


# -- class rows


def cwcomp_layer(x: Array, w: Weights, *, groups: int, pool: bool) -> Array:
    """y = BN(maxpool(relu(conv(x)))), eps 1e-4."""
    h = relu(conv(x, w["weight"], w["bias"], groups))
    return batch_norm(pooled(h) if pool else h, w["scale"], w["shift"], 1e-4)


def group_energy(y: Array, classes: int) -> Array:
    """CwComp's scores (B, K): the mean square of a class's channels."""
    return (y * y).reshape(len(y), classes, -1).mean(2)


def group_mean(h: Array, classes: int) -> Array:
    """DeeperForward's scores (B, K): the mean of a class's channels."""
    return h.reshape(len(h), classes, -1).mean(2)


def mono_forward(x: Array, y: Array, w: Weights) -> tuple[Weights, Array]:
    """Gong, Li, Abdulla 2025: G = a Mᵀ, cross entropy; the gradients as they state them, and a."""
    z = x @ w["weight"].T + w["bias"]
    a = relu(z)
    scores = np.exp(a @ w["matrix"].T)
    error = scores / scores.sum(1, keepdims=True) - np.eye(len(w["matrix"]))[y]
    delta = error @ w["matrix"] * (z > 0)
    cases = len(y)
    return {"weight": delta.T @ x / cases, "bias": delta.sum(0) / cases, "matrix": error.T @ a / cases}, a


def cosine_scores(h: Array, prototypes: Array, tau: float) -> Array:
    """HFF (Sarode et al. 2026): cosines to the classes' prototypes, over τ."""
    return (h / length(h)[:, None]) @ (prototypes / length(prototypes)[:, None]).T / tau


def similarity(features: Array, y: Array, classes: int) -> Array:
    """Nøkland & Eidnes 2019: the squared difference of R(features) and R(one-hot), rows centred and of unit length."""
    return ((_alike(features) - _alike(np.eye(classes)[y])) ** 2).mean()


def _alike(rows: Array) -> Array:
    centred = rows - rows.mean(1, keepdims=True)
    of_unit = centred / length(centred)[:, None]
    return of_unit @ of_unit.T


def clipped(grads: Weights, longest: float) -> Weights:
    """torch.nn.utils.clip_grad_norm_."""
    whole = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
    return {name: grad * min(1.0, longest / (whole + 1e-6)) for name, grad in grads.items()}
