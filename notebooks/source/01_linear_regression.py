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
# | **Time** | 45 minutes to read; it runs in about 20 seconds on a CPU, and a GPU gains nothing |
# | **Data** | Auto MPG: 398 cars of 1970 to 1982 (UCI, CC BY 4.0) |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=1)

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

# %% tags=["nbval-check-output"]
rest, test = train_test_split(known, test_size=0.2, random_state=run.seed)
train, validation = train_test_split(rest, test_size=0.25, random_state=run.seed)
print(f"training {len(train)}, validation {len(validation)}, test {len(test)}")

# %%
fig, ax = plt.subplots()
points = ax.scatter(train["weight_lb"], train["mpg"], c=train["model_year"], cmap="cividis", s=18)
fig.colorbar(points, label="model year")
ax.set(xlabel="weight (lb)", ylabel="miles per gallon", title="Heavy cars drink more, and later ones less")
plt.show()

# %% [markdown]
# Each point is a car of the training set. The cloud falls from around 30 miles per gallon at 2,000 lb to around 12
# at 5,000 lb, and bends a little. At the same weight the lighter points, later years, lie higher.

# %% [markdown]
# ## The model
#
# $$y_i = \beta_0 + \beta_1 x_i + \varepsilon_i \qquad\qquad \hat y_i = \beta_0 + \beta_1 x_i$$
#
# | symbol | meaning | shape | in the code |
# |---|---|---|---|
# | $y_i$ | what was observed: miles per gallon of car $i$ | $(n,)$ for all cars | `y` |
# | $x_i$ | its weight, in 1,000 lb | $(n,)$ | `x` |
# | $\beta_0$ | the intercept | a number | `beta[0]` |
# | $\beta_1$ | the slope | a number | `beta[1]` |
# | $\varepsilon_i$ | what the line cannot explain, unknown | $(n,)$ | – |
# | $\hat y_i$ | the prediction, which leaves $\varepsilon_i$ out | $(n,)$ | `y_hat` |

# %% [markdown]
# ## How wrong is a line?
#
# The **mean squared error** is one number for all cars:
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
    np.testing.assert_allclose(by_hand, keras.losses.mean_squared_error(y, y_hat), rtol=1e-6)  # float32
    print(f"{name:>16}: mean squared error {by_hand:5.1f}, root {by_hand**0.5:.1f} miles per gallon")

# %% [markdown]
# A line drawn by eye has about a third of the squared error of the mean. The root brings the unit back: squares are in
# (miles per gallon)².
#
# ## The best line, by hand
#
# Put a column of ones beside $x$ and call the table $A$, with a row for each car. Then $\hat y = A\beta$, and the
# gradient of $J$ is
#
# $$\nabla J(\beta) = \frac2n A^\top (A\beta - y).$$
#
# $J$ is a bowl, so its minimum is where the gradient is zero:
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
print(f"mean squared error {np.mean(residuals**2):.1f}")

# %%
order = np.argsort(x)
fig, ax = plt.subplots()
ax.vlines(x, A @ beta, y, color=plots.GREY, lw=0.6)
ax.scatter(x, y, s=14, label="training cars")
ax.plot(x[order], (A @ beta)[order], color=plots.RED, label="best line")
ax.set(
    xlabel="weight (1,000 lb)", ylabel="miles per gallon", title="No other line has smaller squared residuals"
)
ax.legend()
plt.show()

# %% [markdown]
# The grey bars are the residuals $y - \hat y$. Where they are shortest in the mean of squares, the normal equations
# say that they are **orthogonal** to each column of $A$: they sum to zero, and they do not lean with weight. If they
# did, tilting the line would shorten them.

# %%
print("A.T @ residuals:", A.T @ residuals)
scale = np.abs(A).T @ np.abs(y)  # what the sums would be if nothing cancelled
assert np.all(np.abs(A.T @ residuals) < 1e-12 * scale)  # float64 carries about 16 digits

