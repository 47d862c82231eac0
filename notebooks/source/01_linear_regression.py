# ---
# jupyter:
#   course:
#     question: How many miles will a car go on a gallon, given its weight, power and year?
# ---

# %% [markdown]
# # 01 · Linear regression
#
# | | |
# |---|---|
# | **You will be able to** | fit a linear model in four ways and say why they agree; read a loss surface; split data, choose a model by validation and test it once |
# | **You need first** | Python and NumPy; derivatives; [lesson 00](00_start_here.ipynb) |
# | **Time** | 45 minutes to read; it runs in under half a minute on a CPU, and a GPU gains nothing |
# | **Data** | Auto MPG: 398 cars of 1970 to 1982 (UCI, CC BY 4.0) |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=1)

# %% [markdown]
# The text describes what seed 1 gives. Another seed deals the cars differently, and the numbers and some of the verdicts
# change: try it, at the end.

# %% tags=["setup"]
from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import make_regression
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from course_lib import data, plots, training

plots.use_style()
FEATURES = ["weight_lb", "horsepower", "model_year"]

# %% [markdown]
# ## The question
#
# A car's weight, power and year are known before it leaves the factory. How far it goes on a gallon must be
# measured. Can the first predict the second, and how wrong is the prediction?

# %%
cars = data.load_auto_mpg()
cars.head()

# %% [markdown]
# A few cars lack their horsepower. There are too few to matter, so we leave them out, and say so.

# %% tags=["nbval-check-output"]
known = cars.dropna(subset=["horsepower"])
print(f"{len(cars)} cars, {len(cars) - len(known)} without horsepower, {len(known)} left")

# %% [markdown]
# ### Split before you look
#
# A model is judged on cars that it has not seen. So the cars are dealt into three heaps now, before the first plot:
#
# - **training**: the model is fitted to these;
# - **validation**: we choose between models by these;
# - **test**: used once, at the very end.
#
# The deal is random, so a car may lie in one heap and its model of the next year in another. For cars of a later decade
# the result might well be worse; it is not tested here.

# %% tags=["nbval-check-output"]
rest, test = train_test_split(known, test_size=0.2, random_state=run.seed)
train, validation = train_test_split(rest, test_size=0.25, random_state=run.seed)
print(f"training {len(train)}, validation {len(validation)}, test {len(test)}")

# %%
fig, ax = plt.subplots()
points = ax.scatter(
    train["weight_lb"], train["mpg"], c=train["model_year"], cmap="cividis", s=18
)
fig.colorbar(points, label="model year")
ax.set(
    xlabel="weight (lb)",
    ylabel="miles per gallon",
    title="Heavy cars drink more, and later ones less",
)
plots.show(fig)

# %% [markdown]
# Each point is a car of the training set. The cloud falls from around 30 miles per gallon at 2,000 lb to around 12
# at 5,000 lb, and bends a little. At the same weight the yellow points, later years, lie higher.

# %% [markdown]
# ## The model
#
# $$y_i = \beta_0 + \beta_1 x_i + \varepsilon_i \qquad\qquad \hat y_i = \beta_0 + \beta_1 x_i$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $n$ | number of cars | a number | `len(y)` |
# | $y_i$ | what was observed: miles per gallon of car $i$ | $(n,)$ for all cars | `y` |
# | $x_i$ | its weight, in 1,000 lb | $(n,)$ | `x` |
# | $\beta_0$ | the intercept | a number | `beta[0]` |
# | $\beta_1$ | the slope | a number | `beta[1]` |
# | $\varepsilon_i$ | what the line cannot explain, unknown | $(n,)$ | – |
# | $\hat y_i$ | the prediction, which leaves $\varepsilon_i$ out | $(n,)$ | `y_hat` |

# %% [markdown]
# ## How wrong is a line?
#
# The **mean squared error** of the coefficients $\beta = (\beta_0, \beta_1)$ is one number for all cars, called $J$:
#
# $$J(\beta) = \frac1n \sum_{i=1}^n (y_i - \hat y_i)^2$$
#
# Squares keep errors of both signs from cancelling, and make one error of 10 as bad as a hundred of 1.

# %%
x = train["weight_lb"].to_numpy() / 1000  # 1,000 lb
y = train["mpg"].to_numpy()


def mean_squared_error(y, y_hat):
    return np.mean((y - y_hat) ** 2)


