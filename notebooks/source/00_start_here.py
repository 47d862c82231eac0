# ---
# jupyter:
#   course:
#     question: What makes a model large, and what can this machine hold?
# ---

# %% [markdown]
# # 00 · Start here
#
# | | |
# |---|---|
# | **You will be able to** | work with this course; check your machine; count the parameters, bytes and training time of a network before you build it |
# | **You need first** | Python: functions, lists, a little NumPy |
# | **Time** | 30 minutes to read; it runs in about 20 seconds, with or without a GPU |
# | **Data** | none |

# %% tags=["setup"]
from course_lib import runtime

run = runtime.start(seed=0)

# %% tags=["setup"]
import time
from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
import psutil
from keras import layers

from course_lib import doctor, plots

plots.use_style()
FLOAT32_BYTES = 4

# %% [markdown]
# ## How this course works
#
# Each lesson asks one question, and each idea stands twice: by hand, in a few lines of NumPy, and in Keras. A cell then
# asserts that both agree, so nothing has to be believed.
#
# 1. Read a cell and guess what it will print. Run it: Shift + Enter. Change it and run it again.
# 2. Run cells from top to bottom. If something looks odd: *Kernel → Restart and run all*.
# 3. Then do the lesson's [exercises](exercises/00_start_here.ipynb). A check tells you what is likely wrong.

# %% [markdown]
# ### Is this machine ready?
#
# The course needs no GPU, no account and, once installed, no network. Where there is no GPU, lessons train for less
# long: the *fast* profile, printed above.

# %%
doctor.show(doctor.examine())

# %% [markdown]
# Rows marked *no* say what to do. The same table comes from `course doctor` in a terminal.

# %% [markdown]
# ## What is a parameter?
#
# A **parameter** is a number that training adjusts. In a **dense** layer each unit has a weight for each of its inputs,
# and a bias. For layer sizes $n_0, n_1, \dots, n_L$ the number of parameters is
#
# $$P = \sum_{l=1}^{L} \bigl(n_{l-1}\, n_l + n_l\bigr).$$
#
# | symbol | meaning | in the code |
# |---|---|---|
# | $n_0$ | number of inputs | `sizes[0]` |
# | $n_l$ | units of layer $l$, each with $n_{l-1}$ weights and 1 bias | `sizes[l]` |
# | $P$ | number of parameters | `parameters` |


# %%
def dense_parameters(inputs, units):
    return inputs * units + units  # weights, biases


def network_parameters(sizes):
    return sum(dense_parameters(inputs, units) for inputs, units in pairwise(sizes))


# %% [markdown]
# A network for pictures of 28 × 28 pixels and ten classes, with 128 units between them, the one that lesson 03 trains:

# %% tags=["nbval-check-output"]
sizes = [784, 128, 10]
model = keras.Sequential([keras.Input((784,)), layers.Dense(128, activation="relu"), layers.Dense(10)])
for layer in model.layers:
    kernel, bias = layer.get_weights()
    print(f"kernel {kernel.shape}, bias {bias.shape}: {kernel.size} + {bias.size} parameters")

assert network_parameters(sizes) == model.count_params()
print("by hand and in Keras:", network_parameters(sizes))

# %% [markdown]
# Other layers differ in the shapes of their weights, not in the counting. A **convolution** slides a small kernel over
# a picture, and an **LSTM** has four small dense layers inside; lessons 06 and 08 say why. Here are their formulas, and
# three networks of the source documents, counted both ways. `Flatten` and pooling have no parameters.


# %%
def conv_parameters(kernel_positions, channels, filters):
    return kernel_positions * channels * filters + filters


def lstm_parameters(inputs, units):
    return 4 * ((inputs + units) * units + units)


by_hand = {
    "pictures (S1-5.3)": conv_parameters(3 * 3, 3, 32)
    + conv_parameters(3 * 3, 32, 64)
    + conv_parameters(3 * 3, 64, 128)
    + dense_parameters(512, 10),
    "sequences (S0-4.2)": lstm_parameters(1, 64) + lstm_parameters(64, 64) + dense_parameters(64, 10),
    "sound (S3-1.4.3)": conv_parameters(3, 1, 64) + conv_parameters(3, 64, 64) + dense_parameters(1920, 10),
}

