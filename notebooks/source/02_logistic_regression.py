# ---
# jupyter:
#   course:
#     question: Is a lump malignant, and how sure may a model be?
# ---

# %% [markdown]
# # 02 · Logistic regression
#
# | | |
# |---|---|
# | **You will be able to** | turn scores into probabilities, for two classes and for ten; derive the gradient of cross-entropy and check it; read a confusion matrix; tell when accuracy lies and whether probabilities can be believed |
# | **You need first** | [lesson 01](01_linear_regression.ipynb): gradient descent, standardising, three heaps of data |
# | **Time** | 45 to 60 minutes to read; it runs in under a minute on a CPU, and a GPU gains nothing |
# | **Data** | 569 breast masses and 1,797 handwritten digits, both from scikit-learn (UCI, CC BY 4.0) |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=2)

# %% [markdown]
# Here the seed draws samples and re-deals. Which masses and digits are for training, validation and test is fixed in the loader.

# %% tags=["setup"]
import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.optimize import linprog
from sklearn import metrics
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_predict, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from course_lib import data, plots, training

plots.use_style()

# %% [markdown]
# ## The question
#
# A fine needle takes cells from a lump in the breast. A program measures their nuclei in a picture: 30 numbers. Is the lump
# malignant? Here 1 means malignant, the finding that is looked for.

# %% tags=["nbval-check-output"]
(x, y), (x_validation, y_validation), (x_test, y_test) = data.load_breast_cancer()
mean, std = x.mean(), x.std(ddof=0)  # of the training masses alone
Z, Z_validation, Z_test = (
    ((part - mean) / std).to_numpy() for part in (x, x_validation, x_test)
)
for name, labels in (("training", y), ("validation", y_validation), ("test", y_test)):
    print(f"{name:>10}: {len(labels)} masses, {labels.sum()} malignant ({labels.mean():.0%})")

# %% [markdown]
# ### Why not lesson 01's line?
#
# One could fit a line to the labels 0 and 1. Let us, with one feature, the mean radius of the nuclei.

# %%
radius = x["mean radius"].to_numpy()  # the source gives no unit
line = LinearRegression().fit(radius[:, None], y)
grid = np.linspace(radius.min(), radius.max(), 200)
on_line = line.predict(grid[:, None])
print(f"the line predicts from {on_line.min():.2f} to {on_line.max():.2f}")

edges = np.quantile(radius, np.linspace(0, 1, 11))
tenth = np.clip(np.digitize(radius, edges) - 1, 0, 9)
share = [y[tenth == k].mean() for k in range(10)]
middle = [radius[tenth == k].mean() for k in range(10)]
fig, ax = plt.subplots()
jitter = np.random.default_rng(0).uniform(-0.03, 0.03, len(y))
ax.plot(radius, y + jitter, ".", color=plots.GREY, ms=4, label="a mass, 1 if malignant")
ax.plot(middle, share, "o", color=plots.BLUE, label="share of malignant ones, by tenths")
ax.plot(grid, on_line, color=plots.RED, label="least squares")
ax.set(xlabel="mean radius of the nuclei (no unit given)", ylabel="malignant")
ax.set_title("The share rises as an S, the line runs out of 0 to 1")
ax.legend()
plots.show(fig)

# %% [markdown]
# The blue dots are shares of ten groups from small to large: flat near 0, steep in the middle, flat near 1. The red line
# goes below 0 and above 1, where no share and no probability can be.

# %% [markdown]
# ## The model
#
# Compute a **score** $z$, any real number, linear as before. Then bend it into 0 to 1 with the **sigmoid** $\sigma$:
#
# $$z_i = \beta_0 + w^\top x_i \qquad\qquad q_i = \sigma(z_i) = \frac{1}{1 + e^{-z_i}}$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $n$, $d$ | number of masses, of features | numbers | `len(y)`, `Z.shape[1]` |
# | $x_i$ | features of mass $i$, standardised | $(d,)$; all: $(n, d)$ | `Z` |
# | $w$, $\beta_0$ | weights and intercept | $(d,)$, a number | `beta[1:]`, `beta[0]` |
# | $z_i$ | score, also *logit* | $(n,)$ for all | `z` |
# | $q_i$ | predicted probability of class 1 | $(n,)$ | `q` |
# | $y_i$ | what was found, 0 or 1 | $(n,)$ | `y` |

# %% [markdown]
# Solve for $z$: $\log\frac{q}{1 - q} = z$. The score is the logarithm of the **odds**; a weight of 1 means that one standard
# deviation more of that feature, the others being equal, multiplies the odds by $e$.
#
# Typed as it stands, the formula overflows: $e^{1000}$ is no `float64`. Here it costs a warning, for $1/\infty$ is 0; the same
# function as $e^{z}/(1 + e^{z})$ gives nan. So take the exponential of negative numbers only.


# %%
def sigmoid(z):
    e = np.exp(-np.abs(z))  # at most 1
    return np.where(z >= 0, 1, e) / (1 + e)


z = np.array([-1000.0, -2, 0, 2, 1000])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    naive = 1 / (1 + np.exp(-z))
with np.errstate(over="ignore", invalid="ignore"):
    other_form = np.exp(z) / (1 + np.exp(z))
print("1 / (1 + exp(-z)):     ", naive, "with", caught[0].message)
print("exp(z) / (1 + exp(z)): ", other_form)
print("stable:                ", sigmoid(z))
np.testing.assert_allclose(sigmoid(z), keras.ops.sigmoid(z), rtol=1e-6)  # float32
np.testing.assert_allclose(sigmoid(-z), 1 - sigmoid(z), rtol=0, atol=2e-16)  # float64's spacing