for name, y_hat in (("always the mean", np.full_like(y, y.mean())), ("45 - 7 x", 45 - 7 * x)):
    by_hand = mean_squared_error(y, y_hat)
    np.testing.assert_allclose(
        by_hand, keras.losses.mean_squared_error(y, y_hat), rtol=1e-6
    )  # float32
    print(
        f"{name:>16}: mean squared error {by_hand:5.1f}, root {by_hand**0.5:.1f} miles per gallon"
    )

# %% [markdown]
# A guess at the line has about a third of the squared error of the mean. The root brings the unit back: squares are in
# (miles per gallon)².

# %% [markdown]
# ## The best line, by hand
#
# Put a column of ones beside $x$ and call the table $A$, with a row for each car. Then $\hat y = A\beta$. The derivative
# of $J$ by $\beta_j$ is, by the chain rule, $\frac1n \sum_i 2(\hat y_i - y_i) A_{ij}$. All of them together are the
# **gradient**, a vector:
#
# $$\nabla J(\beta) = \frac2n A^\top (A\beta - y).$$

# %% [markdown]
# $J$ is a sum of squares, so its graph over $\beta$ is a bowl. Its minimum is where the gradient is zero, and there is one,
# unless a column of $A$ is a combination of the others:
#
# $$A^\top A\,\beta = A^\top y \qquad\text{(the normal equations).}$$


# %%
def design_matrix(X):
    return np.column_stack([np.ones(len(X)), X])  # (n,) or (n, d) -> (n, d + 1)


def solve_normal_equations(A, y):
    return np.linalg.solve(A.T @ A, A.T @ y)  # (d + 1,)


A = design_matrix(x)
beta = solve_normal_equations(A, y)
residuals = y - A @ beta
print(f"intercept {beta[0]:.2f}, slope {beta[1]:.2f} miles per gallon for each 1,000 lb")
print(
    f"mean squared error {np.mean(residuals**2):.1f}, root {np.mean(residuals**2) ** 0.5:.1f}"
)

# %%
order = np.argsort(x)
fig, ax = plt.subplots()
ax.vlines(x, A @ beta, y, color=plots.GREY, lw=0.6)
ax.scatter(x, y, s=14, label="training cars")
ax.plot(x[order], (A @ beta)[order], color=plots.RED, label="best line")
ax.set(
    xlabel="weight (1,000 lb)",
    ylabel="miles per gallon",
    title=f"Root mean squared error {np.mean(residuals**2) ** 0.5:.1f}: the cloud bends away from the line",
)
ax.legend()
plots.show(fig)

# %% [markdown]
# The grey bars are the **residuals** $y - \hat y$. At the minimum, the normal equations say, they are orthogonal to each
# column of $A$: they sum to zero, and they do not lean with weight. If they did, tilting the line would shorten them.

# %%
print("A.T @ residuals:", A.T @ residuals)
scale = np.abs(A).T @ np.abs(y)  # what the sums would be if nothing cancelled
assert np.all(np.abs(A.T @ residuals) < 1e-12 * scale)  # float64 carries about 16 digits

# %% [markdown]
# ## Downhill instead
#
# Most models have no such formula, but the networks of this course all have gradients. **Gradient descent** starts
# somewhere and walks against the gradient, with step length set by the learning rate $\alpha$:
#
# $$\beta \leftarrow \beta - \alpha\,\nabla J(\beta)$$
#
# A gradient written by hand is checked before it is used: move each coefficient a little, and see whether the loss
# changes as the formula says.


# %%
def loss(A, y, beta):
    return mean_squared_error(y, A @ beta)


def gradient(A, y, beta):
    return 2 / len(y) * A.T @ (A @ beta - y)


def finite_differences(A, y, beta, h=1e-4):
    steps = h * np.eye(len(beta))
    return np.array(
        [(loss(A, y, beta + step) - loss(A, y, beta - step)) / (2 * h) for step in steps]
    )


somewhere = np.array([30.0, -5.0])
print("formula:           ", gradient(A, y, somewhere))
print("finite differences:", finite_differences(A, y, somewhere))
# J is quadratic, so central differences are exact but for rounding: 1e-16 / h, relative.
np.testing.assert_allclose(
    gradient(A, y, somewhere), finite_differences(A, y, somewhere), rtol=1e-8
)


# %%
def descend(A, y, learning_rate, steps):
    beta = np.zeros(A.shape[1])
    path = [beta]
    for _ in range(steps):
        beta = beta - learning_rate * gradient(A, y, beta)
        path.append(beta)
    return np.array(path)  # (steps + 1, d + 1)


