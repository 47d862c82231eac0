# ---
# jupyter:
#   course:
#     question: "The training loss went down: has the model learnt, and which remedies help?"
# ---

# %% [markdown]
# # 05 · Generalisation
#
# | | |
# |---|---|
# | **You will be able to** | tell underfitting from overfitting; choose a model by cross-validation; write ridge, lasso, dropout, batch normalisation, early stopping and a forest's vote by hand; say which remedy helps against what |
# | **You need first** | [lesson 01](01_linear_regression.ipynb): three heaps of data, bootstrap; [lesson 02](02_logistic_regression.ipynb): penalties; [lesson 03](03_neural_networks.ipynb): backward pass, `GradientTape`; [lesson 04](04_optimization.ipynb): Adam |
# | **Time** | 60 minutes to read; it runs in under a minute on a CPU, and a GPU gains little |
# | **Data** | a curve that we draw ourselves; Auto MPG; clothes; breast masses; digits |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=5)

# %% [markdown]
# Here the seed draws samples, folds, initial weights and the test cars. The text describes what seed 5 gives in the fast
# profile.

# %% tags=["setup"]
import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from numpy.polynomial.chebyshev import chebvander
from scipy.stats import binom
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_circles
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import KFold, RepeatedKFold, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from course_lib import data, plots, training

plots.use_style()
warnings.filterwarnings("ignore", "Unknown solver options")  # older scikit-learn, later SciPy
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## The question
#
# A model is fitted to training data and used on others. Its error on new data is the **generalisation error**. To see
# it plainly, let us make the data: a curve that we know, and noise whose variance we know. Then the smallest possible
# error is known too: lesson 01's floor.

# %%
NOISE, ROWS = 0.5, 30


def truth(x):
    return np.sin(4 * x) + x / 2


def draw(n, rng):
    """Rows (x, y): x spread over -1 to 1, denser at the ends, where polynomials are wild."""
    x = np.cos(np.pi * (np.arange(n) + rng.random(n)) / n)
    return x, truth(x) + NOISE * rng.normal(size=n)


def polynomial(x, y, degree):
    """Coefficients of the least-squares polynomial."""
    return np.linalg.lstsq(chebvander(x, degree), y, rcond=None)[0]


rng = np.random.default_rng(run.seed)
x, y = draw(ROWS, rng)
x_new, y_new = draw(2000, rng)
print(f"variance of the noise: {NOISE**2}")
for degree in (1, 5, 25):
    coefficients = polynomial(x, y, degree)
    on_training = np.mean((y - chebvander(x, degree) @ coefficients) ** 2)
    on_new = np.mean((y_new - chebvander(x_new, degree) @ coefficients) ** 2)
    print(f"degree {degree:2}: training error {on_training:.2f}, on new rows {on_new:.2f}")

# %% [markdown]
# The features are **Chebyshev polynomials** $T_0(x), \dots, T_p(x)$, with $T_k(\cos u) = \cos k u$. They span the same
# curves as the powers $1, x, \dots, x^p$, but are almost uncorrelated here. With powers, lesson 01's normal equations
# would lose digits:

# %%
for degree in (10, 25):
    for name, features in (
        ("powers", np.vander(x, degree + 1)),
        ("Chebyshev", chebvander(x, degree)),
    ):
        lost = np.log10(np.linalg.cond(features.T @ features))
        print(
            f"degree {degree}, {name:>9}: about {min(lost, 16):4.1f} of float64's 16 digits lost"
        )

# %% [markdown]
# Back to the errors above. Degree 1 is wrong on the training rows and on new ones: it **underfits**. Degree 25 is best
# on the training rows and worse on new ones: it **overfits**. Some noise is always learnt by heart: degree 5, too, is
# below the floor on its own rows.

# %% [markdown]
# ### Why the curve is a U
#
# Draw the 30 rows again, 200 times, and fit each time. At a place $x$ the fits $\hat f(x)$ scatter around their mean
# $\bar f(x)$. On average, a new observation $y = f(x) + \varepsilon$ is missed by
#
# $$\mathbb E\,(y - \hat f)^2 = \underbrace{\sigma^2}_{\text{noise}} + \underbrace{(\bar f - f)^2}_{\text{bias}^2} + \underbrace{\mathbb E\,(\hat f - \bar f)^2}_{\text{variance}}$$
#
# since the cross terms have mean zero: $\varepsilon$ is independent of the fit, and $\hat f - \bar f$ has mean zero.

# %%
DEGREES, SAMPLES = np.arange(26), run.pick(fast=200, full=2000)
grid = np.cos(np.pi * (np.arange(300) + 0.5) / 300)
fits = np.empty((len(DEGREES), SAMPLES, len(grid)))
training_error = np.empty((len(DEGREES), SAMPLES))
for sample in range(SAMPLES):
    x_again, y_again = draw(ROWS, rng)
    for degree in DEGREES:
        coefficients = polynomial(x_again, y_again, degree)
        residuals = y_again - chebvander(x_again, degree) @ coefficients
        training_error[degree, sample] = np.mean(residuals**2)
        fits[degree, sample] = chebvander(grid, degree) @ coefficients
bias2 = ((fits.mean(axis=1) - truth(grid)) ** 2).mean(axis=1)
variance = fits.var(axis=1).mean(axis=1)
y_grid = truth(grid) + NOISE * rng.normal(size=(SAMPLES, len(grid)))
new_error = ((y_grid - fits) ** 2).mean(axis=(1, 2))
# 60,000 noise terms: their mean square is within 0.6 % of the variance, mostly.
np.testing.assert_allclose(NOISE**2 + bias2 + variance, new_error, rtol=0.03)
assert np.all(np.diff(training_error, axis=0) < 1e-9)  # another feature never hurts there
# With no bias left, each of p + 1 coefficients takes 1/n of the noise with it.
expected = NOISE**2 * (1 - (DEGREES + 1) / ROWS)
gap = training_error.mean(axis=1) - expected
assert np.abs(gap[7:]).max() < 0.02  # five standard errors

# %%
best = DEGREES[new_error.argmin()]
assert 3 <= best <= 7
assert new_error[25] > 1.3 * new_error[best]
assert new_error[1] > 1.3 * new_error[best]
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
axes[0].plot(x, y, "o", color=plots.GREY, ms=4)
line = np.linspace(-1, 1, 400)
axes[0].plot(line, truth(line), color="black", ls=":", label="truth")
for degree, colour in ((1, plots.ORANGE), (5, plots.BLUE), (25, plots.RED)):
    curve = chebvander(line, degree) @ polynomial(x, y, degree)
    axes[0].plot(line, curve, color=colour, label=f"degree {degree}")
axes[0].set(xlabel="x", ylabel="y", ylim=(-2.6, 3.4))
axes[0].set_title("Too stiff, about right, too wild")
axes[0].legend(ncols=2, loc="upper center")
axes[1].plot(
    DEGREES, training_error.mean(axis=1), "--", color=plots.BLUE, label="training error"
)
axes[1].plot(DEGREES, new_error, color=plots.BLUE, label="error on new rows")
axes[1].plot(DEGREES, bias2, "-.", color=plots.GREEN, label="bias²")
axes[1].plot(DEGREES, variance, "-.", color=plots.RED, label="variance")
axes[1].axhline(NOISE**2, color=plots.GREY, ls=":", label="noise")
axes[1].set(xlabel="degree", ylabel="mean squared error", ylim=(0, 0.85))
axes[1].set_title(f"Mean of {SAMPLES} samples: lowest at degree {best}")
axes[1].legend(loc="upper right", ncols=2)
plots.show(fig)

# %% [markdown]
# Right: with the degree the bias falls and the variance grows; their sum with the noise is the U. The dashed training
# error only falls, through the floor. It says nothing about the right end. So **underfitting** is a large error on
# both; **overfitting** is a gap that grows faster than the bias falls.

# %% [markdown]
# ## And back: more data, or a penalty
#
# Two ways lead back from degree 25. **More data** shrinks the variance. Or forbid wild curves: **ridge regression**
# adds lesson 02's penalty on the length of the weights, and none on the intercept:
#
# $$\min_{\beta_0, w}\; \sum_{i=1}^n (y_i - \beta_0 - w^\top x_i)^2 + \lambda \lVert w \rVert^2$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $x_i$ | features of row $i$ | $(d,)$; all: $(n, d)$ | `X` |
# | $w$, $\beta_0$ | weights, intercept | $(d,)$, a number | `weights`, `intercept` |
# | $\lambda$ | strength of the penalty | a number | `penalty` |