# %% [markdown]
# ## The loss
#
# Which weights are best? Those that find the observed labels most likely. Mass $i$ has its label with probability $q_i$ if
# $y_i = 1$ and $1 - q_i$ if $y_i = 0$. The product over all masses, taken as independent, is tiny, so take its logarithm, and turn the sign to get a loss.
# Its mean is the **cross-entropy**:
#
# $$J(\beta) = -\frac1n \sum_{i=1}^n \bigl[\,y_i \log q_i + (1 - y_i) \log(1 - q_i)\,\bigr]$$
#
# A sure and wrong prediction costs without limit; one half for everything costs $\log 2$.

# %% [markdown]
# Computed from $q$, the loss breaks where $q$ rounds to 0 or 1. From the score it does not: put $\sigma$ in, and an example
# costs $\log(1 + e^{z}) - y z$. `np.logaddexp(0, z)` is that first term without overflow. Keras, given probabilities, clips them,
# and the loss stops growing. Hence the rule: let the last layer give **logits**, and tell the loss so.


# %%
def cross_entropy(y, z):
    return np.mean(np.logaddexp(0, z) - y * z)


def cross_entropy_of_probabilities(y, q):
    return -np.mean(y * np.log(q) + (1 - y) * np.log(1 - q))


scores = np.random.default_rng(run.seed).normal(size=len(y)) * 3
by_hand = cross_entropy(y, scores)
np.testing.assert_allclose(
    by_hand, cross_entropy_of_probabilities(y, sigmoid(scores)), rtol=1e-12
)
in_keras = keras.losses.BinaryCrossentropy(from_logits=True)(y, scores)
np.testing.assert_allclose(by_hand, in_keras, rtol=1e-6)  # float32
print(f"random scores {by_hand:.3f}; one half for everything {cross_entropy(y, 0 * y):.3f}")
wrong, sure = np.array([1.0]), np.array([-800.0])
with np.errstate(divide="ignore"):
    broken = cross_entropy_of_probabilities(wrong, sigmoid(sure))
clipped = float(keras.losses.BinaryCrossentropy()(wrong, sigmoid(sure)))
print(
    f"a malignant mass with score -800: {cross_entropy(wrong, sure)}; "
    f"from q: {broken}; from q, in Keras: {clipped:.1f}"
)

# %% [markdown]
# ## Its gradient
#
# By the chain rule, the derivative of $\log(1 + e^{z})$ is $e^{z} / (1 + e^{z})$, which is $\sigma(z) = q$. So for one example
#
# $$\frac{\partial}{\partial z}\bigl[\log(1 + e^{z}) - y z\bigr] = q - y :$$
#
# what was predicted less what was true. And the score is linear in the coefficients, with the row of the design matrix $A$ as
# its derivative:
#
# $$\nabla J(\beta) = \frac1n A^\top (q - y).$$
#
# It has the form of lesson 01's gradient, $\frac2n A^\top(\hat y - y)$.


# %%
def design_matrix(X):
    return np.column_stack([np.ones(len(X)), X])  # (n, d) -> (n, d + 1)


def gradient(A, y, beta):
    return A.T @ (sigmoid(A @ beta) - y) / len(y)


def finite_differences(function, at, h=1e-5):
    slopes = np.empty(at.size)
    for k, step in enumerate(h * np.eye(at.size)):
        step = step.reshape(at.shape)
        slopes[k] = (function(at + step) - function(at - step)) / (2 * h)
    return slopes.reshape(at.shape)


A = design_matrix(Z)  # (341, 31)
somewhere = np.random.default_rng(run.seed).normal(size=A.shape[1]) / 5
slopes = finite_differences(lambda beta: cross_entropy(y, A @ beta), somewhere)
print("largest entry:", np.abs(slopes).max().round(3))
print("largest gap:  ", np.abs(slopes - gradient(A, y, somewhere)).max())
# Central differences err by h² = 1e-10 times a third derivative, and by rounding, 1e-16 / h.
np.testing.assert_allclose(gradient(A, y, somewhere), slopes, rtol=0, atol=1e-8)

# %% [markdown]
# ## A bowl without a bottom
#
# The derivative of $q = \sigma(z)$ is $q(1 - q)$, by the quotient rule. So the second derivatives of $J$, $\frac1n A^\top \mathrm{diag}\bigl(q(1-q)\bigr) A$, are never negative along any direction: $J$ is a bowl, with no
# false minima. But it may have no minimum at all. If some weights separate the training classes, twice those weights do so
# more surely, and cost less.

# %%
beta = np.zeros(A.shape[1])
for step in range(100_001):
    if step in (100, 1_000, 10_000, 100_000):
        z = A @ beta
        right = np.mean((z > 0) == y)
        print(
            f"step {step:7,}: loss {cross_entropy(y, z):.4f}, {right:.1%} right, "
            f"length of the weights {np.linalg.norm(beta[1:]):5.1f}"
        )
    beta = beta - 0.5 * gradient(A, y, beta)

# %% [markdown]
# The weights keep growing, and each thousand steps gain less. Will it ever end? It will not if some weights separate the classes;
# that is a question for a linear program: find $\beta$ with $(2y_i - 1)\,z_i \ge 1$ for all $i$.

