"""Checks of lesson 08: recurrent cells, parameters, windows and masks by hand."""

import numpy as np

from course_lib.checks import Mistake, compare, compare_integer, exercise, numbers, shape_name, show_call


def sigmoid(z):
    """The logistic function, without overflow."""
    return 0.5 + 0.5 * np.tanh(z / 2)


def lstm(x, h, c, kernel, recurrent, bias, order="ifco"):
    """One step of an LSTM: gates and states by name, with the blocks in any order."""
    z = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
    z = dict(zip(order, z, strict=True))
    part = {name: np.tanh(z[name]) if name == "c" else sigmoid(z[name]) for name in z}
    c_new = part["f"] * c + part["i"] * part["c"]
    return part | {"z": z, "c_new": c_new, "h_new": part["o"] * np.tanh(c_new)}


@exercise("08.1", "One step of an LSTM", points=4)
@np.errstate(all="ignore")  # plausible mistakes overflow
def lstm_step(answer, rng):
    """Equals Keras's cell, of several sequences, inputs and units."""
    for N, D, K in ((2, 2, 2), (3, 4, 2), (1, 1, 5), (4, 3, 3)):
        x, h, c = rng.normal(size=(N, D)), rng.normal(size=(N, K)), 2 * rng.normal(size=(N, K))
        kernel, recurrent = rng.normal(size=(D, 4 * K)), rng.normal(size=(K, 4 * K))
        args = (x, h, c, kernel, recurrent, rng.normal(size=4 * K))
        right = lstm(*args)
        i, f, o, g, c_new, h_new = (right[name] for name in ("i", "f", "o", "c", "c_new", "h_new"))
        linear = f * c + i * right["z"]["c"]
        squashed = f * c + i * sigmoid(right["z"]["c"])
        mistakes = []
        for order in ("ifoc", "icfo", "fico", "fioc", "ofic"):
            other = lstm(*args, order=order)
            hint = f"The blocks are taken in the order {', '.join(order)}: Keras's is i, f, c, o."
            mistakes.append(((other["h_new"], other["c_new"]), hint))
        without_h = lstm(x, 0 * h, *args[2:])
        without_bias = lstm(*args[:5], 0)
        mistakes += [
            ((c_new, h_new), "The two are swapped: return (h, c)."),
            ((h_new, h_new), "The second is the cell state c, not h once more."),
            ((o * np.tanh(c), c_new), "h is made from the new cell state, not from the old one."),
            ((o * c_new, c_new), "The tanh is missing: the output gate multiplies the tanh of the new cell state."),
            ((np.tanh(c_new), c_new), "The output gate is missing: it multiplies the tanh of the new cell state."),
            ((np.tanh(o * c_new), c_new), "The output gate comes after the tanh, not inside it."),
            ((o * sigmoid(c_new), c_new), "For h the cell state goes through a tanh, not a sigmoid."),
            ((o * np.tanh(linear), linear), "The candidate goes through a tanh before the input gate weighs it."),
            ((o * np.tanh(squashed), squashed), "The candidate goes through a tanh, not a sigmoid."),
            ((o * np.tanh(f * c + g), f * c + g), "The input gate is missing: it multiplies the candidate."),
            ((o * np.tanh(c + i * g), c + i * g), "The forget gate is missing: it multiplies the old cell state."),
            ((o * np.tanh(i * g), i * g), "The old cell state is missing: the forget gate says how much of it stays."),
            ((o * np.tanh((1 - f) * c + i * g), (1 - f) * c + i * g), "The forget gate says how much to keep: f * c, not (1 - f) * c."),
            ((o * np.tanh(f * c + (1 - f) * g), f * c + (1 - f) * g), "The input gate is a gate of its own, not 1 - f."),
            ((o * np.tanh(f * h + i * g), f * h + i * g), "The forget gate multiplies the old cell state c, not the output h."),
            ((o * np.tanh(f * (c + i * g)), f * (c + i * g)), "The forget gate multiplies the old cell state alone, not what comes in."),
            ((without_h["h_new"], without_h["c_new"]), "The state is missing in the gates: each sums over x, over h and the bias."),
            ((without_bias["h_new"], without_bias["c_new"]), "The bias is missing: add it to the sums, before sigmoid and tanh."),
            (h_new, "That is h alone: return (h, c)."),
            (c_new, "That is c alone: return (h, c)."),
        ]  # fmt: skip
        if D == K:
            turned = lstm(h, x, *args[2:])
            mistakes.append(
                ((turned["h_new"], turned["c_new"]), "x goes with kernel, h with recurrent_kernel.")
            )
        if K == 2:  # taken as every fourth column
            columns = np.arange(4 * K).reshape(K, 4).T.ravel()
            wrong = lstm(x, h, c, kernel[:, columns], recurrent[:, columns], args[-1][columns])
            hint = "Each block is K columns that stand together: kernel[:, :K] is the input gate's, kernel[:, K : 2 * K] the forget gate's."
            mistakes.append(((wrong["h_new"], wrong["c_new"]), hint))
        otherwise = (
            "Go part by part: sums over x, h and bias; cut into four blocks of K columns; "
            "sigmoid for i, f and o, tanh for the candidate; then the new c, and h from it."
        )
        try:
            compare(answer, args, np.stack([h_new, c_new]), mistakes, otherwise)
        except Mistake as mistake:
            if mistake.hint.startswith("Expected numbers"):
                hint = "Expected numbers as two arrays of the same shape (N, K): return (h, c)."
                raise Mistake(hint, mistake.case) from None
            raise