# %%
in_keras = {
    "pictures (S1-5.3)": [
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, 3),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3),
        layers.MaxPooling2D(2),
        layers.Conv2D(128, 3),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10),
    ],
    "sequences (S0-4.2)": [
        keras.Input((10, 1)),
        layers.LSTM(64, return_sequences=True),
        layers.LSTM(64),
        layers.Dense(10),
    ],
    "sound (S3-1.4.3)": [
        keras.Input((128, 1)),
        layers.Conv1D(64, 3),
        layers.MaxPooling1D(2),
        layers.Conv1D(64, 3),
        layers.MaxPooling1D(2),
        layers.Flatten(),
        layers.Dense(10),
    ],
}

# %% tags=["nbval-check-output"]
for name, stack in in_keras.items():
    count = keras.Sequential(stack).count_params()
    assert count == by_hand[name]
    print(f"{name:20} {count:8,}")

# %% [markdown]
# ## From parameters to bytes
#
# A parameter is stored in `float32` unless said otherwise: 32 bits, four bytes. Fewer bits make the same model smaller;
# lesson 15 measures what that costs. Training needs more: for each parameter a gradient, and for
# the optimizer Adam two running means besides.

# %% tags=["nbval-check-output"]
parameters = model.count_params()
weights = sum(array.nbytes for array in model.get_weights())
assert weights == FLOAT32_BYTES * parameters
for kind in ("float32", "float16", "int8"):
    print(f"{kind:8} {parameters * np.dtype(kind).itemsize:9,} bytes")

optimizer = keras.optimizers.Adam()
optimizer.build(model.trainable_variables)
moments = (
    sum(int(np.prod(variable.shape)) for variable in optimizer.variables) - 2
)  # less the step and the rate
assert moments == 2 * parameters
training = FLOAT32_BYTES * (parameters + parameters + moments)
print(f"training with Adam in float32: {training:,} bytes, {training // parameters} for each parameter")

# %% [markdown]
# That leaves out the **activations**, the outputs of each layer that training keeps for each example of a batch.
#
# ## What makes a model large?
#
# BERT and GPT are stacks of **Transformer** blocks, which lesson 10 builds. A block of width $d$ holds
#
# - attention: four square dense layers, $4(d^2 + d)$;
# - a feed-forward network that widens to $4d$ and back, $8d^2 + 5d$;
# - two normalisations with a scale and a shift each, $4d$.
#
# So a block has about $12 d^2$ parameters. Before the blocks stands a vector of $d$ numbers for each of the $V$ words and
# the $T$ positions it knows.


# %%
def block_parameters(width):
    attention = 4 * dense_parameters(width, width)
    feed_forward = dense_parameters(width, 4 * width) + dense_parameters(4 * width, width)
    return attention + feed_forward + 2 * (2 * width)


def transformer_parameters(blocks, width, vocabulary, positions, others):
    return blocks * block_parameters(width) + (vocabulary + positions) * width + others


# %% tags=["nbval-check-output"]
width = 768
parts = {
    "attention": (layers.MultiHeadAttention(num_heads=12, key_dim=64), ((1, 5, width), (1, 5, width))),
    "widen": (layers.Dense(4 * width), ((1, 5, width),)),
    "narrow": (layers.Dense(width), ((1, 5, 4 * width),)),
    "first normalisation": (layers.LayerNormalization(), ((1, 5, width),)),
    "second normalisation": (layers.LayerNormalization(), ((1, 5, width),)),
}
for name, (layer, shapes) in parts.items():
    layer.build(*shapes)
    print(f"{name:21} {layer.count_params():10,}")
assert sum(layer.count_params() for layer, _ in parts.values()) == block_parameters(width)
print(f"{'a block of width 768':21} {block_parameters(width):10,}")

# %% [markdown]
# Now count published models from the sizes in their papers alone. `others` holds a last normalisation, and in BERT the
# two segment vectors and a dense layer on top.