z = (x - x.mean()) / x.std()  # standardised: mean 0, standard deviation 1
A_z = design_matrix(z)
path_x = descend(A, y, learning_rate=0.045, steps=100)
path_z = descend(A_z, y, learning_rate=0.045, steps=100)
for name, table, path in (("1,000 lb", A, path_x), ("standardised", A_z, path_z)):
    gap = loss(table, y, path[-1]) - loss(table, y, solve_normal_equations(table, y))
    print(f"{name:>12}: after 100 steps the loss is {gap:.2g} above the minimum")

# %% [markdown]
# The same cars, the same rate, the same number of steps: with the weight in 1,000 lb, descent is nowhere near the
# minimum; with the weight standardised, it has all but arrived. The surfaces show why.


# %% tags=["picture"]
def draw_surface(ax, A, y, path, width):
    lowest = solve_normal_equations(A, y)
    b0 = np.linspace(min(0, lowest[0]) - width[0], max(0, lowest[0]) + width[0], 100)
    b1 = np.linspace(min(0, lowest[1]) - width[1], max(0, lowest[1]) + width[1], 100)
    grid = np.array([[loss(A, y, np.array([i, j])) for i in b0] for j in b1])
    levels = np.arange(1.2, 3.81, 0.2)
    shades = ax.contourf(b0, b1, np.log10(grid), levels=levels, cmap="cividis", extend="both")
    ax.plot(*path.T, "o-", color="white", ms=3, lw=1, label="descent")
    ax.plot(*lowest, "*", color=plots.RED, ms=14, label="minimum")
    ax.set_xlabel(r"intercept $\beta_0$ (miles per gallon)")
    return shades


fig, axes = plt.subplots(1, 2, figsize=(10, 4))
draw_surface(axes[0], A, y, path_x, width=(8, 12))
shades = draw_surface(axes[1], A_z, y, path_z, width=(8, 12))
axes[0].set_title("Weight in 1,000 lb: a narrow valley, a long crawl")
axes[0].set_ylabel(r"slope $\beta_1$ (for 1,000 lb)")
axes[1].set_title("Weight standardised: a round bowl, straight down")
axes[1].set_ylabel(r"slope $\beta_1$ (for a standard deviation)")
axes[1].legend(facecolor="lightgrey", frameon=True)
fig.colorbar(shades, ax=axes, label=r"$\log_{10}$ of the loss")
plots.show(fig)

# %% [markdown]
# Dark is low. On the left, a larger intercept is almost made up for by a steeper slope, so the bowl is a long valley. All
# predictions start at zero, so the first step raises both coefficients, the slope to the wrong sign, and lands on the
# floor of the valley; then the path creeps along it. On the right both directions curve alike, and the path is straight.

# %% [markdown]
# ### How fast may descent go?
#
# The second derivatives of $J$ are the matrix $H = \frac2n A^\top A$. Its **eigenvalues** are the curvatures of the bowl along
# its axes. The largest, $\lambda_{\max}$, limits the rate: beyond $2/\lambda_{\max}$ each step overshoots by more than it gains. The smallest,
# $\lambda_{\min}$, sets the pace of the rest, unless the rate is close to the limit.

# %%
tables = {
    "pounds": design_matrix(1000 * x),
    "1,000 lb": A,
    "centred": design_matrix(x - x.mean()),
    "standardised": A_z,
}
for name, table in tables.items():
    flat, steep = np.linalg.eigvalsh(2 / len(y) * table.T @ table)
    limit = 2 / steep
    print(
        f"{name:>12}: curvatures {flat:.2g} and {steep:.2g}, ratio {steep / flat:.2g}, limit {limit:.2g}"
    )
    below, above = (loss(table, y, descend(table, y, f * limit, 60)[-1]) for f in (0.95, 1.05))
    assert below < loss(table, y, np.zeros(2)) < above
    print(f"{'':>12}  60 steps at 0.95 of the limit: loss {below:.0f}; at 1.05: {above:.2g}")
lowest = loss(A, y, solve_normal_equations(A, y))
print(f"the loss starts at {loss(A, y, np.zeros(2)):.0f}; its minimum is {lowest:.1f}")

# %% [markdown]
# The steps needed grow with the ratio of the curvatures, since the steepest limits the rate and the flattest has to be
# walked. Dividing by 1,000 helps; centring, that is, subtracting the mean, makes the bowl almost round.

# %% [markdown]
# ## Does the ½ matter?
#
# Some texts write the loss of an example as $\frac12(y - \hat y)^2$. The ½ cancels the 2 of the derivative and halves the
# gradient. The minimum stays where it was, and doubling the rate gives the very same path. The same holds for leaving out
# the mean: the gradient is $n$ times as long, and the rate must be $n$ times as small. Keras has the mean and no ½.