# %% [markdown]
# The intercept is free, so at the minimum the residuals have mean zero. Hence subtract the means of features and
# targets first, and the intercept drops out. For the rest set the gradient $-2X^\top(y - Xw) + 2\lambda w$ to zero:
#
# $$w = (X^\top X + \lambda I)^{-1} X^\top y, \qquad \beta_0 = \bar y - \bar x^\top w$$
#
# scikit-learn's `Ridge(alpha)` has the same sum. Keras has a mean: `L2(λ/n)`. We compare by the gradient: at the
# minimum it vanishes.


# %%
def ridge(X, y, penalty):
    """Ridge regression, returns the intercept and the weights."""
    centred = X - X.mean(axis=0)
    matrix = centred.T @ centred + penalty * np.eye(X.shape[1])
    weights = np.linalg.solve(matrix, centred.T @ (y - y.mean()))
    return y.mean() - X.mean(axis=0) @ weights, weights


X = chebvander(x, 25)[:, 1:]  # (30, 25): the intercept takes the part of T_0 = 1
intercept, weights = ridge(X, y, penalty=3.0)
in_sklearn = Ridge(alpha=3.0).fit(X, y)
np.testing.assert_allclose(weights, in_sklearn.coef_, rtol=1e-9)  # float64, well conditioned
np.testing.assert_allclose(intercept, in_sklearn.intercept_, rtol=1e-9)

layer = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(3.0 / ROWS))
layer.build(X.shape)
lengths = {}
for name, start in (("at zero", 0.0), ("at the minimum", 1.0)):
    layer.set_weights([start * weights[:, None], start * np.array([intercept])])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((y.astype("float32") - layer(X)[:, 0]) ** 2) + sum(layer.losses)
    gradients = tape.gradient(loss, layer.trainable_variables)
    lengths[name] = float(tf.linalg.global_norm(gradients))
    print(f"Keras's gradient {name}: length {lengths[name]:.1e}")
assert lengths["at the minimum"] < 1e-5 * lengths["at zero"]  # float32 has seven digits

# %%
PENALTIES = np.logspace(-3, 4, 29)
X_new, stiff, stiff_new = chebvander(x_new, 25)[:, 1:], x[:, None], x_new[:, None]


def errors_by_penalty(X, X_new):
    """Training and new mean squared error at each penalty, (29, 2)."""
    rows = []
    for penalty in PENALTIES:
        intercept, weights = ridge(X, y, penalty)
        pairs = ((X, y), (X_new, y_new))
        rows.append([np.mean((t - intercept - A @ weights) ** 2) for A, t in pairs])
    return np.array(rows)


wild, line_errors = errors_by_penalty(X, X_new), errors_by_penalty(stiff, stiff_new)
SIZES = (30, 40, 60, 100, 200, 500, 2000)
by_size = {degree: [] for degree in (1, 5, 25)}
with threadpool_limits(1):  # small tables: more threads would wait for each other
    for size in SIZES:
        samples = [draw(size, rng) for _ in range(50)]
        for degree, curve in by_size.items():
            misses = [
                (y_new - chebvander(x_new, degree) @ polynomial(*sample, degree)) ** 2
                for sample in samples
            ]
            curve.append(np.mean(misses))
assert by_size[25][-1] < 1.1 * NOISE**2 < 2 * NOISE**2 < by_size[1][-1]

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
for name, errors, colour in (
    ("degree 25", wild, plots.RED),
    ("degree 1", line_errors, plots.ORANGE),
):
    axes[0].semilogx(PENALTIES, errors[:, 0], "--", color=colour)
    axes[0].semilogx(PENALTIES, errors[:, 1], color=colour, label=name)
axes[0].set(xlabel=r"penalty $\lambda$", ylabel="mean squared error", ylim=(0, 1.15))
axes[0].set_title("A penalty helps degree 25, not degree 1")
for (degree, curve), colour in zip(
    by_size.items(), (plots.ORANGE, plots.BLUE, plots.RED), strict=True
):
    axes[1].semilogx(SIZES, curve, "o-", color=colour, label=f"degree {degree}")
axes[1].set(xlabel="training rows", xticks=SIZES, xticklabels=SIZES)
axes[1].minorticks_off()
axes[1].set_title("More rows close the variance, not the bias")
for ax in axes:
    ax.axhline(NOISE**2, color=plots.GREY, ls=":", label="noise")
axes[0].plot([], [], "--", color=plots.GREY, label="on the training rows")
axes[0].legend(ncols=2, loc="upper left")
axes[1].legend(ncols=2, loc="upper right")
plots.show(fig)

# %% [markdown]
# Left: with the penalty the red training error rises, while the error on new rows falls and then rises: the U, walked
# backwards. Right: with many rows degree 25 is as good as degree 5. Degree 1 stays high in both: no data and no penalty
# bend a line.

# %% [markdown]
# ### "Regularisation prevents over- and underfitting"
#
# So one of the articles says, by adding complexity or by removing parameters. A penalty does neither. All 25 weights
# stay, shorter; and a penalised fit can only be stiffer than a free one. Its training error never falls with $\lambda$.

# %%
for name, errors, features in (("degree 25", wild, X), ("degree 1", line_errors, stiff)):
    norms = [np.linalg.norm(ridge(features, y, penalty)[1]) for penalty in PENALTIES]
    assert np.all(np.diff(errors[:, 0]) > 0)
    assert np.all(np.diff(norms) < 0)
    gain = errors[0, 1] - errors[:, 1].min()
    print(
        f"{name:>9}: length of the weights {norms[0]:.2f} to {norms[-1]:.3f}; "
        f"a penalty gains up to {gain:.3f} on new rows"
    )
    assert (gain > 0.02) if name == "degree 25" else (gain < 0.02)
assert np.all(ridge(X, y, PENALTIES[-1])[1] != 0)

# %% [markdown]
# More data help most in the region that they cover. Beyond it the fit stays far off:

# %%
x_beyond = np.linspace(1, 1.3, 100)
for size in (30, 3000):
    distances = []
    for _ in range(50):
        coefficients = polynomial(*draw(size, rng), 5)
        distances.append(
            [
                np.mean((truth(at) - chebvander(at, 5) @ coefficients) ** 2)
                for at in (grid, x_beyond)
            ]
        )
    inside, outside = np.median(distances, axis=0)
    print(
        f"{size:5} rows: squared distance to the truth {inside:.4f} inside, {outside:.2f} beyond"
    )
    assert outside > 10 * inside

# %% [markdown]
# ## Cross-validation
#
# Usually there are no 2,000 new rows. With 30 rows, a validation part of 6 says little, and lacks in training. **k-fold
# cross-validation** lets every row serve for both: deal the rows into $k$ folds; fit on $k - 1$ of them; test on the
# one held out; repeat for each fold; average.
#
# The folds must be **disjoint**, else a row is tested by a fit that has seen it, and **cover** all rows. Shuffle first:
# rows often come sorted.


# %% tags=["nbval-check-output"]
def deal(n, k, rng):
    """k disjoint folds that cover the rows 0 to n - 1; sizes differ by at most one."""
    return np.array_split(rng.permutation(n), k)


def cross_validate(x, y, degree, folds):
    """Mean squared error on each fold, of a polynomial fitted to the others."""
    errors = []
    for fold in folds:
        others = np.setdiff1d(np.arange(len(y)), fold)
        coefficients = polynomial(x[others], y[others], degree)
        errors.append(np.mean((y[fold] - chebvander(x[fold], degree) @ coefficients) ** 2))
    return np.array(errors)


seven = deal(ROWS, 7, np.random.default_rng(run.seed))
print("sizes of 7 folds:", [len(fold) for fold in seven])
assert sorted(np.concatenate(seven)) == list(range(ROWS))
order = np.random.default_rng(run.seed).permutation(ROWS)
for fold, (_, held_out) in zip(seven, KFold(7).split(order), strict=True):
    assert np.array_equal(fold, order[held_out])