@exercise("08.2", "Parameters of a recurrent layer", points=2)
def count_parameters(answer, rng):
    """The numbers that Keras counts."""
    for _ in range(3):
        D, K = int(rng.integers(40, 60)), int(rng.integers(60, 90))  # no two mistakes give the same
        for kind, blocks in (("rnn", 1), ("lstm", 4), ("gru", 3)):
            rows = 2 if kind == "gru" else 1
            expected = blocks * K * (D + K + rows)
            mistakes = [
                (blocks * K * (D + K), "The biases are missing: one for each unit of each block."),
                (blocks * (K * (D + K) + rows), "A block has a bias for each unit, not one for all."),
                (blocks * K * (D + rows), "The recurrent kernel is missing: units times units weights in each block."),
                (blocks * K * (K + rows), "The kernel is missing: inputs times units weights in each block."),
                (blocks * K * (D + 1 + rows), "Each unit sees all units of the state, not only itself."),
                (blocks * D * (D + K + rows), "Inputs and units are exchanged: a block has `units` columns."),
                (K * (D + K + rows), f"That is one block: the {kind.upper()} has {blocks} of them."),
                (K * (D + K + 1), f"That is one block: the {kind.upper()} has {blocks} of them."),
                (blocks * K * (D + K + 2), "Only the GRU has two rows of biases."),
                (3 * K * (D + K + 1), "Keras's GRU has two rows of biases, one for the input's and one for the state's product." if kind == "gru" else "Only the GRU has three blocks: the plain cell has one, the LSTM four."),
                (4 * K * (D + K + 1), "Only the LSTM has four blocks: the plain cell has one, the GRU three."),
                (4 * K * (D + K + 2), "Only the LSTM has four blocks: the plain cell has one, the GRU three."),
            ]  # fmt: skip
            if kind == "gru":
                mistakes.append((expected - 2 * K, "The second row of biases has 3 * units numbers: one for each unit of each block."))  # fmt: skip
            otherwise = "Each unit of a block has a weight for every input, one for every unit of the state, and a bias, in the GRU two. Count the blocks: a gate or a candidate is one."
            compare_integer(answer, (kind, D, K), expected, mistakes, otherwise)


@exercise("08.3", "A bias that keeps", points=2)
def keeping_bias(answer, rng):
    """Run for 100 steps, the cell state stays; whatever the candidate's and the output gate's bias."""
    for K in (1, 2, 4):
        call = show_call(answer.name, (K,))
        result = answer(K)
        bias = numbers(result, [call])
        if bias.shape != (4 * K,):
            hint = f"Expected {shape_name((4 * K,))}, four blocks of `units` numbers, received {shape_name(bias.shape)}."
            raise Mistake(hint, [call])
        if not np.all(np.isfinite(bias)):
            raise Mistake(
                "The bias is not finite, and need not be: the sigmoid of 20 is 0.999999998.", [call]
            )
        kernel, recurrent = rng.uniform(-0.3, 0.3, size=(3, 4 * K)), rng.uniform(-0.3, 0.3, size=(K, 4 * K))
        start = c = rng.uniform(1, 2, size=(2, K)) * rng.choice([-1, 1], size=(2, K))
        h = np.zeros((2, K))
        inputs = rng.uniform(-3, 3, size=(100, 2, 3))  # sums within 3 * 3 * 0.3 + 4 * 0.3 = 3.9
        gates = []
        for x in inputs:
            step = lstm(x, h, c, kernel, recurrent, bias)
            h, c = step["h_new"], step["c_new"]
            gates.append((step["i"], step["f"]))
        if np.all(np.abs(c - start) < 1e-3):
            continue
        case = [call, f"cell state {start[0, 0]:.4f} has become {c[0, 0]:.4f} after 100 steps"]
        for number, (gate, meant) in enumerate((("input", "shut: 0"), ("forget", "open: 1"))):
            value = np.mean([pair[number] for pair in gates])
            case.append(f"its {gate} gate, meant to be {meant}, is {value:.5f} on average")
        blocks = bias.reshape(4, K)
        i, f = np.mean([gate for gate, _ in gates]), np.mean([gate for _, gate in gates])
        raise Mistake(_why_it_forgets(blocks, i, f, bias, K), case)