# %% tags=["nbval-check-output"]
counted = {
    "MiniLM (lesson 11)": transformer_parameters(
        6, 384, 30_522, 512, others=4 * 384 + dense_parameters(384, 384)
    ),
    "BERT base": transformer_parameters(12, 768, 30_522, 512, others=4 * 768 + dense_parameters(768, 768)),
    "GPT-2": transformer_parameters(48, 1600, 50_257, 1024, others=2 * 1600),
    "GPT-3": transformer_parameters(96, 12_288, 50_257, 2048, others=2 * 12_288),
}
stated = {"BERT base": 110e6, "GPT-2": 1.5e9, "GPT-3": 175e9}  # in the abstracts of their papers
for name, parameters in counted.items():
    print(f"{name:18} {parameters:15,}", f"stated: {stated[name]:.3g}" if name in stated else "")
for name in stated:
    np.testing.assert_allclose(counted[name], stated[name], rtol=0.04)  # stated to two or three digits

# %% [markdown]
# ## One chart
#
# Two of the source documents define a *large model*. One says millions, tens of millions, up to hundreds of millions of
# parameters (S0-2.1); another, hundreds of billions to trillions (S4-1.1). Let us see what each would call large.

# %%
STATED = {  # as their papers say
    "AlexNet 2012": 60e6,
    "VGG-16 2014": 138e6,
    "ViT-B/16 2020": 86e6,
    "DALL-E 2021": 12e9,
    "PaLM 2022": 540e9,
}
counts = dict(by_hand)
counts |= {
    "lesson 01: 3 features": network_parameters([3, 1]),
    "lesson 03: 784-128-10": network_parameters(sizes),
}
counts |= {
    "LeNet-5 1998": conv_parameters(25, 1, 6)
    + conv_parameters(25, 6, 16)
    + network_parameters([400, 120, 84, 10])
}
counts |= {"MiniLM 2020 (lesson 11)": counted["MiniLM (lesson 11)"], "BERT base 2018": counted["BERT base"]}
counts |= {"GPT-2 2019": counted["GPT-2"], "GPT-3 2020": counted["GPT-3"]}
for network, year in ((keras.applications.ResNet50, 2015), (keras.applications.EfficientNetB0, 2019)):
    counts[f"{network.__name__} {year}"] = network(weights=None).count_params()
memory = psutil.virtual_memory().total

# %%
everything = sorted([*counts.items(), *STATED.items()], key=lambda item: item[1])
fig, ax = plt.subplots(figsize=(9, 6.5))
ax.axvspan(1e6, 1e9, color=plots.ORANGE, alpha=0.2, lw=0, label='"large" in S0-2.1')
ax.axvspan(1e11, 1e13, color=plots.SKY, alpha=0.3, lw=0, label='"large" in S4-1.1')
ax.axvline(
    memory / FLOAT32_BYTES, color=plots.RED, ls=":", label=f"fills this machine's {memory / 1e9:.0f} GB"
)
for row, (name, parameters) in enumerate(everything):
    marker = "o" if name in counts else "s"
    ax.plot(parameters, row, marker, color=plots.BLUE if name in counts else plots.GREY)
ax.plot([], [], "o", color=plots.BLUE, label="counted here")
ax.plot([], [], "s", color=plots.GREY, label="stated in its paper")
ax.set_xscale("log")
ax.set_yticks(range(len(everything)), [name for name, _ in everything])
ax.set(
    xlabel="parameters",
    xlim=(1, 1e13),
    title="Large is relative: eleven orders of magnitude from lesson 01 to PaLM",
)
ax.legend(loc="upper left")
plt.show()

# %% tags=["nbval-check-output"]
first = [name for name, parameters in everything if 1e6 <= parameters < 1e9]
second = [name for name, parameters in everything if parameters >= 1e11]
print("large by the first definition: ", ", ".join(first))
print("large by the second definition:", ", ".join(second))
assert not set(first) & set(second)

# %% [markdown]
# No model is large by both definitions. The word means *large for its year and for your machine*, so this course gives
# numbers instead. What lies right of the dotted line does not fit into this machine's memory in `float32`.
#
# ## How long would it take?
#
# A pass through a network multiplies and adds once for each parameter; training needs about three times a pass. So
# training costs roughly $6PD$ operations for $D$ tokens (pieces of words). How many can this machine do?

# %%
side = 2048
matrix = keras.random.normal((side, side))
seconds = []
for _ in range(10):
    start = time.perf_counter()
    np.asarray(keras.ops.matmul(matrix, matrix))
    seconds.append(time.perf_counter() - start)