# %%
signs = 2 * y - 1
program = linprog(
    np.zeros(A.shape[1]), -signs[:, None] * A, -np.ones(len(y)), bounds=(None, None)
)
assert program.success and np.all(signs * (A @ program.x) > 0.99)
print("separable:", program.message)

# %% [markdown]
# They exist: the training masses are separable, and there is no minimum. So we add a **penalty** on their length, and none on the intercept:
#
# $$J_\lambda(\beta) = J(\beta) + \lambda \lVert w \rVert^2$$
#
# Now there is one minimum. Mind the conventions: Keras's `L2(λ)` is this λ. scikit-learn minimises
# $C \cdot n J + \frac12 \lVert w \rVert^2$, so its $C$ is $1 / (2 n \lambda)$; and it penalises by default, with $C = 1$.

# %% [markdown]
# ## Three ways to one minimum
#
# We take $\lambda = 0.015$, with which 1,200 steps arrive. Lesson 05 chooses penalties by validation.

# %%
PENALTY, LEARNING_RATE, STEPS = 0.015, 0.5, 1200


def penalised_gradient(A, y, beta):
    return gradient(A, y, beta) + 2 * PENALTY * np.append(0, beta[1:])


def penalised_loss(A, y, beta):
    return cross_entropy(y, A @ beta) + PENALTY * np.sum(beta[1:] ** 2)


path = [np.zeros(A.shape[1])]
for _ in range(STEPS):
    path.append(path[-1] - LEARNING_RATE * penalised_gradient(A, y, path[-1]))
by_hand = path[-1]

in_sklearn = LogisticRegression(C=1 / (2 * len(y) * PENALTY), tol=1e-10, max_iter=10_000)
in_sklearn = in_sklearn.fit(Z, y)

# %%
model = keras.Sequential(
    [
        keras.Input((Z.shape[1],)),
        keras.layers.Dense(
            1, kernel_initializer="zeros", kernel_regularizer=keras.regularizers.L2(PENALTY)
        ),
    ],
    name="logistic",
)
model.compile(
    optimizer=keras.optimizers.SGD(LEARNING_RATE),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
)
everything = tf.data.Dataset.from_tensors((Z, y)).repeat()  # one batch, again and again
fit = training.fit(model, everything, steps_per_epoch=1, epochs=STEPS, shuffle=False)
kernel, bias = model.get_weights()

# %% [markdown]
# How far from the minimum may each be? In a bowl whose flattest curvature is $\mu$, a point with gradient $g$ lies within
# $\lVert g \rVert / \mu$ of the minimum. So we need no fourth way to tell: the gradient by hand, in `float64`, judges all three. Keras
# computes its own in `float32`, and rounding leaves a small gradient.

# %% tags=["nbval-check-output"]
found = {
    "by hand": by_hand,
    "scikit-learn": np.append(in_sklearn.intercept_, in_sklearn.coef_),
    "Keras": np.append(bias, kernel),
}
q = sigmoid(A @ by_hand)
hessian = (A * (q * (1 - q))[:, None]).T @ A / len(y)
hessian += 2 * PENALTY * np.diag([0] + [1] * Z.shape[1])
flattest = np.linalg.eigvalsh(hessian)[0]
distance = {
    name: np.linalg.norm(penalised_gradient(A, y, beta)) / flattest
    for name, beta in found.items()
}
for name, beta in found.items():
    gap = np.linalg.norm(beta - found["scikit-learn"])
    assert gap <= 1.01 * (
        distance[name] + distance["scikit-learn"]
    )  # 1 %: μ is that of the minimum
    assert distance[name] < (1e-3 if name == "Keras" else 1e-5) * np.linalg.norm(beta)
    print(f"{name:>12}: intercept {beta[0]:.3f}, first weights {beta[1:4].round(3)}")
losses = [penalised_loss(A, y, beta) for beta in path[:-1]]
np.testing.assert_allclose(fit.history["loss"], losses, rtol=1e-5)  # a mean in float32

# %%
penalty = 2 * PENALTY * np.diag([0] + [1] * Z.shape[1])
without = np.linalg.eigvalsh(hessian - penalty)[0]
print(f"flattest curvature {without:.0e} without the penalty, {flattest:.3f} with it")
for name, away in distance.items():
    print(f"{name:>12}: at most {away:.1e} from the minimum")

# %% [markdown]
# ## Where the model changes its mind
#
# The label is predicted to be 1 where $q > \frac12$, that is, where $z > 0$. The edge, $z = 0$, is linear: a line for two features.
# Fit two that can be named: the size of the nuclei, and how dented their outlines are.

# %%
PAIR = [x.columns.get_loc(name) for name in ("mean radius", "mean concave points")]
pair = LogisticRegression(C=1 / (2 * len(y) * PENALTY)).fit(Z[:, PAIR], y)
grid = np.stack(np.meshgrid(np.linspace(-2.5, 4.5, 150), np.linspace(-2, 4.5, 150)), axis=-1)
q_grid = sigmoid(grid @ pair.coef_[0] + pair.intercept_)

fig, ax = plt.subplots()
shades = ax.contourf(*grid.T, q_grid.T, levels=np.linspace(0, 1, 11), cmap="cividis", alpha=0.6)
ax.contour(*grid.T, q_grid.T, levels=[0.5], colors="black")
for label, name, marker, colour in (
    (0, "benign", "o", plots.BLUE),
    (1, "malignant", "^", plots.RED),
):
    ax.scatter(*Z[y == label][:, PAIR].T, s=14, marker=marker, color=colour, label=name)