def _why_it_forgets(blocks, i, f, bias, K):
    """The hint for a bias with which the cell state does not stay; i, f: mean gates."""
    every_fourth = bias.reshape(K, 4).T
    if K > 1 and every_fourth[0].max() < -5 and every_fourth[1].min() > 5:
        return "The blocks stand one after the other, `units` numbers each: not the four gates of a unit side by side."
    if blocks[0].min() > 1 and blocks[1].max() < -1:
        return "The gates are exchanged: a large bias opens the forget gate, a negative one shuts the input gate."
    if f < 0.1:
        return "The forget gate is shut, and that forgets: 1 means keep. Give it a large positive bias."
    if (
        np.all((blocks[0] >= 0) & (blocks[0] <= 1) & (blocks[1] >= 0) & (blocks[1] <= 1))
        and blocks[1].max() == 1
    ):
        return "Those are the gates, not their biases: a gate is the sigmoid of the bias, so a bias of 1 gives 0.73, of 0 gives 0.5."
    if i > 0.1 and f > 0.9:
        return "The input gate lets the candidate in: give it a large negative bias; sigmoid(0) is 0.5."
    if f < 0.9 and i < 0.1:
        return "The forget gate is not open enough: give it a large positive bias."
    return "Almost: what each step loses or lets in adds up over 100 steps, and the inputs and h move each gate's sum by up to 5. Take larger biases."


@exercise("08.4", "Windows", points=3)
def windows(answer, rng):
    """Each target `horizon` after its window; every window, and nothing of the future in it."""
    small = np.array([1.0, 2, 4, 7, 11, 16, 22, 29])
    cases = [(small, 2, 4), (small, 3, 1), (rng.normal(size=30), 5, 4), (rng.normal(size=9), 6, 3), (rng.normal(size=12), 1, 1)]  # fmt: skip
    for series, length, horizon in cases:
        T = len(series)

        def rows(first, last, ahead, length=length, series=series):
            """Rows whose windows begin at first to last; the target `ahead` after the window's last value."""
            return [[*series[s : s + length], series[s + length - 1 + ahead]] for s in range(first, last + 1)]

        end = T - length - horizon  # the last window's start
        expected = np.array(rows(0, end, horizon))
        mistakes = [
            (rows(0, end, horizon - 1), "The target is one step early: horizon 1 is the value right after the window." if horizon > 1 else "The target is the window's own last value: horizon 1 is the value right after it."),
            (rows(0, T - length, 0), "The target is the window's own last value: it must come `horizon` steps after."),
            (rows(0, end + 1, horizon - 1), "The target is one step early: horizon 1 is the value right after the window." if horizon > 1 else "The target is the window's own last value: horizon 1 is the value right after it."),
            (rows(0, end - 1, horizon), "The last window is missing: there are T - length - horizon + 1."),
            (rows(1, end, horizon), "The first window is missing: it begins at the first value."),
            (rows(0, end, 1), "The horizon is not used: the target comes `horizon` steps after the window's last value, not one."),
            (rows(0, T - length - 1, 1), "The horizon is not used: the target comes `horizon` steps after the window's last value, not one."),
            (expected[:, :-1], "Those are the windows alone: the target is the last column."),
            (expected[:, -1], "Those are the targets alone: a row is the window, then its target."),
            (expected[:, [-1, *range(length)]], "The target stands first: it is the last column."),
            (expected[:, [*range(length)[::-1], length]], "The windows run backwards: the earliest value comes first."),
            (expected[::-1], "The rows run backwards: the earliest window comes first."),
            (expected[::length], "The windows do not overlap: one begins at every step."),
            (expected.T, "It is transposed: a row for each window."),
            ([[*series[s : s + length + 1], series[s + length - 1 + horizon]] for s in range(end + 1)], "The windows hold one value too many: `length` values, then the target."),
            ([[*series[s + 1 : s + length], series[s + length - 1 + horizon]] for s in range(end + 1)], "The first value of each window is missing: it has `length` values."),
            ([[*series[s : s + length - 1], series[s + length - 1 + horizon]] for s in range(end + 1)], "The last value of each window is missing: a slice ends before its second number."),
            ([series[s : s + length + 1] for s in range(end + 1)], "The target is right after the window: it comes `horizon` steps after the window's last value."),
        ]  # fmt: skip
        exchanged = [[*series[s : s + horizon], series[s + horizon - 1 + length]] for s in range(end + 1)]
        if length != horizon:
            mistakes.append((exchanged, "Length and horizon are exchanged: a window has `length` values."))
        if end >= 1:
            mistakes.append((rows(0, end - 1, horizon + 1), "The target is one step late: count `horizon` from the window's last value, not from the place behind it."))  # fmt: skip
        if horizon > 1 or length > 1:
            future = [[*series[s + horizon : s + horizon + length], series[s + length - 1 + horizon]] for s in range(end + 1)]  # fmt: skip
            mistakes.append(
                (future, "The window holds its own target: it must end `horizon` steps before it.")
            )
        scaled = np.array([[(v - series.mean()) / series.std() for v in row] for row in expected])
        mistakes.append((scaled, "Standardised with the whole series, and so with the future: leave the values as they are."))  # fmt: skip
        otherwise = (
            "Row s is the window that begins at place s, then the value `horizon` places after the window's last; "
            "there are T - length - horizon + 1 rows."
        )
        compare(answer, (series, length, horizon), expected, mistakes, otherwise)