# %%
slopes = np.linspace(-14, -2, 121)
mean_of_squares = np.array([loss(A_z, y, np.array([y.mean(), slope])) for slope in slopes])
for name, factor in (("mean of squares", 1), ("½ of it", 1 / 2), ("½ of the sum", len(y) / 2)):
    print(f"{name:>15}: lowest at slope {slopes[np.argmin(factor * mean_of_squares)]:.1f}")
    beta = np.zeros(2)
    for _ in range(100):
        beta = beta - (0.045 / factor) * (factor * gradient(A_z, y, beta))
    np.testing.assert_allclose(
        beta, path_z[-1], rtol=1e-12
    )  # the same products in another order

y_hat = A_z @ path_z[-1]
keras_loss = float(keras.losses.MeanSquaredError()(y, y_hat))
by_hand = np.mean((y - y_hat) ** 2)
print(f"Keras {keras_loss:.4f}, mean of squares {by_hand:.4f}, its half {by_hand / 2:.4f}")
np.testing.assert_allclose(keras_loss, by_hand, rtol=1e-6)  # float32

# %% [markdown]
# ## Several features, four ways
#
# With $d$ features the table $A$ has $d + 1$ columns and $\beta$ as many entries; nothing else changes. Each feature is
# standardised with the mean and standard deviation of the **training** cars; the others must not leak into the fit.

# %%
mean, std = (
    train[FEATURES].mean(),
    train[FEATURES].std(ddof=0),
)  # ddof=0: divide by n, as NumPy does
Z = ((train[FEATURES] - mean) / std).to_numpy()  # (n, 3)
A = design_matrix(Z)  # (n, 4)
LEARNING_RATE, STEPS = 0.2, 400

normal = solve_normal_equations(A, y)
path = descend(A, y, LEARNING_RATE, STEPS)
sklearn_model = LinearRegression().fit(Z, y)

# %% [markdown]
# In Keras the same model is a `Dense` layer with one unit: a **kernel** of weights, one a feature, and a **bias**, the
# intercept. `SGD` is gradient descent. Keras cuts data into **batches**, a step for each, and calls a round through them an
# **epoch**. Here one batch holds all cars, and an epoch is one step.

# %%
model = keras.Sequential(
    [keras.Input((len(FEATURES),)), keras.layers.Dense(1, kernel_initializer="zeros")],
    name="linear",
)
model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss="mean_squared_error")
everything = tf.data.Dataset.from_tensors((Z, y)).repeat()  # one batch, again and again
fit = training.fit(model, everything, steps_per_epoch=1, epochs=STEPS, shuffle=False)
kernel, bias = model.get_weights()  # (3, 1), (1,)

# %% [markdown]
# Do they agree? Not to the last digit, and we can say how far off each may be:
#
# - **Solving** in `float64`, 16 digits, loses about as many as $\lambda_{\max}/\lambda_{\min}$ has: one or two here.
# - **Descent** stops after finitely many steps. Each multiplies the error along an axis of the bowl by
#   $1 - \alpha\lambda$, for a rate $\alpha$ and a curvature $\lambda$.
# - **Keras** stores coefficients in `float32`, whose numbers lie a *spacing* apart. A step smaller than half of it changes
#   nothing. A gradient of up to spacing $/\,2\alpha$ may be left, and dividing by $\lambda_{\min}$ gives the error.

# %% tags=["nbval-check-output"]
curvature = np.linalg.eigvalsh(2 / len(y) * A.T @ A)
stopping = (
    np.max(np.abs(1 - LEARNING_RATE * curvature)) ** STEPS * np.linalg.norm(normal) + 1e-12
)
spacing = np.linalg.norm(np.spacing(np.abs(normal).astype("float32")))
rounding = spacing / (2 * LEARNING_RATE) / curvature[0]
in_sklearn = np.append(sklearn_model.intercept_, sklearn_model.coef_)
in_keras = np.append(bias, kernel)
np.testing.assert_allclose(in_sklearn, normal, rtol=1e-12)
np.testing.assert_allclose(path[-1], normal, atol=stopping, rtol=0)
np.testing.assert_allclose(in_keras, normal, atol=stopping + rounding, rtol=0)
# The losses too, step by step: Keras's is that before the step, and a mean in float32 keeps six digits.
np.testing.assert_allclose(
    fit.history["loss"], [loss(A, y, beta) for beta in path[:-1]], rtol=1e-5
)