speed = 2 * side**3 / min(seconds)
print(f"this machine: {speed / 1e9:,.0f} billion operations a second")

pretraining = 6 * counted["GPT-3"] * 300e9  # tokens: Brown et al. (2020), table 2.1
np.testing.assert_allclose(pretraining, 3.14e23, rtol=0.02)  # what that paper states in its appendix D
day = 24 * 3600
print(f"GPT-3 on 1,000 GPUs of 10^14 operations a second: {pretraining / (1000 * 1e14) / day:.0f} days")
fine_tuning = 6 * counted["MiniLM (lesson 11)"] * 2 * 4000 * 48  # epochs, reviews, tokens in each
print(
    f"lesson 11: {pretraining / fine_tuning:.0e} times less work, {fine_tuning / speed / 60:.0f} minutes here"
)

# %% tags=["headline"]
years = pretraining / speed / day / 365
print(f"a CNN has {by_hand['pictures (S1-5.3)']:,} parameters; GPT-3 would train here for {years:,.0f} years")

# %% [markdown]
# Hence the plan of this course: learn every part on models that train here in minutes, and *fine-tune* a pretrained
# one in lesson 11, which takes minutes as well.

# %% [markdown]
# ## Where such models are used, and where the course treats them
#
# | field | tasks | lessons |
# |---|---|---|
# | tables | prices, risks, diagnoses | 01 to 05 |
# | pictures | classification, detection, generation, video | 06, 13, 16 |
# | text | sentiment, translation, summaries, answers, chat | 07 to 12 |
# | series and speech | forecasts, commands, dictation, synthesis | 08, 14 |
# | text with pictures | captions, search, generation | 16 |
#
# Recommendations, driving, program code, drugs and materials use the same parts. Three things made them possible: data
# from the web, processors for matrices, and algorithms that can use both.

# %% [markdown]
# ## What a large model does not change
#
# - **It does not solve everything.** It is bounded by its data, its objective and its cost. On tables, forests of small
#   trees often win (lesson 05).
# - **It is not a black box you must accept**: lessons 06, 11 and 17 look inside, and at bias, leaks and fairness.
# - **It is not out of reach.** Start from pretrained weights (11), compress (15), share the work (19).
#
# To choose a model: name the task and how you will measure it, try the simplest baseline, and grow only when a
# measurement pays for it.

# %% [markdown]
# ### Will it take jobs?
#
# One of the documents (S2-8) expects low-paid work to be affected. For language models the estimate is the reverse:
# Eloundou et al. (2023) find that around 80 % of workers in the United States could see at least a tenth of their tasks
# affected, about 19 % at least half, and that *higher*-paid jobs may be more exposed. They measure exposure, not loss.

# %% [markdown]
# ### Tools
#
# This course uses **Keras** on **TensorFlow**, with **scikit-learn** beside it. **PyTorch** is the other large framework;
# the ideas are the same, and Keras 3 runs on it too. For text there are Transformers, spaCy and NLTK; for pictures OpenCV and
# **Pillow**. Data sets you will meet everywhere: MNIST, CIFAR, ImageNet, IMDB, WikiText. Papers are on arXiv and in the
# Journal of Machine Learning Research.
#
# A document lists PIL beside Pillow. They are one: Pillow took over PIL and kept the name you import.

# %% tags=["nbval-check-output"]
from importlib.metadata import packages_distributions

print("import PIL comes from the package:", *sorted(set(packages_distributions()["PIL"])))

# %% [markdown]
# ## What to keep
#
# - Parameters are the entries of weight arrays: count them before you build.
# - In `float32` a model takes $4P$ bytes, and training with Adam $16P$ and the activations.
# - A Transformer block has about $12d^2$ parameters: twice the width, four times the weights.
# - "Large" has no fixed meaning. Give the number.
#
# Next: the [exercises](exercises/00_start_here.ipynb), then [lesson 01](01_linear_regression.ipynb).