# %% [markdown]
# ## Downhill instead
#
# Most models have no such formula, but all the models of this course have gradients. **Gradient descent** starts
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
    return np.array([(loss(A, y, beta + step) - loss(A, y, beta - step)) / (2 * h) for step in steps])


somewhere = np.array([30.0, -5.0])
print("formula:           ", gradient(A, y, somewhere))
print("finite differences:", finite_differences(A, y, somewhere))
# J is quadratic, so central differences are exact but for rounding: 1e-16 / h, relative.
np.testing.assert_allclose(gradient(A, y, somewhere), finite_differences(A, y, somewhere), rtol=1e-8)


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
for name, table, path in (("weight", A, path_x), ("standardised", A_z, path_z)):
    gap = loss(table, y, path[-1]) - loss(table, y, solve_normal_equations(table, y))
    print(f"{name:>12}: after 100 steps the loss is {gap:.2g} above the minimum")

# %% [markdown]
# The same data, the same rate, the same number of steps: with the weight as it is, descent is nowhere near the
# minimum; with the weight standardised, it has arrived. The surfaces show why.


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
    ax.set(xlabel=r"intercept $\beta_0$", ylabel=r"slope $\beta_1$")
    return shades


fig, axes = plt.subplots(1, 2, figsize=(10, 4))
draw_surface(axes[0], A, y, path_x, width=(8, 12))
shades = draw_surface(axes[1], A_z, y, path_z, width=(8, 12))
axes[0].set_title("Weight as it is: a narrow valley, a long crawl")
axes[1].set_title("Weight standardised: a round bowl, straight down")
axes[1].legend(facecolor="lightgrey", frameon=True)
fig.colorbar(shades, ax=axes, label=r"$\log_{10}$ of the loss")
plt.show()

# %% [markdown]
# Dark is low. On the left, a larger intercept is almost made up for by a steeper slope, so the bowl is a long valley:
# the path falls to its floor at once and then creeps along it. On the right both directions curve alike, and the path
# is straight.
#
# How much the bowl curves is told by the eigenvalues of its second derivative, $H = \frac2n A^\top A$. The steepest,
# $L$, limits the rate: beyond $2/L$ each step overshoots by more than it gains. The flattest sets the pace.

# %%
for name, table in (("weight", A), ("standardised", A_z)):
    curvature = np.linalg.eigvalsh(2 / len(y) * table.T @ table)
    limit = 2 / curvature[-1]
    print(
        f"{name:>12}: curvatures {curvature.round(2)}, ratio {curvature[-1] / curvature[0]:.0f}, limit {limit:.3f}"
    )
    below, above = (loss(table, y, descend(table, y, f * limit, 60)[-1]) for f in (0.95, 1.05))
    assert below < loss(table, y, np.zeros(2)) < above
    print(f"{'':>12}  loss after 60 steps at 0.95 of the limit {below:.0f}, at 1.05 of it {above:.2g}")

# %% [markdown]
# ## Does the ½ matter?
#
# Some texts write the loss as $\frac12(y - \hat y)^2$, without a mean. The ½ cancels the 2 of the derivative and halves
# the gradient, no more: the minimum stays where it was, and doubling the rate gives the very same path. Keras has
# the mean and no ½.

# %%
slopes = np.linspace(-14, -2, 121)
full = np.array([loss(A_z, y, np.array([y.mean(), slope])) for slope in slopes])
print(f"lowest with ½ at slope {slopes[np.argmin(full / 2)]:.1f}, without at {slopes[np.argmin(full)]:.1f}")

half_path = [np.zeros(2)]
for _ in range(100):
    half_path.append(half_path[-1] - (2 * 0.045) * gradient(A_z, y, half_path[-1]) / 2)
assert np.argmin(full / 2) == np.argmin(full)
np.testing.assert_allclose(half_path, path_z, rtol=1e-12)  # the same numbers, multiplied in another order

y_hat = A_z @ path_z[-1]
keras_loss = float(keras.losses.MeanSquaredError()(y, y_hat))
print(
    f"Keras {keras_loss:.4f}, mean of squares {np.mean((y - y_hat) ** 2):.4f}, its half {keras_loss / 2:.4f}"
)
np.testing.assert_allclose(keras_loss, np.mean((y - y_hat) ** 2), rtol=1e-6)  # float32