print(f"{'':12} {'normal':>9} {'descent':>9} {'sklearn':>9} {'Keras':>9}")
four = np.column_stack([normal, path[-1], in_sklearn, in_keras])
for name, row in zip(["intercept", *FEATURES], four, strict=True):
    print(f"{name:12} " + " ".join(f"{value:9.3f}" for value in row))

# %%
print(f"curvatures: {curvature.round(2)}, ratio {curvature[-1] / curvature[0]:.0f}")
print(f"allowed: {stopping:.1e} for stopping, {rounding:.1e} for rounding")
gaps = [np.abs(found - normal).max() for found in (path[-1], in_keras)]
print(f"seen: {gaps[0]:.1e} by hand, {gaps[1]:.1e} in Keras")

lowest = loss(A, y, normal)
fig, ax = plt.subplots()
ax.semilogy([loss(A, y, beta) - lowest for beta in path], label="by hand, float64")
gap = np.array(fit.history["loss"]) - lowest
ax.semilogy(np.where(gap > 0, gap, np.nan), ".", ms=4, label="Keras, float32")
ax.axhline(
    np.spacing(np.float32(lowest)),
    color=plots.GREY,
    ls=":",
    label="spacing of float32 at the minimum",
)
ax.set(xlabel="step", ylabel="loss above the minimum", ylim=(1e-9, 1e3))
ax.set_title("One path, until float32 runs out of digits")
ax.legend()
plots.show(fig)

# %% [markdown]
# The dots of Keras lie on the line of the by-hand descent, step for step, down to about the dotted line, the spacing of
# `float32` numbers near this loss; below the minimum they cannot be drawn. The first few steps mend the intercept, which starts
# furthest off. The long straight part is the flattest direction: standardising made the columns alike, but it cannot
# undo that heavy cars are strong ones.

# %% [markdown]
# ### What the coefficients say
#
# Features are in standard deviations, so their coefficients can be compared. Divided by the standard deviation they
# return to units.

# %%
for name, coefficient, unit in zip(FEATURES, normal[1:], (1000, 10, 1), strict=True):
    in_units = coefficient / std[name] * unit
    print(
        f"{name:>12}: {coefficient:+.2f} a standard deviation, {in_units:+.2f} for each {unit}"
    )

# %% [markdown]
# Read it as: *among these cars, of two with equal power and year, the one that weighs 1,000 lb more goes that many miles
# less on a gallon, on average.* It does not say what happens if you load 1,000 lb into your car.
#
# And power, does it not count? It depends on what stands beside it:

# %%
alone = solve_normal_equations(design_matrix(Z[:, 1]), y)[1]
print(f"power alone: {alone:+.2f}; beside weight and year: {normal[2]:+.2f}")
print(f"correlation of weight and power: {np.corrcoef(Z[:, 0], Z[:, 1])[0, 1]:.2f}")

deals = []
for seed in range(100):
    part, _ = train_test_split(rest, test_size=0.25, random_state=seed)
    A_part = design_matrix(((part[FEATURES] - mean) / std).to_numpy())
    deals.append(solve_normal_equations(A_part, part["mpg"].to_numpy())[2])
print(f"beside weight and year, in 100 other deals: {min(deals):+.2f} to {max(deals):+.2f}")

# %% [markdown]
# Strong cars are heavy, so alone, power speaks for weight too. Beside weight, little is left for it to say *in this model*:
# even its sign depends on the deal.

# %% [markdown]
# ## Is it a line at all?

# %%
predictions = A @ normal
residuals = y - predictions
edges = np.quantile(predictions, np.linspace(0, 1, 9))
middle = [residuals[(predictions >= a) & (predictions <= b)].mean() for a, b in pairwise(edges)]

fig, ax = plt.subplots()
ax.scatter(predictions, residuals, s=14)
ax.plot(
    (edges[1:] + edges[:-1]) / 2,
    middle,
    "o-",
    color=plots.RED,
    label="mean of an eighth of the cars",
)
ax.axhline(0, color=plots.GREY, lw=1)
ax.set(
    xlabel="prediction (miles per gallon)",
    ylabel="residual (miles per gallon)",
    title="The residuals bend: the model is too low at both ends",
)
ax.legend()
plots.show(fig)

# %% [markdown]
# Residuals of a good model show no pattern. These show two: the red line is above zero at both ends and below it in the
# middle, for the cloud is curved and the model is not; and they spread more to the right, so that errors grow with the
# prediction.
#
# A **linear** model is linear in its coefficients; the features may be anything. So add squares, and let the validation
# cars decide whether that helps. The training cars cannot: on them, another feature never hurts.


# %%
def standardised(table, columns):
    return ((table[columns] - mean[columns]) / std[columns]).to_numpy()