# %% [markdown]
# ### Sources
#
# - LeNet-5: LeCun et al. (1998). AlexNet: Krizhevsky et al. (2012). VGG: Simonyan & Zisserman (2014), arXiv:1409.1556. ResNet: He
#   et al. (2015), arXiv:1512.03385. EfficientNet: Tan & Le (2019), arXiv:1905.11946. ViT: Dosovitskiy et al. (2020), arXiv:2010.11929.
# - The Transformer: Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin (2017), arXiv:1706.03762;
#   document 3 gets two of these names wrong and leaves three out.
# - BERT: Devlin et al. (2018), arXiv:1810.04805. MiniLM: Wang et al. (2020), arXiv:2002.10957. GPT-2: Radford et al. (2019). GPT-3:
#   Brown et al. (2020), arXiv:2005.14165. DALL-E: Ramesh et al. (2021), arXiv:2102.12092. PaLM: Chowdhery et al. (2022), arXiv:2204.02311.
# - $6PD$: Kaplan et al. (2020), arXiv:2001.08361. Jobs: Eloundou et al. (2023), arXiv:2303.10130.

# %% [markdown] tags=["exercises"]
# # 00 · Start here: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. The [lesson](../00_start_here.ipynb) has every formula.

# %% tags=["setup"]
from itertools import pairwise

from course_lib import runtime
from course_lib.checks import check

run = runtime.start()

# %% [markdown]
# ## 00.1 Parameters of a dense network
#
# Each layer has a weight for each pair of an input and a unit, and a bias for each unit.


# %%
def count_parameters(sizes):
    """Number of parameters of a dense network.

    Args:
        sizes: list of int, the number of inputs, then the units of each layer.
    Returns:
        int.

    count_parameters([2, 3]) is 9: six weights and three biases.
    """
    ### BEGIN SOLUTION
    return sum(inputs * units + units for inputs, units in pairwise(sizes))
    ### END SOLUTION


# %%
check("00.1", count_parameters)

# %% [markdown]
# ## 00.2 Bytes of a model
#
# A byte has eight bits, and there are no parts of bytes: round up.


# %%
def memory_bytes(parameters, bits):
    """Bytes that a model takes.

    Args:
        parameters: int.
        bits: int, for each parameter: 32 for float32, 8 for int8, 4 for some compressed models.
    Returns:
        int.

    memory_bytes(3, 4) is 2: twelve bits do not fit into one byte.
    """
    ### BEGIN SOLUTION
    return (parameters * bits + 7) // 8
    ### END SOLUTION


# %%
check("00.2", memory_bytes)

# %% [markdown]
# ## 00.3 Bytes for training
#
# In `float32`, and without the activations. An optimizer keeps `moments` running means for each parameter: none in plain
# gradient descent, one with momentum, two in Adam.


# %%
def training_bytes(parameters, moments):
    """Bytes that training takes for weights, gradients and the optimizer's moments, in float32.

    Args:
        parameters: int.
        moments: int, running means that the optimizer keeps for each parameter.
    Returns:
        int.

    training_bytes(10, 0) is 80.
    """
    ### BEGIN SOLUTION
    return 4 * parameters * (2 + moments)
    ### END SOLUTION


# %%
check("00.3", training_bytes)

# %% [markdown]
# ## 00.4 A wider network
#
# Make the hidden layers wider. The inputs and the outputs are given by the task and stay as they are.


# %%
def widen(sizes, factor):
    """Layer sizes with each hidden layer `factor` times as wide.

    Args:
        sizes: list of int, the number of inputs, then the units of each layer. It is not changed.
        factor: int.
    Returns:
        a new list of int.

    widen([4, 8, 3], 2) is [4, 16, 3].
    """
    ### BEGIN SOLUTION
    return [sizes[0], *(factor * units for units in sizes[1:-1]), sizes[-1]]
    ### END SOLUTION


# %%
check("00.4", widen)

# %% [markdown]
# **Think about it**: from a network [784, 128, 128, 10] to one twice as wide, by what factor do the weights *between the two
# hidden layers* grow? And all the parameters? Your own functions tell.

# %% [markdown] tags=["answer"]
# Between the hidden layers: from 128 · 128 to 256 · 256, four times as many. In all it is less, since the inputs and outputs
# stay as they are:

# %% tags=["answer"]
print(count_parameters(widen([784, 128, 128, 10], 2)) / count_parameters([784, 128, 128, 10]))