# %% [markdown]
# ## Several features, four ways
#
# With $d$ features the table $A$ has $d + 1$ columns; nothing else changes. Each feature is standardised with the
# mean and standard deviation of the **training** cars; the others must not leak into the fit.

# %%
mean, std = train[FEATURES].mean(), train[FEATURES].std(ddof=0)
Z = ((train[FEATURES] - mean) / std).to_numpy()  # (n, 3)
A = design_matrix(Z)  # (n, 4)
LEARNING_RATE, STEPS = 0.2, 400

normal = solve_normal_equations(A, y)
path = descend(A, y, LEARNING_RATE, STEPS)
sklearn_model = LinearRegression().fit(Z, y)

# %% [markdown]
# In Keras the same model is a `Dense` layer with one unit and no activation: a **kernel** of weights, one a feature,
# and a **bias**, the intercept. An endless stream of one batch that holds all cars makes each epoch one step of descent.

# %%
model = keras.Sequential(
    [keras.Input((len(FEATURES),)), keras.layers.Dense(1, kernel_initializer="zeros")], name="linear"
)
model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss="mean_squared_error")
everything = tf.data.Dataset.from_tensors((Z, y)).repeat()
fit = training.fit(model, everything, steps_per_epoch=1, epochs=STEPS)
kernel, bias = model.get_weights()  # (3, 1), (1,)

# %% [markdown]
# Do they agree? Not to the last digit, and we can say how far off each may be:
#
# - `float64` carries 16 digits; solving loses as many as the square of $A$'s condition number has, one or two here.
# - Descent stops after finitely many steps: in the flattest direction each shrinks the error by
#   $1 - \alpha\lambda_{\min}$.
# - Keras computes in `float32`. A gradient smaller than the rounding of its sums is lost, and dividing by the flattest
#   curvature turns that into an error of the coefficients.

# %% tags=["nbval-check-output"]
curvature = np.linalg.eigvalsh(2 / len(y) * A.T @ A)
stopping = (1 - LEARNING_RATE * curvature[0]) ** STEPS * np.linalg.norm(normal)
rounding = 2 * np.finfo(np.float32).eps * np.abs(y).max() / curvature[0]
np.testing.assert_allclose(np.append(sklearn_model.intercept_, sklearn_model.coef_), normal, rtol=1e-12)
np.testing.assert_allclose(path[-1], normal, atol=stopping, rtol=0)
np.testing.assert_allclose(np.append(bias, kernel), normal, atol=stopping + rounding, rtol=0)
np.testing.assert_allclose(fit.history["loss"], [loss(A, y, b) for b in path[:-1]], rtol=1e-5)

print(f"{'':12} {'normal':>9} {'descent':>9} {'sklearn':>9} {'Keras':>9}")
four = np.column_stack(
    [normal, path[-1], np.append(sklearn_model.intercept_, sklearn_model.coef_), np.append(bias, kernel)]
)
for name, row in zip(["intercept", *FEATURES], four, strict=True):
    print(f"{name:12} " + " ".join(f"{value:9.3f}" for value in row))

# %%
print(f"condition number of A: {np.linalg.cond(A):.1f}")
print(f"allowed: {stopping:.1e} for stopping, {rounding:.1e} for rounding")
print(
    f"seen:    {np.abs(path[-1] - normal).max():.1e} by hand,      {np.abs(np.append(bias, kernel) - normal).max():.1e} in Keras"
)

lowest = loss(A, y, normal)
fig, ax = plt.subplots()
ax.semilogy([loss(A, y, b) - lowest for b in path], label="by hand, float64")
in_keras = np.array(fit.history["loss"]) - lowest
ax.semilogy(np.where(in_keras > 0, in_keras, np.nan), ".", ms=4, label="Keras, float32")
ax.axhline(
    np.finfo(np.float32).eps * lowest, color=plots.GREY, ls=":", label="spacing of float32 at the minimum"
)
ax.set(
    xlabel="step",
    ylabel="loss above the minimum",
    title="One path, until float32 runs out of digits",
    ylim=(1e-9, 1e3),
)
ax.legend()
plt.show()