# %%
folds = deal(ROWS, 10, np.random.default_rng(run.seed))
splits = [(np.setdiff1d(np.arange(ROWS), fold), fold) for fold in folds]
means, spread = [], []
for degree in range(16):
    pipeline = make_pipeline(
        FunctionTransformer(chebvander, kw_args={"deg": degree}),
        LinearRegression(fit_intercept=False),  # T_0 = 1 is among the features
    )
    in_sklearn = -cross_val_score(pipeline, x, y, cv=splits, scoring="neg_mean_squared_error")
    errors = cross_validate(x, y, degree, folds)
    # Both solve least squares in float64; a fold without its end rows can be poorly conditioned.
    np.testing.assert_allclose(errors, in_sklearn, rtol=1e-6)
    means.append(errors.mean())
    spread.append(errors.std(ddof=1) / np.sqrt(len(folds)))
chosen = int(np.argmin(means))
print(f"10 folds choose degree {chosen}; {SAMPLES} samples are best at degree {best}")
assert 3 <= chosen <= 12

# %% [markdown]
# Equal to scikit-learn's, fold by fold. (Below, ± is the standard error of the mean of the ten.) One of the articles
# says: *train and test on each subset*. Taken at its word, a row is tested by the fit that has seen it:


# %%
def same_subset(degree):
    misses = [y[f] - chebvander(x[f], degree) @ polynomial(x[f], y[f], degree) for f in folds]
    return np.mean(np.concatenate(misses) ** 2)


for degree in (1, 3, 5):
    print(
        f"degree {degree}: on its own subset {same_subset(degree):.3f}, "
        f"cross-validated {means[degree]:.2f} ± {spread[degree]:.2f}, {SAMPLES} samples {new_error[degree]:.2f}"
    )
assert same_subset(5) < 1e-9  # six coefficients for three rows

# %% [markdown]
# ## Lasso: weights that are zero
#
# Put absolute values in place of the squares, here with scikit-learn's $\frac{1}{2n}$:
#
# $$\min_{w}\; \frac{1}{2n} \lVert y - Xw \rVert^2 + \alpha \lVert w \rVert_1, \qquad \lVert w \rVert_1 = \sum_j |w_j|$$
#
# with features and targets centred, and features of standard deviation 1.

# %% [markdown]
# Hold all weights but $w_j$. With $\rho_j =
# \frac1n x_j^\top(y - \sum_{l \ne j} x_l w_l)$ it remains to minimise $\frac12 w_j^2 - \rho_j w_j + \alpha|w_j|$. For
# $w_j > 0$ the slope is zero at $\rho_j - \alpha$, for $w_j < 0$ at $\rho_j + \alpha$. If neither has the right sign,
# the minimum is at the kink:
#
# $$w_j = S(\rho_j, \alpha) = \mathrm{sign}(\rho_j)\,\max(|\rho_j| - \alpha, 0) \qquad \text{(soft threshold)}$$

# %% [markdown]
# Times $2n$, the first term is ridge's, so $\lambda$ is compared with $2n\alpha$. Go round the weights until none
# moves: **coordinate descent**. Ridge instead divides: $w_j = \rho_j / (1 + \lambda/n)$, which is zero only if $\rho_j$
# is.
#
# The data are lesson 01's cars: six measures, their squares and products. The test cars are put aside until the end.

# %% tags=["nbval-check-output"]
cars = data.load_auto_mpg().dropna()
rest, test = train_test_split(cars, test_size=0.2, random_state=run.seed)
MEASURES = ["cylinders", "displacement_in3", "horsepower"]
MEASURES += ["weight_lb", "acceleration_s", "model_year"]


def prepare():
    """Six standardised measures, their squares and products, all standardised."""
    return make_pipeline(
        StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler()
    )


measures, mpg = rest[MEASURES].to_numpy(float), rest["mpg"].to_numpy()
Z = prepare().fit_transform(measures)
print("rows and features:", Z.shape)


# %%
def soft_threshold(rho, alpha):
    return np.sign(rho) * np.maximum(np.abs(rho) - alpha, 0)


def lasso(Z, y, alpha, weights, tolerance=1e-7):
    """Coordinate descent from `weights`, for centred features with standard deviation 1."""
    gram, moments = Z.T @ Z / len(y), Z.T @ (y - y.mean()) / len(y)
    weights = weights.copy()
    while True:
        before = weights.copy()
        for j in range(len(weights)):
            rho = moments[j] - gram[j] @ weights + weights[j]  # gram[j, j] is 1
            weights[j] = soft_threshold(rho, alpha)
        if np.abs(weights - before).max() < tolerance:
            return weights


ALPHAS = np.logspace(np.log10(7), -2, 25)
lasso_path = [np.zeros(Z.shape[1])]
for alpha in ALPHAS:  # start each from the one before
    lasso_path.append(lasso(Z, mpg, alpha, lasso_path[-1]))
lasso_path = np.array(lasso_path[1:])
for k in (8, 16, 24):
    in_sklearn = Lasso(alpha=ALPHAS[k], tol=1e-12, max_iter=1_000_000).fit(Z, mpg).coef_
    # Both stop a little before the minimum; the features are correlated, and the bowl is flat.
    np.testing.assert_allclose(lasso_path[k], in_sklearn, atol=1e-3)
    assert np.array_equal(lasso_path[k] == 0, in_sklearn == 0)

# %%
ridge_path = np.array([ridge(Z, mpg, 2 * len(mpg) * alpha)[1] for alpha in ALPHAS])
zeros = {
    name: np.sum(path == 0, axis=1)
    for name, path in (("ridge", ridge_path), ("lasso", lasso_path))
}
fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
for ax, path in zip(axes, (ridge_path, lasso_path), strict=True):
    ax.semilogx(ALPHAS, path[:, :6], color=plots.BLUE, lw=1.2)
    ax.semilogx(ALPHAS, path[:, 6:], color=plots.ORANGE, lw=1)
    ax.invert_xaxis()
    ax.set_xlabel(r"$\alpha$, falling; for ridge $\lambda = 2n\alpha$")
axes[0].plot([], color=plots.BLUE, label="measures")
axes[0].plot([], color=plots.ORANGE, label="squares and products")
axes[0].legend(loc="lower left")
axes[0].set_ylabel("weight (miles per gallon for a st. dev.)")
axes[0].set_title(f"Ridge: all {Z.shape[1]} weights at every penalty")
axes[1].set_title(f"Lasso: {zeros['lasso'][12]} are zero half-way along")
plots.show(fig)
assert zeros["ridge"].max() == 0
assert zeros["lasso"][12] > Z.shape[1] / 2

# %% [markdown]
# From left to right the penalty falls. On the left all ridge weights are small, but none is zero; a few later cross
# zero, and none stays there. The lasso's enter one after the other: here a penalty does choose features, because of the
# kink at zero.

# %% [markdown]
# Gradient descent, as Keras's `L1` uses it, steps over that kink: weights hover near zero, and few or none are zero.
# Cut them off, or use coordinate descent.

# %%
alpha, gram, moments = ALPHAS[12], Z.T @ Z / len(mpg), Z.T @ (mpg - mpg.mean()) / len(mpg)
w = np.zeros(Z.shape[1])
for _ in range(5000):
    w = w - 0.01 * (gram @ w - moments + alpha * np.sign(w))
small = np.sum(np.abs(w) < 0.02)
print(f"descent with α = {alpha:.2f}: {np.sum(w == 0)} zeros, {small} smaller than 0.02")
print(f"coordinate descent: {zeros['lasso'][12]} zeros")
assert np.sum(w == 0) < zeros["lasso"][12] / 2

# %% [markdown]
# What is a penalty worth on new cars? Ask ten folds, dealt three times. The scaling is inside the pipeline, so that
# each fit measures it on its own nine folds.

# %%
MODELS = {
    "least squares": LinearRegression(),
    "ridge, λ = 10": Ridge(10),
    "lasso, α = 0.05": Lasso(0.05, max_iter=50_000),
}
ten = RepeatedKFold(n_splits=10, n_repeats=3, random_state=run.seed)
for size in (60, len(rest)):
    for name, model in MODELS.items():
        with threadpool_limits(1):
            errors = -cross_val_score(
                make_pipeline(prepare(), model),
                measures[:size],
                mpg[:size],
                cv=ten,
                scoring="neg_mean_squared_error",
            )
        by_fold = errors**0.5
        print(
            f"{size:3} cars, {name:>15}: error {by_fold.mean():.2f} ± {by_fold.std(ddof=1):.2f}"
        )