fig.colorbar(shades, label="predicted probability of malignant")
ax.set(xlabel="mean radius (standard deviations)", ylabel="mean concave points (st. dev.)")
ax.set_title(
    f"One straight edge puts {pair.score(Z[:, PAIR], y):.0%} of the training masses right"
)
ax.legend(loc="upper left")
plots.show(fig)

# %% [markdown]
# The black line is $q = \frac12$; the bands beside it are steps of a tenth. Far from the line the model is sure, close to it unsure: there
# circles and triangles mix.

# %% [markdown]
# ## How good is it?
#
# Four things can happen; the **confusion matrix** counts them. Its rows are the truth, its columns the prediction.

# %% tags=["nbval-check-output"]
q_validation = sigmoid(design_matrix(Z_validation) @ by_hand)


def confusion(y, predicted):
    matrix = np.zeros((2, 2), int)
    np.add.at(matrix, (y, predicted.astype(int)), 1)
    return matrix


def rates(y, predicted):
    (true_0, false_1), (false_0, true_1) = confusion(y, predicted)
    return {
        "accuracy": (true_0 + true_1) / len(y),  # right, of all
        "recall": true_1 / (true_1 + false_0),  # found, of the malignant ones
        "precision": true_1 / (true_1 + false_1)
        if true_1 + false_1
        else 0.0,  # right, of the alarms
    }


predicted = q_validation > 0.5
print(confusion(y_validation, predicted))
assert np.array_equal(
    confusion(y_validation, predicted), metrics.confusion_matrix(y_validation, predicted)
)
for name, value in rates(y_validation, predicted).items():
    assert value == getattr(metrics, f"{name}_score")(y_validation, predicted)
    print(f"{name:>10}: {value:.3f}")

# %% [markdown]
# Which of the two errors is worse? A false alarm means another examination; a miss may cost a life. The model does not know
# that, and ½ is not a law: the **threshold** is ours. To see what it does we want more than 114 masses. So the training and
# validation masses are dealt into five parts, and each part is predicted by a model fitted to the other four (lesson 05).

# %%
together, truth = np.concatenate([x, x_validation]), np.concatenate([y, y_validation])


def out_of_fold(penalty):
    strength = 1 / (2 * 0.8 * len(truth) * penalty)
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=strength, tol=1e-6, max_iter=10_000)
    )
    return cross_val_predict(classifier, together, truth, cv=5, method="decision_function")


q_out = sigmoid(out_of_fold(PENALTY))
thresholds = np.linspace(0.02, 0.98, 97)
table = {
    name: [rates(truth, q_out > t)[name] for t in thresholds]
    for name in rates(truth, q_out > 0)
}
fig, ax = plt.subplots()
for (name, values), style in zip(table.items(), (":", "-", "--"), strict=True):
    ax.plot(thresholds, values, style, label=name)
ax.set(xlabel="threshold", ylabel="share", ylim=(0.6, 1.01))
ax.set_title("A lower threshold finds more and cries wolf more often")
ax.legend()
plots.show(fig)
for t in (0.1, 0.3, 0.5):
    (_, alarms), (misses, _) = confusion(truth, q_out > t)
    cost = 5 * misses + alarms
    print(
        f"threshold {t}: {misses} of {truth.sum()} missed, {alarms} false alarms, cost {cost}"
    )

# %% [markdown]
# From right to left, recall climbs and precision falls. Accuracy hardly moves in the middle: it does not ask which error was
# made. Say what an error costs, and a threshold follows: if a miss is as bad as five false alarms, 0.3 is the best of these three.

# %% [markdown]
# ### When accuracy lies
#
# In these data more than a third are malignant, for they come from a clinic. Say that among people who are screened it were 1 in
# 100. Draw such a population from our masses, keeping each one's prediction.

# %%
rng = np.random.default_rng(run.seed)
ill = rng.random(100_000) < 0.01
who = np.where(
    ill,
    rng.choice(np.flatnonzero(truth == 1), len(ill)),
    rng.choice(np.flatnonzero(truth == 0), len(ill)),
)
for name, alarm in (
    ("the model", q_out[who] > 0.5),
    ("always benign", np.zeros(len(ill), bool)),
):
    print(
        f"{name:>13}: "
        + ", ".join(f"{k} {v:.3f}" for k, v in rates(ill.astype(int), alarm).items())
    )

# %% [markdown]
# A program that always says *benign* is right 99 times in 100, and finds nobody. In the clinic nearly all the model's alarms were right.
# Here, unchanged, about two in five are false: precision belongs to the population as much as to the model. Bayes' rule says the
# same in one line. And it rests on a few false alarms: with one fewer or three more, what would it be?

# %%
(kept, alarms), (misses, found) = confusion(truth, q_out > 0.5)
recall = found / (found + misses)
for count in (alarms - 1, alarms, alarms + 3):
    of_ill, of_healthy = 0.01 * recall, 0.99 * count / (kept + alarms)
    print(
        f"{count} false alarms of {kept + alarms}: precision {of_ill / (of_ill + of_healthy):.2f}"
    )

# %% [markdown]
# So report recall and precision, for whom, and on how many cases they rest.

# %% [markdown]
# ## Can the probabilities be believed?
#
# Of the masses given 80 %, some 80 % should be malignant. That is **calibration**. Sort the predictions into bins, and compare each
# bin's mean prediction with its share of malignant ones.


# %%
def calibration(truth, q, bins=8):
    parts = np.array_split(np.argsort(q), bins)
    return np.array([[q[part].mean(), truth[part].mean()] for part in parts]).T