def plain(x, mask, kernel, recurrent, bias, otherwise=None, squash=np.tanh):
    """The last state; where the mask is False, `otherwise(new, h)`, which is h unless given."""
    h = np.zeros((len(x), len(bias)))
    for t in range(x.shape[1]):
        new = squash(x[:, t] @ kernel + h @ recurrent + bias)
        h = np.where(mask[:, t, None], new, otherwise(new, h) if otherwise else h)
    return h


@exercise("08.5", "A plain cell with a mask", points=3)
def masked_rnn(answer, rng):
    """Padding behind, in front, between, and nothing but padding."""
    mixed = np.array([[1, 1, 0, 1], [1, 1, 0, 0], [1, 0, 0, 0]], bool)  # a zeroed state is not 0 throughout
    behind = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], bool)
    between = np.array([[0, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 0, 1]], bool)
    nothing = np.array([[1, 1, 0], [0, 0, 0]], bool)
    for mask, D, K in (
        (mixed, 2, 2),
        (behind, 4, 3),
        (behind[:, ::-1], 3, 2),
        (between, 2, 4),
        (nothing, 1, 3),
    ):
        x = rng.normal(size=(*mask.shape, D))
        weights = rng.normal(size=(D, K)), rng.normal(size=(K, K)), rng.normal(size=K)
        expected, every = plain(x, mask, *weights), np.ones(mask.shape, bool)
        W, U, b = weights
        linear = plain(x, mask, *weights, squash=lambda z: z)
        zeroed = np.where(mask[..., None], x, 0)
        counts = mask.sum(axis=1)
        cut = np.array(
            [plain(x[[n], : counts[n]], every[[n], : counts[n]], *weights)[0] for n in range(len(x))]
        )
        all_real = plain(x[:, mask.all(axis=0)], every[:, mask.all(axis=0)], *weights)
        some_real = plain(x[:, mask.any(axis=0)], every[:, mask.any(axis=0)], *weights)
        mistakes = [
            (plain(x, every, *weights), "The mask is not used: padding changes the state."),
            (plain(zeroed, every, *weights), "Inputs of 0 still change the state, by U and b: where the mask is False, keep the old h."),
            (plain(x, mask, *weights, lambda new, h: 0 * h), "The state becomes 0 at padding: it should stay as it was."),
            (plain(x, every, *weights) * mask[:, -1:], "The state becomes 0 at padding: it should stay as it was."),
            (plain(x, ~mask, *weights), "The mask is the wrong way round: True is a real step."),
            (plain(x, np.broadcast_to(mask.all(axis=0), mask.shape), *weights), "Each sequence has a mask of its own: mask[:, t, None], not one for all."),
            (plain(x, np.broadcast_to(mask.any(axis=0), mask.shape), *weights), "Each sequence has a mask of its own: mask[:, t, None], not one for all."),
            (all_real, "Each sequence has a mask of its own: mask[:, t, None], not one for all."),
            (some_real, "Each sequence has a mask of its own: mask[:, t, None], not one for all."),
            (cut, "Padding need not stand behind: look at the mask of each step, not at how many are real."),
            (plain(x, np.cumprod(mask, axis=1).astype(bool), *weights), "After padding, real steps may follow: go on to the end."),
            (plain(x[:, ::-1], mask[:, ::-1], *weights), "The steps run backwards: begin with t = 0."),
            (plain(x, mask, W, U, 0 * b), "The bias is missing: add it before the tanh."),
            (linear, "The tanh is missing: each new state is a tanh of the sum."),
            (plain(x, mask, W, 0 * U, b), "The recurrent kernel is missing: h @ recurrent_kernel, at each step."),
            (plain(x, mask, W, U.T, b), "The recurrent kernel is transposed: h @ recurrent_kernel."),
        ]  # fmt: skip
        otherwise = "At step t compute the new state of all sequences from x[:, t] and h. Take it where mask[:, t] is True; elsewhere keep the old h."
        compare(answer, (x, mask, *weights), expected, mistakes, otherwise)