# %% [markdown]
# Root mean squared errors in miles per gallon, and their spread over the folds; the penalties are a first guess. With
# 60 cars and 27 features a penalty is worth much; with 313, little. Lesson 02 said why: what counts is the number of
# rows for the freedom that is left. (There the penalty showed more with many rows; here, with few.)

# %% [markdown]
# ## A network can learn anything by heart
#
# Now lesson 03's network with 128 hidden units, and 1,000 pictures of clothes. First, shuffle the labels: there is
# nothing to learn from the pictures. With so few pictures `fit` spends most of its time between epochs; our own loop,
# for several runs to compare, is quicker.

# %%
(x_clothes, labels), (x_held, labels_held), (x_last, labels_test) = data.load_fashion_mnist(
    sample=1000, seed=run.seed
)
PIXELS, UNITS, CLASSES, BATCH, RATE = 14 * 14, 128, 10, 200, 0.005
raw, raw_held, raw_last = (  # every second row and column: a quarter of the work
    part[:, ::2, ::2].reshape(-1, PIXELS).astype("float32") / 255
    for part in (x_clothes, x_held, x_last)
)
clothes, clothes_held, clothes_test = (
    (part - raw.mean(axis=0)) / raw.std() for part in (raw, raw_held, raw_last)
)
PARTS = (  # one half of the validation pictures chooses when to stop, the other compares
    (tf.constant(clothes), None),
    (tf.constant(clothes_held[::2]), labels_held[::2]),
    (tf.constant(clothes_held[1::2]), labels_held[1::2]),
)


# %%
def quality(y, scores):
    right = tf.cast(tf.argmax(scores, axis=1) == y, "float32")
    return cross_entropy(y, scores), tf.reduce_mean(right)


# %%
class Trainer:
    """A network with Adam, whose compiled epoch serves several runs."""

    def __init__(self, layers):
        self.model = keras.Sequential([keras.Input((PIXELS,)), *layers])
        self.optimizer = keras.optimizers.Adam(RATE)
        self.optimizer.build(self.model.trainable_variables)
        self.start = [v.numpy() for v in self.optimizer.variables]

    def refresh(self, seed):  # start anew, with kernels drawn from the seed
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dense):
                kernel = keras.initializers.GlorotUniform(seed)(layer.kernel.shape)
                layer.set_weights([kernel, np.zeros(layer.units)])
            elif layer.weights:  # batch normalisation: γ = 1, β = 0, mean 0, variance 1
                layer.set_weights([np.full(UNITS, value) for value in (1, 0, 0, 1)])
        for v, value in zip(self.optimizer.variables, self.start, strict=True):
            v.assign(value)

    @tf.function
    def epoch(self, y, batches):
        """Train on batches of rows, (steps, BATCH); then measure the parts."""
        (pictures, _), variables = PARTS[0], self.model.trainable_variables
        for rows in batches:
            with tf.GradientTape() as tape:
                scores = self.model(tf.gather(pictures, rows), training=True)
                loss = cross_entropy(tf.gather(y, rows), scores) + sum(self.model.losses)
            self.optimizer.apply(tape.gradient(loss, variables), variables)
        parts = (pictures, y), *PARTS[1:]
        return [quality(truths, self.model(X)) for X, truths in parts]


# %%
def train(trainer, y, epochs, seed):
    """History (epochs; training, stopping, comparing; loss, accuracy), and the best weights."""
    trainer.refresh(seed)
    rng, history, lowest, weights = np.random.default_rng(seed), [], np.inf, None
    for _ in range(epochs):
        batches = rng.permutation(len(y)).reshape(-1, BATCH)
        history.append(np.array(trainer.epoch(tf.constant(y), tf.constant(batches))))
        if history[-1][1, 0] < lowest:
            lowest, weights = history[-1][1, 0], trainer.model.get_weights()
    return np.array(history), weights


def dense(penalty=None):
    regularizer = keras.regularizers.L2(penalty) if penalty else None
    hidden = keras.layers.Dense(UNITS, kernel_regularizer=regularizer)
    return hidden, keras.layers.Dense(CLASSES, kernel_regularizer=regularizer)


hidden, output = dense()
plain = Trainer([hidden, keras.layers.ReLU(), output])
shuffled = np.random.default_rng(run.seed).permutation(labels)
history, _ = train(plain, shuffled, epochs=60, seed=run.seed)
print(
    f"shuffled labels: {history[-1, 0, 1]:.1%} learnt, training loss {history[-1, 0, 0]:.2f};"
)
print(f"{history[-1, 2, 1]:.1%} of new pictures right; chance gives {1 / CLASSES:.0%}")
assert history[-1, 0, 1] > 0.98
assert history[-1, 2, 1] < 0.2

# %% [markdown]
# A training loss close to zero, and nothing was learnt that holds for another picture (Zhang et al., 2017). So a
# network can fit noise, and if it generalises, that is due to the data and to how it is trained. Which remedies help?
# Three of them by hand first.

# %% [markdown]
# ## Dropout
#
# In training, set each output of a layer to zero with probability $r$, anew for each example, and divide the others by
# $1 - r$. Then the mean is kept, since $r \cdot 0 + (1 - r)\frac{h}{1 - r} = h$, and at inference the layer does
# nothing. No unit can rely on another one being there.


# %%
def dropout(H, rate, rng, training):
    if not training:
        return H
    kept = rng.random(H.shape) >= rate
    return np.where(kept, H / (1 - rate), 0)


H = np.abs(np.random.default_rng(run.seed).normal(size=(20_000, 4))).astype("float32")
layer_of_keras = keras.layers.Dropout(0.3, seed=run.seed)
mine = dropout(H, 0.3, np.random.default_rng(run.seed), training=True)
theirs = np.asarray(layer_of_keras(H, training=True))
for name, dropped in (("by hand", mine), ("Keras", theirs)):
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], (H / 0.7)[kept], rtol=1e-6)  # float32
    # 80,000 entries: the share is known to 0.002, the means to 0.01, five times over.
    assert abs(np.mean(~kept) - 0.3) < 0.01
    assert np.abs(dropped.mean(axis=0) - H.mean(axis=0)).max() < 0.04
    print(
        f"{name:>8}: {np.mean(~kept):.3f} dropped, mean {dropped.mean():.3f} of {H.mean():.3f}"
    )
assert np.array_equal(dropout(H, 0.3, None, training=False), H)
assert np.array_equal(layer_of_keras(H, training=False), H)

# %% [markdown]
# ## Batch normalisation
#
# Standardise each unit's scores within the batch, then let the network choose mean and spread itself, by learnt
# $\gamma$ and $\beta$:
#
# $$\mu = \frac1m \sum_i z_i \qquad v = \frac1m \sum_i (z_i - \mu)^2 \qquad \hat z_i = \frac{z_i - \mu}{\sqrt{v + \epsilon}} \qquad o_i = \gamma \hat z_i + \beta$$
#
# for each unit alone, over the $m$ examples of the batch. At inference there may be no batch. So **moving averages** of
# $\mu$ and $v$ are kept, $\bar\mu \leftarrow a\bar\mu + (1 - a)\mu$ with momentum $a$, and used there.

# %% [markdown]
# **Backwards.** Let $g_i = \partial J / \partial o_i$. Then $\partial J / \partial \beta = \sum_i g_i$ and $\partial J
# / \partial \gamma = \sum_i g_i \hat z_i$. Each $z_i$ acts on all outputs, by way of $\mu$ and $v$. With $s = \sqrt{v +
# \epsilon}$, $\partial \mu / \partial z_i = \frac1m$ and $\partial s / \partial z_i = \frac{1}{2s} \cdot \frac2m (z_i -
# \mu) = \frac1m \hat z_i$, so
#
# $$\frac{\partial \hat z_j}{\partial z_i} = \frac1s \Bigl( [i = j] - \frac1m - \frac1m \hat z_i \hat z_j \Bigr), \qquad
# \frac{\partial J}{\partial z_i} = \frac{\gamma}{s} \Bigl( g_i - \overline{g} - \hat z_i\, \overline{g \hat z} \Bigr)$$
#
# with bars for means over the batch, and $[i = j]$ for 1 if $i = j$, else 0.