CANDIDATES = {
    "mean of the training cars": lambda table: np.empty((len(table), 0)),  # the intercept alone
    "weight": lambda table: standardised(table, ["weight_lb"]),
    "weight, power, year": lambda table: standardised(table, FEATURES),
    "the same and their squares": lambda table: np.hstack(
        [standardised(table, FEATURES) ** k for k in (1, 2)]
    ),
    "powers 1 to 10 of each": lambda table: np.hstack(
        [standardised(table, FEATURES) ** k for k in range(1, 11)]
    ),
}


def root_mean_squared_error(features, beta, table):
    return mean_squared_error(table["mpg"], design_matrix(features(table)) @ beta) ** 0.5


# %%
# lstsq, not the normal equations: A.T @ A of tenth powers has lost all 16 digits.
fitted = {
    name: np.linalg.lstsq(design_matrix(features(train)), y, rcond=None)[0]
    for name, features in CANDIDATES.items()
}
errors = {}
print(
    f"{'':27} {'training':>8} {'validation':>10}   (root mean squared error, miles per gallon)"
)
for name, features in CANDIDATES.items():
    training_error, errors[name] = (
        root_mean_squared_error(features, fitted[name], t) for t in (train, validation)
    )
    print(f"{name:27} {training_error:8.2f} {errors[name]:10.2f}")
best = min(errors, key=errors.get)
print("chosen:", best)

# %% [markdown]
# Downwards the training error only falls. The validation error falls too, and then turns up. What happened?

# %%
name = "powers 1 to 10 of each"
misses = (validation["mpg"] - design_matrix(CANDIDATES[name](validation)) @ fitted[name]).abs()
car = validation.loc[misses.idxmax()]
heaviest = train["weight_lb"].max()
print(
    f"worst: {car['name']}, {car['weight_lb']} lb, off by {misses.max():.0f} miles per gallon"
)
print(f"the heaviest car in training: {heaviest} lb")
power = fitted["the same and their squares"][1 + FEATURES.index("horsepower")]
print(f"power, beside weight and year and with the squares: {power:+.2f} a standard deviation")

# %% [markdown]
# Nearly all of it is one car, heavier than any in training: where there are no data, tenth powers run away. Is that bad luck? And
# why is the winner's validation error *lower* than its training error? Deal the cars that are not for testing again, many
# times. (And power counts after all, once the model may bend.)

# %%
redeals = {"the same and their squares": [], "powers 1 to 10 of each": []}
for seed in range(100):
    a, b = train_test_split(rest, test_size=0.25, random_state=seed)
    for name, pairs in redeals.items():
        beta = np.linalg.lstsq(design_matrix(CANDIDATES[name](a)), a["mpg"], rcond=None)[0]
        pairs.append([root_mean_squared_error(CANDIDATES[name], beta, part) for part in (a, b)])
for name, pairs in redeals.items():
    on_a, on_b = np.array(pairs).T
    low, middle, high = np.quantile(on_b, [0.05, 0.5, 0.95])
    print(
        f"{name:27} validation: median {middle:.2f}, nine in ten between {low:.2f} and {high:.2f}"
    )
    print(f"{'':27} lower than training in {np.sum(on_b < on_a)} deals of 100")
wins = sum(a[1] < b[1] for a, b in zip(*redeals.values(), strict=True))
print(f"the squares win {wins} of 100 deals")

# %% [markdown]
# The tenth powers sometimes win by a little, and when they lose, they lose by a lot. Lesson 05 is about that. And a
# validation error below the training error is nothing rare: 79 cars do not fix an error to a tenth.

# %% [markdown]
# ## Once, on the test cars
#
# The test cars have chosen nothing. How far to trust their number? Draw 79 cars from them, with replacement, again and
# again: the **bootstrap**. It covers the luck of which cars are in the test, not that of the training cars.

# %% tags=["headline"]
squares = (test["mpg"] - design_matrix(CANDIDATES[best](test)) @ fitted[best]).to_numpy() ** 2
squares_of_mean = (test["mpg"].to_numpy() - y.mean()) ** 2
error, error_of_mean = squares.mean() ** 0.5, squares_of_mean.mean() ** 0.5
print(f"test error {error:.2f} miles per gallon; always the mean: {error_of_mean:.2f}")

# %%
draws = np.random.default_rng(run.seed).integers(len(test), size=(2000, len(test)))
ours, always_mean = (
    np.sqrt(values[draws].mean(axis=1)) for values in (squares, squares_of_mean)
)
for name, values in (("test error", ours), ("gain over the mean", always_mean - ours)):
    low, high = np.quantile(values, [0.025, 0.975])
    print(f"{name:>18}: 95 % of the draws between {low:.1f} and {high:.1f}")