# %% [markdown]
# The dots of Keras lie on the line of the by-hand descent, step for step, down to the dotted line: there the loss
# differs from its minimum by less than `float32` can tell, and dots at or below the minimum cannot be drawn. Two straight parts on a logarithmic scale are two
# directions of the bowl: a steep one, done within a few steps, and a flat one that sets the pace.
#
# ### What the coefficients say
#
# Features are in standard deviations, so their coefficients can be compared. Divided by the standard deviation they
# return to units.

# %%
for name, coefficient, unit in zip(FEATURES, normal[1:], (1000, 10, 1), strict=True):
    print(
        f"{name:>12}: {coefficient:+.2f} for a standard deviation, {coefficient / std[name] * unit:+.2f} for each {unit}"
    )

# %% [markdown]
# Read it as: *among these cars, of two with equal power and year, the one 1,000 lb heavier went that much less far.*
# It is not what would happen if you loaded 1,000 lb into your car. And power hardly counts once weight is known, since
# strong cars are heavy: the coefficient of a feature depends on which others stand beside it.
#
# ## Is it a line at all?

# %%
predictions = A @ normal
residuals = y - predictions
edges = np.quantile(predictions, np.linspace(0, 1, 9))
middle = [residuals[(predictions >= a) & (predictions <= b)].mean() for a, b in pairwise(edges)]

fig, ax = plt.subplots()
ax.scatter(predictions, residuals, s=14)
ax.plot((edges[1:] + edges[:-1]) / 2, middle, "o-", color=plots.RED, label="mean of an eighth of the cars")
ax.axhline(0, color=plots.GREY, lw=1)
ax.set(
    xlabel="prediction (miles per gallon)",
    ylabel="residual",
    title="The residuals bend: the line is too low at both ends",
)
ax.legend()
plt.show()

# %% [markdown]
# Residuals of a good model show no pattern. These do: the red line is above zero at both ends and below it in the
# middle. The cloud is curved and the model is not.
#
# A **linear** model is linear in its coefficients; the features may be anything. So add squares, and let the validation
# cars decide whether that helps. The training cars cannot: on them, another feature never hurts.


# %%
def standardised(table, columns):
    return ((table[columns] - mean[columns]) / std[columns]).to_numpy()


CANDIDATES = {
    "mean of the training cars": lambda table: np.empty((len(table), 0)),
    "weight": lambda table: standardised(table, ["weight_lb"]),
    "weight, power, year": lambda table: standardised(table, FEATURES),
    "the same and their squares": lambda table: np.hstack(
        [standardised(table, FEATURES) ** k for k in (1, 2)]
    ),
    "powers 1 to 6 of each": lambda table: np.hstack(
        [standardised(table, FEATURES) ** k for k in range(1, 7)]
    ),
}


def root_mean_squared_error(features, beta, table):
    return mean_squared_error(table["mpg"], design_matrix(features(table)) @ beta) ** 0.5


# %%
fitted = {
    name: np.linalg.lstsq(design_matrix(features(train)), y, rcond=None)[0]
    for name, features in CANDIDATES.items()
}
errors = {}
print(f"{'':27} {'training':>8} {'validation':>10}   (root mean squared error, miles per gallon)")
for name, features in CANDIDATES.items():
    training_error, errors[name] = (
        root_mean_squared_error(features, fitted[name], t) for t in (train, validation)
    )
    print(f"{name:27} {training_error:8.2f} {errors[name]:10.2f}")
best = min(errors, key=errors.get)
print("chosen:", best)

# %% [markdown]
# Downwards the training error only falls. The validation error falls too, and then turns: sixth powers follow the
# training cars more closely and the validation cars less. Lesson 05 is about that turn.
#
# ## Once, on the test cars
#
# The validation error of the winner flatters it, for it was chosen to be the smallest. The test cars have chosen
# nothing. Drawing them again and again, with replacement, shows how far their number lets us trust the result.