fig, ax = plt.subplots()
ax.plot([0, 1], [0, 1], color=plots.GREY, ls=":", label="calibrated")
for penalty, marker in ((1.0, "s--"), (PENALTY, "o-"), (0.0015, "d-"), (1e-5, "^--")):
    scores = out_of_fold(penalty)
    q = sigmoid(scores)
    ax.plot(*calibration(truth, q), marker, label=f"penalty {penalty:g}")
    unsure = np.mean((q > 0.01) & (q < 0.99))
    print(
        f"penalty {penalty:g}: {np.mean((scores > 0) == truth):.1%} right, "
        f"cross-entropy {cross_entropy(truth, scores):.3f}, neither below 1 % nor above 99 %: {unsure:.0%}"
    )
ax.set(xlabel="mean prediction of the bin", ylabel="share of malignant ones")
ax.set_title("Too much penalty: too timid; too little: too sure")
ax.legend()
plots.show(fig)

# %% [markdown]
# Each point is an eighth of the masses. With a heavy penalty the curve is steeper than the diagonal: the model says a quarter where
# nearly none is malignant. Ours is timid too, if less. A tenth of it lies closest to the diagonal and has the lowest cross-entropy. With
# hardly any the model is sure of most masses, and pays for each sure mistake: it is right a little less often, at several times
# the cross-entropy.

# %% [markdown]
# ## Ten classes
#
# For $K$ classes compute $K$ scores $z_1, \dots, z_K$, a column of weights for each, and make them positive and sum to one. That is the
# **softmax**, a function with as many outputs as inputs:
#
# $$q_k = \mathrm{softmax}(z)_k = \frac{e^{z_k}}{\sum_{j=1}^K e^{z_j}}$$
#
# The left side needs its index $k$: one of our articles prints it without. Adding a constant to all scores changes nothing, for it
# cancels. So subtract the largest score first: no exponential then exceeds 1. And two classes with scores $0$ and $z$ give
# $q_2 = \sigma(z)$: the binary model is softmax with the first score held at zero.


# %%
def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


z = np.array([1000.0, 1001.0])
with np.errstate(over="ignore", invalid="ignore"):
    print("as typed:", np.exp(z) / np.exp(z).sum())
print("stable:  ", softmax(z), "the same as of [0, 1]:", softmax(np.array([0.0, 1.0])))
some = np.random.default_rng(run.seed).normal(size=(5, 10)) * 3
np.testing.assert_allclose(softmax(some), keras.ops.softmax(some), rtol=1e-5)  # float32
np.testing.assert_allclose(
    softmax(np.column_stack([0 * some[:, 0], some[:, 0]]))[:, 1],
    sigmoid(some[:, 0]),
    rtol=1e-12,
)

# %% [markdown]
# ### Cross-entropy of two distributions
#
# Let $p$ be the truth, here 1 for the right class and 0 for the others, and $q$ the prediction:
#
# $$H(p, q) = -\sum_{k=1}^K p_k \log q_k$$
#
# The same article has the roles swapped, $-\sum_k q_k \log p_k$. Then a zero of the truth stands in the logarithm.

# %%
p, q = np.array([0.0, 1.0, 0.0]), np.array([0.1, 0.7, 0.2])
with np.errstate(divide="ignore"):
    print("swapped:", -np.sum(q * np.log(p)))
right_way = -np.sum(p[p > 0] * np.log(q[p > 0]))  # 0 log q is 0
np.testing.assert_allclose(
    right_way, keras.losses.categorical_crossentropy(p, q), rtol=1e-6
)  # float32
print(f"H(p, q) = {right_way:.3f}, which is -log 0.7")

p = np.array([0.3, 0.7])
q_first = np.linspace(0.01, 0.99, 99)
costs = -(p[0] * np.log(q_first) + p[1] * np.log(1 - q_first))
entropy = -np.sum(p * np.log(p))
print(
    f"p = (0.3, 0.7): lowest at q = {q_first[np.argmin(costs)]:.2f}, where it is {costs.min():.3f}"
)
divergence = p[0] * np.log(p[0] / q_first) + p[1] * np.log(p[1] / (1 - q_first))
np.testing.assert_allclose(costs, entropy + divergence, rtol=1e-12)

# %% [markdown]
# So cross-entropy is no *distance*: it is lowest at $q = p$, but there it is not zero. It splits in two:
#
# $$H(p, q) = \underbrace{-\sum_k p_k \log p_k}_{H(p)} + \underbrace{\sum_k p_k \log \frac{p_k}{q_k}}_{\mathrm{KL}(p \Vert q)}$$
#
# The **entropy** of the truth, which no model can lower, and the **Kullback–Leibler divergence**, zero at $q = p$ alone. A one-hot
# label has no entropy. But where the same $x$ comes with different labels, the best mean loss is the entropy of their shares.

# %% [markdown]
# ### The gradient, once more
#
# With the softmax put in, one example of class $y$ costs $\log \sum_j e^{z_j} - z_y$. Its derivative by $z_k$ is
# $e^{z_k} / \sum_j e^{z_j}$, less 1 if $k = y$:
#
# $$\frac{\partial H}{\partial z} = q - p, \qquad\qquad \nabla J(W) = \frac1n A^\top (Q - P)$$
#
# with a row for each example in $Q$ and $P$, shape $(n, K)$, and a column for each class in $W$, shape $(d + 1, K)$. The form has not
# changed since lesson 01: what was predicted less what was true, spread over the features.