assert np.quantile(always_mean - ours, 0.025) > 0
worst = np.argsort(squares)[-6:]
print(
    f"the worst six cars make {squares[worst].sum() / squares.sum():.0%} of the squared error:"
)
predicted = design_matrix(CANDIDATES[best](test)) @ fitted[best]
shown = test.assign(predicted=predicted.round(1)).iloc[worst]
shown[["name", "model_year", "weight_lb", "mpg", "predicted"]]

# %% [markdown]
# So weight, power and year predict the miles of a gallon with a root mean squared error of about three, where guessing the
# mean has about eight. A few cars make most of what is left; some are diesels, which no feature of ours says.

# %% [markdown]
# ## A program from an article, repaired
#
# One of the articles behind this course draws 100 rows with 5 features and noise of standard deviation 0.1, fits them, and
# prints the error. It runs, but prints another number each time: the split has a seed, the data have none.


# %%
def article_program(random_state):
    X, y = make_regression(n_samples=100, n_features=5, noise=0.1, random_state=random_state)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    return mean_squared_error(y_test, LinearRegression().fit(X_train, y_train).predict(X_test))


unseeded = [
    article_program(np.random.RandomState()) for _ in range(5)
]  # seeded by the machine, as in a new process
seeded = [article_program(42) for _ in range(5)]
print("as printed:", *(f"{error:.4f}" for error in unseeded))
print("seeded:    ", *(f"{error:.4f}" for error in seeded))
many = np.array([article_program(seed) for seed in range(300)])
print(f"300 seeds: mean {many.mean():.4f}, standard deviation {many.std():.4f}")
assert len(set(unseeded)) == 5
assert len(set(seeded)) == 1

# %% [markdown]
# With only 20 test rows the error scatters; its mean is a little above 0.01, and that is no accident. The noise has variance
# $0.1^2$, and noise cannot be predicted. That is why $\varepsilon$ belongs to the observation $y$ and not to the prediction
# $\hat y$. With more rows to learn from, the error on new rows comes down to the variance of the noise and, on average, no
# lower.

# %%
sizes = [10, 14, 20, 30, 50, 100, 300, 1000, 3000]
rng = np.random.default_rng(run.seed)
on_training, on_test = np.zeros((2, len(sizes)))
for i, n in enumerate(sizes):
    for _ in range(200):
        X, truth = rng.normal(size=(n + 1000, 5)), rng.normal(size=5) * 50
        noisy = X @ truth + 0.1 * rng.normal(size=len(X))
        estimate = np.linalg.lstsq(design_matrix(X[:n]), noisy[:n], rcond=None)[0]
        squares = (noisy - design_matrix(X) @ estimate) ** 2
        on_training[i] += squares[:n].mean() / 200
        on_test[i] += squares[n:].mean() / 200
assert (
    abs(on_test[-1] / 0.01 - 1) < 0.02
)  # 200,000 squares: their mean is within 0.3 % of the variance, mostly

# %%
fig, ax = plt.subplots()
ax.loglog(sizes, on_training, "o--", label="training rows")
ax.loglog(sizes, on_test, "o-", label="new rows")
ax.axhline(0.01, color=plots.GREY, ls=":", label="variance of the noise")
ax.set(
    xlabel="rows of training data",
    ylabel="mean squared error",
    title="New rows sink to the noise, training rows rise to it",
)
ax.legend()
plots.show(fig)

# %% [markdown]
# On new rows the error comes down to the dotted line and stays. On the training rows it comes *up* to it: with few rows
# the fit follows their noise. So an error below the floor means noise that was fitted, or a small test set, but never a
# better model.

# %% [markdown]
# ## What to keep
#
# - The observation has noise, the prediction does not. The noise's variance is the smallest mean squared error to
#   expect on new data.
# - Squared loss on a linear model is a bowl. Solving and descending find the same bottom; a ½ does not move it.
# - Standardise: it shortens the valley. Keep the rate below $2/\lambda_{\max}$.
# - Fit on training, choose on validation, report on test, once, with a baseline beside it.
#
# Next: the [exercises](exercises/01_linear_regression.ipynb), then lesson 02, where the answer is a class.