# %% [markdown]
# So what moves all scores alike has no
# gradient, nor, but for $\epsilon$, what stretches them: it is normalised away.


# %%
EPSILON, MOMENTUM = 1e-3, 0.9


def batch_norm(Z, gamma, beta):
    """Forward in training; returns the output and what the way back needs."""
    mean, variance = Z.mean(axis=0), Z.var(axis=0)
    s = np.sqrt(variance + EPSILON)
    Z_hat = (Z - mean) / s
    return gamma * Z_hat + beta, (mean, variance, s, Z_hat)


def batch_norm_backward(G, gamma, s, Z_hat):
    """Gradients by Z, gamma and beta."""
    by_z = gamma / s * (G - G.mean(axis=0) - Z_hat * (G * Z_hat).mean(axis=0))
    return by_z, (G * Z_hat).sum(axis=0), G.sum(axis=0)


# %%
rng_norm = np.random.default_rng(run.seed)
scores = 3 * rng_norm.normal(size=(8, 5)) + 2
gamma, beta, G = rng_norm.normal(size=(3, 8, 5))
gamma, beta = gamma[0], beta[0]  # (5,)
_, (_, _, s, Z_hat) = batch_norm(scores, gamma, beta)
by_scores, by_gamma, by_beta = batch_norm_backward(G, gamma, s, Z_hat)
slopes, h = np.empty(scores.shape), 1e-5
for place in np.ndindex(scores.shape):
    step = np.zeros(scores.shape)
    step[place] = h
    ahead, behind = (np.sum(G * batch_norm(scores + d, gamma, beta)[0]) for d in (step, -step))
    slopes[place] = (ahead - behind) / (2 * h)
# Central differences err by h² = 1e-10 times a third derivative, and by rounding, 1e-16 / h.
np.testing.assert_allclose(by_scores, slopes, atol=1e-8)
print(
    "largest gradient", np.abs(slopes).max().round(3), "gap", np.abs(by_scores - slopes).max()
)

# %%
norm = keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)
norm.build((None, 5))
norm.set_weights([gamma, beta, np.zeros(5), np.ones(5)])  # as it starts: mean 0, variance 1
tensor = tf.constant(scores.astype("float32"))
with tf.GradientTape() as tape:
    tape.watch(tensor)
    loss = tf.reduce_sum(G.astype("float32") * norm(tensor, training=True))
found = tape.gradient(loss, [tensor, norm.gamma, norm.beta])
for theirs, ours in zip(found, (by_scores, by_gamma, by_beta), strict=True):
    np.testing.assert_allclose(theirs, ours, atol=1e-4)  # float32, sums of some tens

norm.set_weights([gamma, beta, np.zeros(5), np.ones(5)])
moving_mean, moving_variance = np.zeros(5), np.ones(5)
for step in range(1, 41):
    batch = 3 * rng_norm.normal(size=(32, 5)) + 2
    ours, (mean, variance_of_batch, *_) = batch_norm(batch, gamma, beta)
    np.testing.assert_allclose(norm(batch, training=True), ours, atol=1e-4)
    moving_mean = MOMENTUM * moving_mean + (1 - MOMENTUM) * mean
    moving_variance = MOMENTUM * moving_variance + (1 - MOMENTUM) * variance_of_batch
    if step in (1, 10, 40):
        print(
            f"{step:2} steps: mean {moving_mean.mean():.2f} of 2, variance {moving_variance.mean():.1f} of 9"
        )
np.testing.assert_allclose(norm.moving_mean, moving_mean, rtol=1e-4)
np.testing.assert_allclose(norm.moving_variance, moving_variance, rtol=1e-4)
at_inference = gamma * (batch - moving_mean) / np.sqrt(moving_variance + EPSILON) + beta
np.testing.assert_allclose(norm(batch, training=False), at_inference, atol=1e-4)

# %% [markdown]
# Equal in both modes. After $k$ steps the share $a^k$ of the start is left in the moving averages. Keras's default $a =
# 0.99$ keeps $0.99^{100}$, more than a third, after the 100 steps of the training below: inference would use wrong
# means and variances. So we take 0.9.

# %% [markdown]
# ## Early stopping
#
# Watch the validation loss; stop when it has not been below its best for `patience` epochs; take the weights of the
# best epoch back. Three in ten training pictures now get another picture's label, as if typed in a hurry; some are
# right by luck.