# %% tags=["nbval-check-output"]
(digits, labels), (digits_validation, labels_validation), (digits_test, labels_test) = (
    data.load_digits()
)
PIXELS = digits.shape[1]
D, D_validation, D_test = (
    design_matrix(part / 16) for part in (digits, digits_validation, digits_test)
)
P = np.eye(10)[labels]  # (n, 10): one-hot


def softmax_cross_entropy(P, Z):
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - np.sum(P * Z, axis=1))


def softmax_gradient(A, P, W):
    return A.T @ (softmax(A @ W) - P) / len(P)


W = np.random.default_rng(run.seed).normal(size=(PIXELS + 1, 10)) / 5
few = slice(0, 40)
slopes = finite_differences(lambda W: softmax_cross_entropy(P[few], D[few] @ W), W)
np.testing.assert_allclose(softmax_gradient(D[few], P[few], W), slopes, rtol=0, atol=1e-8)
in_keras = keras.losses.CategoricalCrossentropy(from_logits=True)(P, D @ W)
np.testing.assert_allclose(softmax_cross_entropy(P, D @ W), in_keras, rtol=1e-6)
print("gradient", slopes.shape, "equal to finite differences")

# %% [markdown]
# By hand and in Keras: the same zeros to start from, the same steps. This time we follow the path instead of going to its end. In Keras,
# `SparseCategoricalCrossentropy` takes labels as they are, without one-hot rows.

# %%
RATE, STEPS = 0.5, run.pick(fast=300, full=1000)
W, losses = np.zeros((PIXELS + 1, 10)), []
for _ in range(STEPS):
    losses.append(softmax_cross_entropy(P, D @ W))
    W = W - RATE * softmax_gradient(D, P, W)