# %% [markdown]
# ### Sources
#
# - Auto MPG: R. Quinlan (1993), UCI Machine Learning Repository, [doi:10.24432/C5859H](https://doi.org/10.24432/C5859H).
# - Least squares: Hastie, Tibshirani, Friedman, *The Elements of Statistical Learning* (2009), 3.2; training, validation
#   and test sets: 7.2.
# - Gradient descent and its rate: Goodfellow, Bengio, Courville, *Deep Learning* (2016), 4.3.
# - Bootstrap: Efron (1979), *Bootstrap methods: another look at the jackknife*.
# - The articles (see lesson 00): S1-4.1, 5.1, 7.12; S3-1.3.5.

# %% [markdown] tags=["exercises"]
# # 01 · Linear regression: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("01.1")` tells more, and more again when called again.
# NumPy is all you need. The [lesson](../01_linear_regression.ipynb) has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check, hint

# %% [markdown]
# ## 01.1 Standardise without a leak
#
# New rows are put on the scale of the training rows: nothing about the new rows may enter it.


# %%
def standardise(train, new):
    """New rows in standard deviations from the mean of the training rows, feature by feature.

    Args:
        train: float array (n, d).
        new: float array (m, d).
    Returns:
        float array (m, d): `new` less the means of `train`, divided by its standard
        deviations, which divide by n.

    standardise(np.array([[1.0], [3.0]]), np.array([[4.0]])) is [[2.0]].
    """
    ### BEGIN SOLUTION
    return (new - train.mean(axis=0)) / train.std(axis=0)
    ### END SOLUTION


# %%
check("01.1", standardise)

# %% [markdown]
# ## 01.2 Mean squared error
#
# Keras's `predict` returns a column, shape (n, 1), where the targets are a vector, shape (n,). Your function takes both.


# %%
def mean_squared_error(y, y_hat):
    """Mean of the squared errors.

    Args:
        y: float array (n,), the observations.
        y_hat: float array (n,) or (n, 1), the predictions.
    Returns:
        float.

    mean_squared_error(np.array([1, 2]), np.array([1, 4])) is 2.0.
    """
    ### BEGIN SOLUTION
    return np.mean((y - np.reshape(y_hat, -1)) ** 2)
    ### END SOLUTION


# %%
check("01.2", mean_squared_error)

# %% [markdown]
# ## 01.3 Its gradient
#
# By the coefficients, at any `beta`. The check moves each coefficient a little and watches the loss.


# %%
def gradient(A, y, beta):
    """Gradient of the mean squared error of the predictions A @ beta.

    Args:
        A: float array (n, d + 1), a column of ones, then the features.
        y: float array (n,).
        beta: float array (d + 1,).
    Returns:
        float array (d + 1,).

    gradient(np.array([[1, 2]]), np.array([5]), np.array([1, 1])) is [-4, -8].
    """
    ### BEGIN SOLUTION
    return 2 / len(y) * A.T @ (A @ beta - y)
    ### END SOLUTION


# %%
check("01.3", gradient)

# %% [markdown]
# ## 01.4 The best line
#
# Mind the intercept: `X` comes without its column of ones.


# %%
def fit(X, y):
    """Least squares by the normal equations.

    Args:
        X: float array (n, d), the features, n > d; no column is a combination of others.
        y: float array (n,).
    Returns:
        float array (d + 1,), the intercept first.

    fit(np.array([[0], [1], [2]]), np.array([1, 3, 5])) is [1, 2].
    """
    ### BEGIN SOLUTION
    A = np.column_stack([np.ones(len(X)), X])
    return np.linalg.solve(A.T @ A, A.T @ y)
    ### END SOLUTION


# %%
check("01.4", fit)

# %% [markdown]
# ## 01.5 Gradient descent, with ½ and without
#
# Start from zeros. With `half`, descend on $\frac12 J$; without, on $J$.


# %%
def descend(A, y, learning_rate, steps, half):
    """Gradient descent on the mean squared error, or on half of it.

    Args:
        A: float array (n, d + 1), a column of ones, then the features.
        y: float array (n,).
        learning_rate: float > 0.
        steps: int >= 0.
        half: bool.
    Returns:
        float array (d + 1,), the coefficients after the last step.

    descend(np.array([[1.0]]), np.array([4.0]), 0.25, 1, half=False) is [2.0];
    with half=True it is [1.0].
    """
    ### BEGIN SOLUTION
    beta = np.zeros(A.shape[1])
    for _ in range(steps):
        step = learning_rate * 2 / len(y) * A.T @ (A @ beta - y)
        beta = beta - (step / 2 if half else step)
    return beta
    ### END SOLUTION


# %%
check("01.5", descend)

# %% [markdown]
# Both arrive at the same coefficients. With ½, twice the rate gives the same path.