# %%
def stop_early(losses, patience):
    """Epochs run, and the best of them, counted from 1."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            break
    return epoch + 1, best + 1


wrong = np.random.default_rng(run.seed).random(len(labels)) < 0.3
noisy = np.where(wrong, shuffled, labels)
print(f"{np.mean(noisy != labels):.0%} of the training labels are wrong")
keras.utils.set_random_seed(run.seed)
watched = keras.models.clone_model(plain.model)
watched.compile(optimizer=keras.optimizers.Adam(RATE), loss=cross_entropy)
stopping = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
fit = training.fit(
    watched, clothes, noisy, batch_size=BATCH, epochs=40, callbacks=[stopping],
    validation_data=PARTS[1], validation_batch_size=1000,
)  # fmt: skip
recorded = fit.history["val_loss"]
epochs, best_epoch = stop_early(recorded + [np.inf] * 40, patience=3)
assert epochs == fit.epochs
assert best_epoch == stopping.best_epoch + 1
restored = cross_entropy(PARTS[1][1], watched(PARTS[1][0], training=False))
np.testing.assert_allclose(restored, recorded[best_epoch - 1], rtol=1e-4)  # float32
print(f"stopped after {epochs} epochs; the best was epoch {best_epoch}")

# %% [markdown]
# ## Which remedies help here?
#
# Each with three seeds, on the noisy labels and on the true ones. The strengths (penalty 0.02; dropout 0.2 of the
# pixels and 0.5 of the hidden units) come from a few tries on the validation pictures, which favours them a little.

# %%
PENALTY, EPOCHS, SEEDS = 0.02, 20, run.pick(fast=(0, 1, 2), full=range(8))


def trainers():
    """The remedies, one at a time."""
    yield "none", plain
    hidden, output = dense(PENALTY)
    yield "L2 penalty", Trainer([hidden, keras.layers.ReLU(), output])
    hidden, output = dense()
    dropouts = keras.layers.Dropout(0.2), keras.layers.Dropout(0.5)
    yield "dropout", Trainer([dropouts[0], hidden, keras.layers.ReLU(), dropouts[1], output])
    hidden, output = dense()
    between = [keras.layers.BatchNormalization(momentum=MOMENTUM), keras.layers.ReLU()]
    yield "batch norm.", Trainer([hidden, *between, output])


runs, kept_weights, models = {}, {}, {}
for name, trainer in trainers():
    models[name] = trainer.model
    for kind, targets in (("true labels", labels), ("noisy labels", noisy)):
        results = [train(trainer, targets, EPOCHS, seed) for seed in SEEDS]
        runs[name, kind] = np.array([history for history, _ in results])
    kept_weights[name] = trainer.model.get_weights()  # of the last run, on noisy labels
    if name == "none":
        kept_weights["early stopping"], models["early stopping"] = results[-1][1], trainer.model

# %%
accuracy = {}  # on the comparing pictures, by remedy and labels: a number a seed
for (name, kind), histories in runs.items():
    accuracy[name, kind] = histories[:, -1, 2, 1]
    if name == "none":
        at = [np.argmin(history[:, 1, 0]) for history in histories]
        accuracy["early stopping", kind] = histories[np.arange(len(at)), at, 2, 1]
REMEDIES = ("none", "early stopping", "L2 penalty", "dropout", "batch norm.")
print(f"{'':14}  {'true labels':>15}  {'noisy labels':>15}   (mean and spread over seeds)")
for name in REMEDIES:
    pairs = [accuracy[name, kind] for kind in ("true labels", "noisy labels")]
    print(f"{name:>14}  " + "  ".join(f"{a.mean():8.3f} ± {a.std(ddof=1):.3f}" for a in pairs))
means_noisy = {name: accuracy[name, "noisy labels"].mean() for name in REMEDIES}
means_true = {name: accuracy[name, "true labels"].mean() for name in REMEDIES}
for name in ("early stopping", "L2 penalty", "dropout"):
    assert means_noisy[name] > means_noisy["none"] + 0.01
assert means_noisy["batch norm."] < means_noisy["none"] - 0.01
assert max(means_true.values()) - min(means_true.values()) < 0.04
for name in ("none", "batch norm."):
    losses = runs[name, "noisy labels"].mean(axis=0)[:, 2, 0]
    print(
        f"{name:>14}: loss on new pictures lowest in epoch {losses.argmin() + 1}, {losses.min():.2f}; at the end {losses[-1]:.2f}"
    )

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
COLOURS = dict(
    zip(REMEDIES, (plots.GREY, "black", plots.BLUE, plots.GREEN, plots.RED), strict=True)
)
epoch_numbers = np.arange(1, EPOCHS + 1)
for name in ("none", "L2 penalty", "dropout", "batch norm."):
    mean_history = runs[name, "noisy labels"].mean(axis=0)
    axes[0].plot(epoch_numbers, mean_history[:, 0, 0], "--", color=COLOURS[name])
    axes[0].plot(epoch_numbers, mean_history[:, 2, 0], color=COLOURS[name], label=name)
axes[0].plot([], [], "--", color="black", label="on the training pictures")
axes[0].set(xlabel="epoch", ylabel="cross-entropy", ylim=(0.3, 2.2), xticks=(5, 10, 15, 20))
axes[0].set_title("Noisy labels: another U, by epochs")
axes[0].legend(ncols=2, loc="upper center")
for row, name in enumerate(REMEDIES):
    for kind, marker, shift in (("true labels", "o", 0.12), ("noisy labels", "^", -0.12)):
        values = accuracy[name, kind]
        face = COLOURS[name] if marker == "^" else "none"
        axes[1].plot(
            values, np.full(len(values), shift - row), marker, color=COLOURS[name], mfc=face
        )
axes[1].plot([], [], "o", color=plots.GREY, mfc="none", label="true labels")
axes[1].plot([], [], "^", color=plots.GREY, label="noisy labels")
axes[1].set(yticks=-np.arange(5), yticklabels=REMEDIES, xlabel="accuracy on new pictures")
axes[1].set_title("Remedies matter where labels are noisy")
axes[1].legend(loc="center left")
plots.show(fig)

# %% [markdown]
# Left: without a remedy the validation loss turns up after some eight epochs, while the dashed one sinks: the wrong
# labels are being learnt. Penalty and dropout prevent that. Right: with noisy labels early stopping, penalty and
# dropout are worth points; which is best of the three is a tie. With true labels they differ by about two points at
# most, and this penalty, too strong there, is last. Batch normalisation is no remedy here: after its first epochs it
# does worse than none. Why, we have not measured.

# %% [markdown]
# ## Other models
#
# ### Support vector machines
#
# A **support vector machine** (SVM) seeks the line with the widest **margin**: the largest distance to the nearest rows
# of either class. With labels $\pm1$ and the score $f(x) = w^\top x + b$ scaled so that the nearest rows have $y f =
# 1$, the margin is $1 / \lVert w \rVert$ on each side. What is minimised is $\frac12 \lVert w \rVert^2$ and, for each
# row short of $y f = 1$, `C` times what it lacks.

# %% [markdown]
# The line stays straight. To bend it, replace products $x_i^\top x$ by a
# **kernel** (not a layer's) such as $k(x_i, x) = e^{-\gamma \lVert x_i - x \rVert^2}$ (*RBF*). The score is then a sum
# over the **support vectors**, the rows on the margin, inside it or on the wrong side:
#
# $$f(x) = \sum_i c_i\, y_i\, k(x_i, x) + b, \qquad 0 < c_i \le C$$

# %% tags=["nbval-check-output"]
four = np.array([[0.0, 0], [0, 1], [3, 0], [3, 1]])
widest = SVC(kernel="linear", C=1e6).fit(four, [0, 0, 1, 1])
print(
    "line: w =", widest.coef_[0].round(3), "margin", (1 / np.linalg.norm(widest.coef_)).round(3)
)

rings, ring = make_circles(n_samples=1300, noise=0.08, factor=0.4, random_state=run.seed)
rings, rings_new, ring, ring_new = rings[:300], rings[300:], ring[:300], ring[300:]
straight, bent = SVC(kernel="linear").fit(rings, ring), SVC(gamma=1.0).fit(rings, ring)
differences = rings_new[:, None] - bent.support_vectors_  # (1000, support vectors, 2)
distance2 = (differences**2).sum(axis=2)
score = np.exp(-distance2) @ bent.dual_coef_[0] + bent.intercept_
np.testing.assert_allclose(score, bent.decision_function(rings_new), rtol=1e-9, atol=1e-9)
assert straight.score(rings_new, ring_new) < 0.7
assert bent.score(rings_new, ring_new) > 0.97

# %% tags=["nbval-check-output"]
(digits, digit), (digits_new, digit_new), _ = data.load_digits()
ten_classes = SVC(decision_function_shape="ovo").fit(digits, digit)
print("ten digits: scores of", ten_classes.decision_function(digits[:1]).shape[1], "pairs")
slope = SVR(kernel="linear", C=1e3, epsilon=0.01).fit(
    np.arange(9)[:, None], 2 * np.arange(9) + 1
)
print("regression on y = 2 x + 1: slope", slope.coef_[0, 0].round(1))

# %% [markdown]
# The articles call it a *linear classifier for two and more classes*. It maximises a margin; it is linear unless a
# kernel bends it; it knows two classes (Cortes & Vapnik, 1995), so that ten digits take $10 \cdot 9 / 2 = 45$ machines,
# one for each pair; and a variant fits a regression (Drucker et al., 1997).

# %% [markdown]
# ### A forest's vote
#
# A decision **tree** asks one feature at a time, *larger than this?*, until the answer is sure. It overfits: low bias,
# high variance. **Bagging** averages the variance away: draw $n$ rows with replacement, grow a tree, and again; let the
# trees vote. A row is missed by all $n$ draws with probability $(1 - 1/n)^n \approx e^{-1}$, so a sample holds about 63
# % of the rows.

# %% [markdown]
# Trees grown from nearly the same rows err alike. A **random forest** also lets each split see only a few random
# features (Breiman, 2001).


# %%
def forest_vote(votes, classes):
    """Majority of the trees, (trees, n) -> (n,); a tie goes to the first class."""
    counts = np.array([(votes == k).sum(axis=0) for k in range(classes)])  # (classes, n)
    return counts.argmax(axis=0)


bagging = BaggingClassifier(DecisionTreeClassifier(), 25, random_state=run.seed)
forest = RandomForestClassifier(25, random_state=run.seed)
bagging.fit(digits, digit)
forest.fit(digits, digit)
votes = []
for rows, tree in zip(bagging.estimators_samples_, bagging.estimators_, strict=True):
    own = DecisionTreeClassifier(random_state=tree.random_state)
    times = np.bincount(rows, minlength=len(digit))  # a row drawn twice counts twice
    votes.append(own.fit(digits, digit, sample_weight=times).predict(digits_new))
assert np.array_equal(forest_vote(np.array(votes), CLASSES), bagging.predict(digits_new))
of_forest = np.array([tree.predict(digits_new) for tree in forest.estimators_])
assert np.array_equal(forest_vote(of_forest, CLASSES), forest.predict(digits_new))
shares = [len(np.unique(rows)) / len(digit) for rows in bagging.estimators_samples_]
print(
    f"a sample holds {np.mean(shares):.3f} of the rows; expected {1 - (1 - 1 / len(digit)) ** len(digit):.3f}"
)
for name, of_trees in (("bagging", np.array(votes)), ("forest", of_forest)):
    alone = np.mean(of_trees == digit_new)
    alike = np.mean([np.mean(a == b) for a in of_trees for b in of_trees if a is not b])
    together = np.mean(forest_vote(of_trees, CLASSES) == digit_new)
    print(
        f"{name:>8}: a tree alone {alone:.2f}, two trees agree in {alike:.2f}, the vote {together:.3f}"
    )

# %%
FOUR = {
    "SVM, linear": straight,
    "SVM, RBF kernel": bent,
    "random forest": RandomForestClassifier(100, random_state=run.seed),
    "network, 32 units": MLPClassifier(
        hidden_layer_sizes=(32,),
        solver="lbfgs",
        alpha=0.01,
        max_iter=2000,
        random_state=run.seed,
    ),
}
fig, axes = plt.subplots(1, 4, figsize=(11, 3.1), sharey=True)
plane = np.stack(np.meshgrid(np.linspace(-1.5, 1.5, 120), np.linspace(-1.5, 1.5, 120)), axis=-1)
for ax, (name, model) in zip(axes, FOUR.items(), strict=True):
    model.fit(rings, ring)
    areas = model.predict(plane.reshape(-1, 2)).reshape(plane.shape[:2])
    ax.contourf(
        *plane.T, areas.T, levels=[-1, 0.5, 2], colors=[plots.SKY, plots.ORANGE], alpha=0.35
    )
    for k, marker, colour in ((0, "o", plots.BLUE), (1, "^", plots.RED)):
        ax.plot(*rings[ring == k].T, marker, color=colour, ms=2.5)
    ax.set_title(f"{name}: {model.score(rings_new, ring_new):.2f}", fontsize=10)
    ax.set(aspect="equal", xlabel="$x_1$")
axes[0].set_ylabel("$x_2$")
plots.show(fig)

# %% [markdown]
# In the titles, the share of 1,000 new points that is right. A line cannot part the rings. The kernel's edge is round,
# the forest's is made of steps along the axes, the network's of straight pieces.

# %% [markdown]
# ### On tables
#
# Is a network the best choice for a small table? Two tables, four models, hardly tuned, and on the cars ridge
# regression with squares and products, as above. Five folds, dealt with three seeds, from which the models take their
# own random numbers, too.


# %%
def scaled(model):
    return make_pipeline(StandardScaler(), model)


def scaled_target(model):
    return TransformedTargetRegressor(scaled(model), transformer=StandardScaler())


NETWORK = {"hidden_layer_sizes": (32,), "solver": "lbfgs", "alpha": 1, "tol": 0.01}
NETWORK |= {"max_iter": 2000, "random_state": run.seed}
CLASSIFIERS = {
    "linear": scaled(LogisticRegression(max_iter=300)),
    "SVM": scaled(SVC()),
    "forest": RandomForestClassifier(50, random_state=run.seed),
    "network": scaled(MLPClassifier(**NETWORK)),
}
REGRESSORS = {
    "linear": scaled(LinearRegression()),
    "squares": make_pipeline(prepare(), Ridge(10)),
    "SVM": scaled_target(SVR()),
    "forest": RandomForestRegressor(50, max_features=1 / 3, random_state=run.seed),
    "network": scaled_target(MLPRegressor(**NETWORK)),
}


# %%
def judge(model, X, y, scoring, seeds=3):
    """Scores of five folds, (seeds, 5): each seed deals anew and draws the model's own numbers."""
    scores = []
    for seed in range(seeds):
        own = {key: seed for key in model.get_params() if key.endswith("random_state")}
        folds = KFold(5, shuffle=True, random_state=seed)
        with threadpool_limits(1):
            scores.append(
                cross_val_score(clone(model).set_params(**own), X, y, cv=folds, scoring=scoring)
            )
    return np.array(scores)