# %%
squares = (test["mpg"] - design_matrix(CANDIDATES[best](test)) @ fitted[best]).to_numpy() ** 2
draws = np.random.default_rng(run.seed).integers(len(squares), size=(2000, len(squares)))
low, high = np.quantile(np.sqrt(squares[draws].mean(axis=1)), [0.025, 0.975])
baseline = ((test["mpg"] - y.mean()) ** 2).mean() ** 0.5
error = squares.mean() ** 0.5
assert high < baseline
print(f"95 % of the redrawn test sets lie between {low:.2f} and {high:.2f}")

# %% tags=["headline"]
print(f"test error {error:.2f} miles per gallon; always the mean: {baseline:.2f}")

# %% [markdown]
# ## The source documents' program, repaired
#
# Document 1 (5.1) draws 100 rows with 5 features and noise 0.1, fits them, and prints the error. It runs, but prints
# another number each time: the split has a seed, the data have none.


# %%
def documents_program(random_state=None):
    X, y = make_regression(n_samples=100, n_features=5, noise=0.1, random_state=random_state)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    return mean_squared_error(y_test, LinearRegression().fit(X_train, y_train).predict(X_test))


unseeded = [documents_program() for _ in range(5)]
seeded = [documents_program(random_state=42) for _ in range(5)]
print("as printed:", *(f"{error:.4f}" for error in unseeded))
print("seeded:    ", *(f"{error:.4f}" for error in seeded))
assert len(set(unseeded)) == 5
assert len(set(seeded)) == 1

# %% [markdown]
# All of them are near 0.01. That is no accident: the noise has standard deviation 0.1, so its variance is 0.01, and
# noise cannot be predicted. That is why $\varepsilon$ belongs to the observation $y$ and not to the prediction
# $\hat y$. More rows bring the test error down to the variance of the noise, and no lower.

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
    title="The noise is the floor, from above and from below",
)
ax.legend()
plt.show()

# %% [markdown]
# On new rows the error comes down to the dotted line and stays. On the training rows it comes *up* to it: with few rows
# the fit follows their noise. An error below the floor is a sign of that, never of a better model.
#
# ## What to keep
#
# - The observation has noise, the prediction does not; the noise's variance is the least possible error.
# - Squared loss on a linear model is a bowl. Solving and descending find the same bottom; a ½ does not move it.
# - Standardise: round bowls are quick, and the rate must stay below $2/L$.
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
# - In the source documents: S1-4.1, 5.1, 7.12; S3-1.3.5.

# %% [markdown] tags=["exercises"]
# # 01 · Linear regression: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. NumPy is all you need. The [lesson](../01_linear_regression.ipynb)
# has every formula.

# %% tags=["setup"]
import numpy as np

from course_lib.checks import check

# %% [markdown]
# ## 01.1 Prediction
#
# $\hat y_i = \beta_0 + \beta_1 x_{i1} + \dots + \beta_d x_{id}$, for all rows at once.


# %%
def predict(X, beta):
    """Predictions of a linear model.

    Args:
        X: float array (n, d), the features, without a column of ones.
        beta: float array (d + 1,), the intercept first.
    Returns:
        float array (n,).

    predict([[0], [2]], [10, 3]) is [10, 16].
    """
    ### BEGIN SOLUTION
    return beta[0] + X @ beta[1:]
    ### END SOLUTION


# %%
check("01.1", predict)

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

    mean_squared_error([1, 2], [1, 4]) is 2.0.
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

    gradient([[1, 2]], [5], [1, 1]) is [-4, -8]: the prediction is 2 too low.
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

    fit([[0], [1], [2]], [1, 3, 5]) is [1, 2].
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

    descend([[1.0]], [4.0], 0.25, 1, half=False) is [2.0], and [1.0] with half=True.
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
# Both arrive at the same coefficients; with ½ it takes twice the steps, or twice the rate.