model = keras.Sequential(
    [keras.Input((PIXELS,)), keras.layers.Dense(10, kernel_initializer="zeros")], name="softmax"
)
model.compile(
    optimizer=keras.optimizers.SGD(RATE),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
everything = tf.data.Dataset.from_tensors((digits / 16, labels)).repeat()
fit = training.fit(model, everything, steps_per_epoch=1, epochs=STEPS, shuffle=False)
kernel, bias = model.get_weights()
np.testing.assert_allclose(fit.history["loss"], losses, rtol=1e-4)
# Each step rounds a weight by half of float32's spacing, 6e-8 of it; the bowl does not let errors grow.
np.testing.assert_allclose(
    np.vstack([bias, kernel]), W, rtol=0, atol=STEPS * 6e-8 * np.abs(W).max()
)
print(f"largest gap of a weight: {np.abs(np.vstack([bias, kernel]) - W).max():.1e}")

# %%
guesses = np.argmax(D_validation @ W, axis=1)
wrong = np.flatnonzero(guesses != labels_validation)
surest = wrong[np.argsort(-softmax(D_validation[wrong] @ W).max(axis=1))][:6]
matrix = metrics.confusion_matrix(labels_validation, guesses)
pairs = np.count_nonzero(matrix) - 10
print(f"{len(wrong)} of {len(guesses)} digits wrong, in {pairs} different ways")

# %%
fig = plt.figure(figsize=(10, 4))
left, right = fig.subfigures(1, 2)
ax = left.subplots()
ax.imshow(np.where(matrix, matrix, np.nan), cmap="cividis")
for row, column in zip(*np.nonzero(matrix), strict=True):
    shade = "black" if matrix[row, column] > 20 else "white"
    ax.text(column, row, matrix[row, column], ha="center", va="center", color=shade)
ax.set(xlabel="predicted", ylabel="true", xticks=range(10), yticks=range(10))
ax.set_title("The errors are spread over many pairs")
for ax, k in zip(right.subplots(2, 3).flat, surest, strict=True):
    ax.imshow(digits_validation[k].reshape(8, 8), cmap="gray_r")
    q = softmax(D_validation[k] @ W)
    ax.set_title(f"{labels_validation[k]}, read as {guesses[k]} ({q.max():.0%})", fontsize=9)
    ax.axis("off")
plots.show(fig)

# %% [markdown]
# On the diagonal stand the digits read right. Hardly any confusion happens twice. On the right are the surest mistakes: with 64
# pixels some are hard for a person too.

# %% [markdown]
# ## "Overfits because the dimension is high"
#
# The articles call these *linear regression models* that overfit *in high dimension*. The first is a matter of words: they are generalised linear
# models, with another loss. The second can be measured. Does the number of features matter by itself? Give four copies of each
# pixel, or 64 pixels and 192 columns of noise: 256 features both.

# %%
together = np.concatenate([digits, digits_validation]) / 16
answers = np.concatenate([labels, labels_validation])
copies = np.repeat(together, 4, axis=1)
noise = np.random.default_rng(run.seed).random((len(together), 3 * PIXELS))
SIZES, DRAWS = (30, 60, 120, 300, 700, len(labels)), run.pick(fast=3, full=10)


def accuracies(features, strength, size):
    scores = []
    for seed in range(DRAWS):
        a, b, answers_a, answers_b = train_test_split(
            features,
            answers,
            train_size=size,
            test_size=360,
            random_state=seed,
            stratify=answers,
        )
        classifier = LogisticRegression(C=strength, max_iter=300).fit(a, answers_a)
        scores.append((classifier.score(a, answers_a), classifier.score(b, answers_b)))
    return np.mean(scores, axis=0)


# %%
CASES = {
    "64 pixels": (together, 1.0),
    "64 pixels, hardly any penalty": (together, 1e4),
    "four copies of each pixel": (
        copies,
        1 / 4,
    ),  # a fourth of the weight each: the same penalty
    "64 pixels and 192 columns of noise": (np.hstack([together, noise]), 1.0),
}
with threadpool_limits(1):  # these tables are small: more threads would wait for each other
    curves = {
        name: np.array([accuracies(*case, n) for n in SIZES]) for name, case in CASES.items()
    }
assert np.abs(curves["64 pixels"] - curves["four copies of each pixel"]).max() < 0.01
for name, curve in curves.items():
    gaps = ", ".join(f"{a - b:.3f}" for a, b in curve[[0, -1]])
    print(f"{name:>34}: gap with {SIZES[0]} and {SIZES[-1]} digits: {gaps}")

# %%
fig, ax = plt.subplots()
for name, colour in zip(
    curves, (plots.BLUE, plots.ORANGE, plots.GREEN, plots.RED), strict=True
):
    ax.semilogx(SIZES, curves[name][:, 0], "--", color=colour)
    ax.semilogx(SIZES, curves[name][:, 1], "o-", color=colour, label=name)
ax.plot([], [], "--", color=plots.GREY, label="on the training digits")
ax.set(xlabel="training digits", ylabel="accuracy")
ax.set_title("More examples close the gap; empty features widen it")
ax.legend()
plots.show(fig)

# %% [markdown]
# Dashed is training, solid is new digits. With 30 examples the training digits are learnt by heart and a fifth of new ones is missed;
# with a thousand the gap is small. Four copies of each pixel lie on the curve of one: they bring no freedom. Noise does, and costs most
# where examples are few. So it is not the dimension: what counts is the number of examples for the freedom that the features
# leave. A penalty takes freedom away; here that shows with many examples more than with few.

# %% [markdown]
# ## A program from an article, repaired
#
# It makes 100 rows of 5 features, trains on 80, tests on 20, and prints an accuracy. scikit-learn's penalty goes unmentioned. How much
# can 20 rows tell?

# %%
X, classes = make_classification(n_samples=100, n_features=5, random_state=42)
X_train, X_rest, y_train, y_rest = train_test_split(X, classes, test_size=0.2, random_state=42)
print("as printed:", LogisticRegression().fit(X_train, y_train).score(X_rest, y_rest))
folds = cross_val_score(LogisticRegression(), X, classes, cv=5)
print("five parts, each tested once:", folds, f"mean {folds.mean():.2f}")

small, large = [], []
for seed in range(200):
    X, classes = make_classification(n_samples=5_100, n_features=5, random_state=seed)
    classifier = LogisticRegression().fit(X[:80], classes[:80])
    small.append(classifier.score(X[80:100], classes[80:100]))
    large.append(classifier.score(X[100:], classes[100:]))
off = np.abs(np.array(small) - large)
print(
    f"200 such problems: 20 rows are off by {off.mean():.3f} on average, by more than 0.1 in {np.mean(off > 0.1):.0%}"
)
perfect = np.array(small) == 1
print(
    f"where 20 rows say 1.0 ({perfect.sum()} times), 5,000 say {np.array(large)[perfect].mean():.3f} on average"
)

# %% [markdown]
# These 100 rows are easy, and all of them, each tested once, say more than 20. One row of 20 is 5 points. "Accuracy 1.0" means that no error was seen in 20 tries, and is no promise for the next. Test on
# more rows, or on all of them in turn, and say how far the number may be off.

# %% [markdown]
# ## Once, on the test data
#
# For the masses: the weights found above and the threshold 0.3, at which the costs were lowest. For the digits: the path's last weights.
# The **bootstrap** of lesson 01 tells how far chance moves these numbers.

# %% tags=["headline"]
alarm = sigmoid(design_matrix(Z_test) @ by_hand) > 0.3
right = np.argmax(D_test @ W, axis=1) == labels_test
share = rates(y_test, alarm)
print(
    f"masses: recall {share['recall']:.2f}, precision {share['precision']:.2f}; digits: {right.mean():.3f} right"
)

# %%
rng = np.random.default_rng(run.seed)
draws = rng.integers(len(y_test), size=(2000, len(y_test)))
for name in ("accuracy", "recall", "precision"):
    low, high = np.quantile([rates(y_test[k], alarm[k])[name] for k in draws], [0.025, 0.975])
    print(f"{name:>16}: {share[name]:.3f}, 95 % of the draws between {low:.2f} and {high:.2f}")
print(f"always benign is right for {np.mean(y_test == 0):.3f}")
draws = rng.integers(len(right), size=(2000, len(right)))
low, high = np.quantile(right[draws].mean(axis=1), [0.025, 0.975])
print(
    f"digits, accuracy: {right.mean():.3f}, 95 % of the draws between {low:.3f} and {high:.3f}"
)
assert share["accuracy"] > np.mean(y_test == 0)
assert low > 0.8  # guessing one digit is right for a tenth

# %% [markdown]
# No malignant mass was missed, so no draw from them misses one: the bootstrap cannot see what did not happen. Ask instead: which share
# of misses would still leave $n$ masses without one in 1 of 20 tries? The $m$ with $(1 - m)^n = 0.05$.

# %%
n = y_test.sum()
print(f"with {n} malignant masses and no miss, up to {1 - 0.05 ** (1 / n):.1%} may be missed")
assert np.all(alarm[y_test == 1])

# %% [markdown]
# ## What to keep
#
# - A score is any number; sigmoid and softmax turn scores into probabilities. Give losses the scores, not the probabilities.
# - Cross-entropy, $-\sum p \log q$ with $p$ the truth, has the gradient $q - p$ in the scores. Its minimum is at $q = p$, and is the
#   entropy of $p$.
# - Separable classes send the weights to infinity; a penalty stops them. `L2(λ)` in Keras is $C = 1/(2n\lambda)$ in scikit-learn.
# - Accuracy hides which errors are made, and to whom. Report recall and precision; choose the threshold; check calibration.
#
# Next: the [exercises](exercises/02_logistic_regression.ipynb), then lesson 03, where layers are stacked.

# %% [markdown]
# ### Sources
#
# - Breast cancer: W. Wolberg et al. (1993), [doi:10.24432/C5DW2B](https://doi.org/10.24432/C5DW2B). Digits: E. Alpaydin, C. Kaynak (1998),
#   [doi:10.24432/C50P49](https://doi.org/10.24432/C50P49). Both UCI, by way of scikit-learn.
# - Logistic regression: Hastie, Tibshirani, Friedman, *The Elements of Statistical Learning* (2009), 4.4; penalties and many
#   features: chapter 18.
# - Overflow and the stable softmax: Goodfellow, Bengio, Courville, *Deep Learning* (2016), 4.1; cross-entropy and KL: 3.13.
# - No event in $n$ tries: Hanley & Lippman-Hand (1983), *If nothing goes wrong, is everything all right?*
# - The articles (see lesson 00): S1-4.2, 5.2, 7.14 to 7.17; S4-3.1, 4.2.

# %% [markdown] tags=["exercises"]
# # 02 · Logistic regression: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("02.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../02_logistic_regression.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 02.1 A sigmoid that does not overflow
#
# It is called with scores of any size, and NumPy's warnings count as errors here.


# %%
def sigmoid(z):
    """1 / (1 + exp(-z)), entry by entry, for any finite z.

    Args:
        z: float array of any shape.
    Returns:
        float array of the same shape, between 0 and 1.

    sigmoid(np.array([0.0, -1000.0, 1000.0])) is [0.5, 0.0, 1.0].
    """
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)
    ### END SOLUTION