def summary(scores, digits):
    """Mean, spread over the folds, spread of the seeds' means."""
    numbers = scores.mean(), scores.std(ddof=1), scores.mean(axis=1).std(ddof=1)
    return " ± ".join(f"{number:.{digits}f}" for number in numbers)


# %%
parts = data.load_breast_cancer()[:2]  # training and validation
masses = np.vstack([part[0] for part in parts])
malignant = np.concatenate([part[1] for part in parts])
on_cars = {
    name: -judge(model, measures, mpg, "neg_root_mean_squared_error")
    for name, model in REGRESSORS.items()
}
on_masses = {
    name: judge(model, masses, malignant, "accuracy") for name, model in CLASSIFIERS.items()
}
print(f"{'':8} {'cars: error':>20} {'masses: right':>23}   (mean ± over folds ± over seeds)")
for name, error in on_cars.items():
    line = f"{name:>8} {summary(error, 2):>20}"
    if name in on_masses:
        line += f" {summary(on_masses[name], 3):>23}"
    print(line)
print("cars, fold by fold: linear less SVM", summary(on_cars["linear"] - on_cars["SVM"], 2))
trees = REGRESSORS["forest"].fit(measures, mpg).estimators_
rows_kept = len(REGRESSORS["SVM"].fit(measures, mpg).regressor_[-1].support_)
print(f"the forest has {sum(tree.tree_.node_count for tree in trees):,} nodes,")
print(f"the SVM keeps {rows_kept} of {len(mpg)} cars; the linear model has 7 numbers")
assert max(on_cars, key=lambda name: on_cars[name].mean()) == "linear"
assert on_cars["squares"].mean() < min(error.mean() for error in on_cars.values()) + 0.25
assert on_masses["linear"].mean() > max(share.mean() for share in on_masses.values()) - 0.02

# %% [markdown]
# On the cars all that bend beat the one that does not, on average over the folds, and hardly differ from each other:
# the bend helped, not the kind of model. (Taken fold by fold, the SVM's gain is about twice its spread.) On the masses
# the linear model is as good as any. Nothing here shows a network ahead. And the count of numbers that a model keeps
# says little: see the last lines.

# %% [markdown]
# The articles call SVM, forest and the other models on their list *simple*, and say that they *generalise well in high
# dimension*. Add columns of pure noise to the cars:

# %%
COLUMNS = (0, 5, 20, 60)
by_columns = {name: [on_cars[name].mean()] for name in ("linear", "SVM", "forest", "network")}
noise_columns = np.random.default_rng(run.seed).normal(size=(len(mpg), COLUMNS[-1]))
for count in COLUMNS[1:]:
    wide = np.hstack([measures, noise_columns[:, :count]])
    for name, averages in by_columns.items():
        error = -judge(REGRESSORS[name], wide, mpg, "neg_root_mean_squared_error", seeds=2)
        averages.append(error.mean())
fig, ax = plt.subplots()
for (name, averages), style in zip(by_columns.items(), ("s--", "d-.", "o-", "^:"), strict=True):
    ax.plot(COLUMNS, averages, style, label=name)
ax.set(xlabel="columns of noise beside six measures", xticks=COLUMNS)
ax.set_ylabel("error (miles per gallon)")
ax.set_title("With 60 columns of noise the forest is ahead")
ax.legend()
plots.show(fig)
for name in ("linear", "SVM", "network"):
    assert by_columns["forest"][-1] < by_columns[name][-1] - 0.1
for name in ("SVM", "network"):
    assert by_columns[name][-1] > by_columns[name][0] + 0.7

# %% [markdown]
# A tree picks the columns that tell something; a distance, or a sum of weights without an L1 penalty, takes all. With
# 60 empty columns the forest is ahead; SVM and network, level with it before, have lost most. That is one reason why
# forests often win on tables (Grinsztajn et al., 2022). No model generalises well in high dimension as a rule: it
# depends on what the columns hold, and on the penalty.

# %% [markdown]
# ## The best of 200
#
# Every choice on the validation data uses them up a little. The extreme: 200 classifiers that toss a coin, and 100
# validation examples. The number right is binomial, and the best of 200 has
#
# $$\mathbb E \max = \sum_{k=1}^{100} P(\max \ge k) = \sum_{k=1}^{100} \bigl(1 - F(k - 1)^{200}\bigr)$$
#
# with $F$ the distribution function of one.

# %%
tosses = np.random.default_rng(run.seed).integers(2, size=(200, 10_100))
truths = np.random.default_rng(run.seed + 1).integers(2, size=10_100)
right = tosses == truths
share_100, share_fresh = right[:, :100].mean(axis=1), right[:, 100:].mean(axis=1)
winner = share_100.argmax()
numbers_right = np.arange(1, 101)
expected_best = np.sum(1 - binom.cdf(numbers_right - 1, 100, 0.5) ** 200) / 100
print(f"best on 100 examples: {share_100[winner]:.2f} right; expected {expected_best:.3f}")
print(f"the same on 10,000 fresh ones: {share_fresh[winner]:.3f}")
again = np.random.default_rng(run.seed).binomial(100, 0.5, size=(2000, 200)).max(axis=1) / 100
print(f"mean best of 2,000 such contests: {again.mean():.3f}")
assert abs(again.mean() - expected_best) < 0.002  # 2,000 draws: five standard errors
assert share_100[winner] > 0.58
assert abs(share_fresh[winner] - 0.5) < 0.025  # five standard errors