# %%
check("02.1", sigmoid)

# %% [markdown]
# ## 02.2 Softmax
#
# Of each row, since a row is an example. Scores may be large.


# %%
def softmax(Z):
    """Softmax of each row.

    Args:
        Z: float array (n, K), the scores.
    Returns:
        float array (n, K), whose rows sum to 1.

    softmax(np.array([[0.0, 0.0], [1000.0, 1001.0]])) is [[0.5, 0.5], [0.269, 0.731]].
    """
    ### BEGIN SOLUTION
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %%
check("02.2", softmax)

# %% [markdown]
# ## 02.3 Cross-entropy of scores
#
# From the scores, not from probabilities, so that a sure and wrong prediction costs much but not infinitely much.


# %%
def cross_entropy(labels, Z):
    """Mean cross-entropy of the softmax of the scores.

    Args:
        labels: int array (n,), the right classes, 0 to K - 1.
        Z: float array (n, K), the scores.
    Returns:
        float.

    cross_entropy(np.array([1]), np.array([[0.0, 0.0]])) is log 2, 0.693;
    cross_entropy(np.array([0]), np.array([[0.0, 800.0]])) is 800.
    """
    ### BEGIN SOLUTION
    Z = Z - Z.max(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[rows, labels])
    ### END SOLUTION


# %%
check("02.3", cross_entropy)

# %% [markdown]
# ## 02.4 Its gradient
#
# By the weights. The check moves each weight a little and watches the loss.


# %%
def gradient(A, labels, W):
    """Gradient of the mean cross-entropy of the softmax of A @ W, by W.

    Args:
        A: float array (n, d), a row for each example.
        labels: int array (n,), the right classes, 0 to K - 1.
        W: float array (d, K).
    Returns:
        float array (d, K).

    gradient(np.array([[2.0]]), np.array([0]), np.array([[0.0, 0.0]])) is [[-1, 1]].
    """
    ### BEGIN SOLUTION
    Z = A @ W
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    Q = e / e.sum(axis=1, keepdims=True)
    Q[np.arange(len(labels)), labels] -= 1
    return A.T @ Q / len(labels)
    ### END SOLUTION


# %%
check("02.4", gradient)

# %% [markdown]
# ## 02.5 Precision and recall
#
# At a threshold. Where there is no alarm, let precision be 0; where nothing is to be found, let recall be 0.


# %%
def precision_and_recall(y, q, threshold):
    """Precision and recall of the alarms q > threshold.

    Args:
        y: int array (n,), 1 for what is looked for, else 0.
        q: float array (n,), predicted probabilities of 1.
        threshold: float; an alarm is a probability above it.
    Returns:
        (precision, recall), two floats.

    precision_and_recall(np.array([1, 1, 0]), np.array([0.9, 0.2, 0.8]), 0.5) is (0.5, 0.5).
    """
    ### BEGIN SOLUTION
    alarm = q > threshold
    found = np.sum(alarm & (y == 1))
    precision = found / alarm.sum() if alarm.any() else 0.0
    recall = found / np.sum(y == 1) if np.any(y == 1) else 0.0
    return precision, recall
    ### END SOLUTION


# %%
check("02.5", precision_and_recall)

# %% [markdown]
# With a threshold below 0 all are alarms: recall is 1, and precision is the share of what is looked for.