# %% [markdown]
# The winner has learnt nothing. Two of the articles validate on the test set, or name no validation at all: then the
# number that they report is that of a winner. So choices are made by validation, and the test set is used once.

# %% [markdown]
# ## Once, on the test data
#
# For the cars, the model with the lowest cross-validated error, fitted to all cars but the test's. For the clothes, the
# remedy that was best on noisy labels.

# %% tags=["headline"]
best_model = min(on_cars, key=lambda name: on_cars[name].mean())
squares = {}
for name in (best_model, "linear"):
    fitted = REGRESSORS[name].fit(measures, mpg)
    misses = test["mpg"].to_numpy() - fitted.predict(test[MEASURES].to_numpy(float))
    squares[name] = misses**2
    print(f"cars, {name}: error {squares[name].mean() ** 0.5:.2f} miles per gallon")
best_remedy = max(means_noisy, key=means_noisy.get)
hits = {}
for name in (best_remedy, "none"):
    models[name].set_weights(kept_weights[name])
    guesses = np.argmax(models[name](clothes_test, training=False), axis=1)
    hits[name] = guesses == labels_test
    print(f"clothes, {name}: {hits[name].mean():.3f} of the test pictures right")

# %%
rng_test = np.random.default_rng(run.seed)
draws = rng_test.integers(len(test), size=(2000, len(test)))
gains = [
    squares["linear"][row].mean() ** 0.5 - squares[best_model][row].mean() ** 0.5
    for row in draws
]
low, high = np.quantile(gains, [0.025, 0.975])
print(f"cars, {best_model} over linear: 95 % of the draws gain {low:+.2f} to {high:+.2f}")
draws = rng_test.integers(len(labels_test), size=(2000, len(labels_test)))
gain = hits[best_remedy].astype(float) - hits["none"]
low, high = np.quantile(gain[draws].mean(axis=1), [0.025, 0.975])
print(f"clothes, {best_remedy} over none: 95 % of the draws gain {low:+.3f} to {high:+.3f}")
assert low > 0

# %% [markdown]
# Both intervals are above zero. Both models miss these cars by more than in cross-validation: this deal seems a hard
# one, and so few cars tell little. With another seed another model may be chosen, and the cars' interval may reach
# below zero: try it. The interval of the clothes covers the luck of the test pictures, not that of the 1,000 training
# pictures.

# %% [markdown]
# ## What to keep
#
# - A falling training loss proves nothing: noise can be learnt by heart. Measure on rows that the fit has not seen.
# - Error = noise + bias² + variance. Against variance: more data, a penalty, dropout, early stopping, averaging.
#   Against bias: a model that bends more.
# - L2 shrinks, L1 selects; neither cures underfitting.
# - Cross-validation: fit on $k - 1$ folds, test on the one held out, with all preparation inside. Then the test set, once.
# - Try a linear model and a forest beside the network, and report the spread.
#
# Next: the [exercises](exercises/05_generalization.ipynb), then lesson 06, where networks see pictures as pictures.

# %% [markdown]
# ### Sources
#
# - Data: as in lessons 01 to 03.
# - Hastie, Tibshirani, Friedman, *The Elements of Statistical Learning* (2009): ridge and lasso 3.4, validation and
#   test 7.2, bias and variance 7.3, cross-validation 7.10.
# - SVM: Cortes & Vapnik (1995), *Support-vector networks*; regression: Drucker et al. (1997), *Support vector
#   regression machines*. Forests: Breiman (2001), *Random forests*. Lasso: Tibshirani (1996).
# - Dropout: Srivastava et al. (2014), JMLR. Batch normalisation: Ioffe & Szegedy (2015),
#   [arXiv:1502.03167](https://arxiv.org/abs/1502.03167).
# - Random labels: Zhang et al. (2017), [arXiv:1611.03530](https://arxiv.org/abs/1611.03530).
# - Trees on tables: Grinsztajn, Oyallon, Varoquaux (2022), [arXiv:2207.08815](https://arxiv.org/abs/2207.08815).
# - The articles (see lesson 00): S0-2.2; S1-2.2, 5.3, 7.1 to 7.4, 7.13, 7.18, 7.19; S2-8; S3-1.6.1, 1.6.3; S4-3.1.

# %% [markdown] tags=["exercises"]
# # 05 · Generalisation: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("05.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../05_generalization.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 05.1 Folds
#
# For cross-validation. The check asks for each fold in turn, with the same seed, and puts them together.


# %%
def fold(n, k, number, seed):
    """One of k folds of shuffled rows.

    The folds 0 to k - 1 of one seed share no row, hold all of them, and their sizes differ
    by at most one.

    Args:
        n: int, the number of rows.
        k: int from 2 to n, the number of folds.
        number: int from 0 to k - 1, which fold.
        seed: int, of the shuffle: np.random.default_rng(seed).
    Returns:
        int array, the rows held out.

    fold(4, 2, 0, seed) may be [3, 0]; then fold(4, 2, 1, seed) holds 1 and 2.
    """
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(n)
    return np.array_split(order, k)[number]
    ### END SOLUTION


# %%
check("05.1", fold)

# %% [markdown]
# ## 05.2 Ridge regression
#
# The sum of squared errors, plus the penalty times the sum of squared weights. The intercept is free.


# %%
def ridge(X, y, penalty):
    """Ridge regression.

    Args:
        X: float array (n, d), the features.
        y: float array (n,).
        penalty: float >= 0; where it is 0, the columns of X are independent.
    Returns:
        float array (d + 1,), the intercept first.

    ridge(np.array([[0.0], [2.0]]), np.array([1.0, 5.0]), 2.0) is [2.0, 1.0]; with penalty 0 it is [1.0, 2.0].
    """
    ### BEGIN SOLUTION
    centred = X - X.mean(axis=0)
    matrix = centred.T @ centred + penalty * np.eye(X.shape[1])
    weights = np.linalg.solve(matrix, centred.T @ (y - y.mean()))
    return np.append(y.mean() - X.mean(axis=0) @ weights, weights)
    ### END SOLUTION


# %%
check("05.2", ridge)

# %% [markdown]
# ## 05.3 Soft threshold
#
# The step of the lasso that makes zeros.


# %%
def soft_threshold(rho, alpha):
    """The w that minimises w² / 2 - rho w + alpha |w|, entry by entry.

    Args:
        rho: float array of any shape.
        alpha: float >= 0.
    Returns:
        float array of the same shape.

    For two arrays entry by entry, NumPy's maximum is np.maximum, not max or np.max.
    soft_threshold(np.array([3.0, -0.5]), 1.0) is [2.0, 0.0].
    """
    ### BEGIN SOLUTION
    return np.sign(rho) * np.maximum(np.abs(rho) - alpha, 0)
    ### END SOLUTION


# %%
check("05.3", soft_threshold)

# %% [markdown]
# ## 05.4 Dropout
#
# The inverted kind, as in Keras: the scaling is done in training, and inference leaves all as it is.


# %%
def dropout(H, rate, rng, training):
    """Dropout of a layer's outputs.

    Args:
        H: float array (n, m).
        rate: float from 0 to below 1, the probability that an entry is dropped.
        rng: np.random.Generator.
        training: bool.
    Returns:
        float array (n, m), with the same mean as H on average.

    dropout(np.array([[1.0, 2.0]]), 0.5, rng, True) may be [[0.0, 4.0]]; with False it is [[1.0, 2.0]].
    """
    ### BEGIN SOLUTION
    if not training:
        return H
    kept = rng.random(H.shape) >= rate
    return np.where(kept, H / (1 - rate), 0.0)
    ### END SOLUTION


# %%
check("05.4", dropout)

# %% [markdown]
# ## 05.5 Bootstrap sample
#
# The rows that one tree of a forest is grown on.


# %%
def bootstrap(n, rng):
    """n rows drawn with replacement, all equally likely.

    Args:
        n: int, the number of rows.
        rng: np.random.Generator.
    Returns:
        int array (n,), from 0 to n - 1.

    bootstrap(4, rng) may be [2, 0, 2, 3].
    """
    ### BEGIN SOLUTION
    return rng.integers(n, size=n)
    ### END SOLUTION


# %%
check("05.5", bootstrap)

# %% [markdown]
# Rows that were never drawn, about 37 %, can test the tree: its *out-of-bag* rows.
