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
# Each idea stands twice: by hand, in a few lines of Python and NumPy, and in Keras. A cell then asserts that both agree,
# so you need not take our word for it.
#
# 1. Read a cell and guess what it will print. Run it: Shift + Enter. Change a number and run it again.
# 2. Run cells from top to bottom. If something looks odd: *Kernel → Restart Kernel and Run All Cells*.
# 3. Then do the lesson's [exercises](exercises/00_start_here.ipynb). A check tells you what is likely wrong.

# %% [markdown]
# Later lessons are named by their numbers. Those that the README does not list yet are on their way.
#
# The list of topics comes from five articles on large models, published in Chinese. Some of what they say is wrong, and
# a lesson then shows it with a measurement. *S1-4.3* in a list of sources means article 1 of the five, counted from 0,
# section 4.3.

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
# A **unit** multiplies each of its inputs by a **weight**, adds them up, and adds a **bias**. A **dense layer** is a row of
# units that all read the same inputs; a **network** is a chain of layers, each reading the one before.
#
# Weights and biases are the **parameters**: the numbers that training adjusts. Two inputs and a layer of three units make
# six weights and three biases, nine parameters.

# %% [markdown]
# For layer sizes $n_0, n_1, \dots, n_L$ the number of parameters is
#
# $$P = \sum_{l=1}^{L} \bigl(n_{l-1}\, n_l + n_l\bigr).$$
#
# | symbol | meaning | in the code |
# |---|---|---|
# | $n_0$ | number of inputs | `sizes[0]` |
# | $n_l$ | units of layer $l$, each with $n_{l-1}$ weights and 1 bias | `sizes[l]` |
# | $L$ | number of layers | `len(sizes) - 1` |
# | $P$ | number of parameters | `network_parameters(sizes)` |


# %%
def dense_parameters(inputs, units):
    return inputs * units + units  # weights, biases


def network_parameters(sizes):
    return sum(dense_parameters(inputs, units) for inputs, units in pairwise(sizes))


print(network_parameters([2, 3]))

# %% [markdown]
# Now a network for pictures of 28 × 28 = 784 pixels and ten classes, with 128 units between, which lesson 03 trains. Keras
# calls the table of a layer's weights its **kernel**. Change `sizes` and run the cell again.

# %% tags=["nbval-check-output"]
sizes = [784, 128, 10]
model = keras.Sequential(
    [keras.Input((sizes[0],)), *(layers.Dense(units) for units in sizes[1:])]
)
for layer in model.layers:
    kernel, bias = layer.get_weights()
    print(f"kernel {kernel.shape}, bias {bias.shape}: {kernel.size} + {bias.size} parameters")

assert network_parameters(sizes) == model.count_params()
print("by hand and in Keras:", network_parameters(sizes))

# %% [markdown]
# Layers of other kinds differ in the shapes of their weights, not in the counting. Two you will meet, for now as shapes
# only:
#
# - A **convolution** (lesson 06) slides *filters* over a picture. Each has a weight for each of 3 × 3 positions in each
#   *channel*, such as a colour, and a bias.
# - An **LSTM** (lesson 08) reads a sequence with four dense layers, whose inputs are the input and its own last output.
#   `return_sequences=True` hands on the output of every step.
#
# `MaxPooling2D` halves a picture and `Flatten` makes it one row of numbers; neither has parameters.


# %%
def conv_parameters(positions, channels, filters):
    return positions * channels * filters + filters


def lstm_parameters(inputs, units):
    return 4 * dense_parameters(inputs + units, units)


picture_network = [
    keras.Input((32, 32, 3)),  # 32 x 32 pixels in three colours
    layers.Conv2D(32, 3),  # 30 x 30, for the kernel must fit
    layers.MaxPooling2D(2),  # 15 x 15
    layers.Conv2D(64, 3),  # 13 x 13
    layers.MaxPooling2D(2),  # 6 x 6
    layers.Conv2D(128, 3),  # 4 x 4
    layers.MaxPooling2D(2),  # 2 x 2
    layers.Flatten(),  # 2 * 2 * 128 = 512
    layers.Dense(10),
]
sequence_network = [
    keras.Input((10, 1)),  # ten steps of one number
    layers.LSTM(64, return_sequences=True),
    layers.LSTM(64),
    layers.Dense(10),
]

# %% tags=["nbval-check-output"]
convolutions = (
    conv_parameters(9, 3, 32) + conv_parameters(9, 32, 64) + conv_parameters(9, 64, 128)
)
by_hand = {
    "picture network": convolutions + dense_parameters(512, 10),
    "sequence network": lstm_parameters(1, 64)
    + lstm_parameters(64, 64)
    + dense_parameters(64, 10),
}
for name, stack in (
    ("picture network", picture_network),
    ("sequence network", sequence_network),
):
    count = keras.Sequential(stack).count_params()
    assert count == by_hand[name], f"{name}: by hand {by_hand[name]}, Keras {count}"
    print(f"{name:17} {count:7,}")

# %% [markdown]
# ## From parameters to bytes
#
# A parameter is stored in `float32` unless said otherwise: 32 bits, four bytes. Fewer bits make the same model smaller;
# lesson 15 measures what that costs.

# %% tags=["nbval-check-output"]
parameters = model.count_params()
assert sum(array.nbytes for array in model.get_weights()) == FLOAT32_BYTES * parameters
for kind in ("float32", "float16", "int8"):
    print(f"{kind:8} {parameters * np.dtype(kind).itemsize:9,} bytes")

# %% [markdown]
# Training needs more. For each parameter it computes a **gradient**: how the error would change if that parameter did. An
# **optimizer** turns gradients into steps, and many keep averages of past gradients, or of their squares, besides: as many numbers again.
# Lesson 04 says why; here we only count what Keras sets aside.

# %% tags=["nbval-check-output"]
optimizers = {
    "gradient descent": keras.optimizers.SGD(),
    "with momentum": keras.optimizers.SGD(momentum=0.9),
    "Adam": keras.optimizers.Adam(),
}
for name, optimizer in optimizers.items():
    optimizer.build(model.trainable_variables)
    kept = sum(
        int(np.prod(variable.shape))
        for variable in optimizer.variables
        if len(variable.shape) > 0
    )
    training = FLOAT32_BYTES * (parameters + parameters + kept)  # weights, gradients, averages
    each = training // parameters
    print(f"{name:16} {kept // parameters} averages, {training:9,} bytes, {each} a parameter")

# %% [markdown]
# Besides, training keeps the outputs of each layer for each example that it looks at together. Those depend on the
# data as well, and are left out here.

# %% [markdown]
# ## What makes a model large?
#
# BERT and GPT, the models behind today's language tools, are stacks of **Transformer** blocks, which lesson 10 builds. For
# now a block of width $d$ is a list of shapes:
#
# - *attention*: four dense layers from $d$ to $d$, $4(d^2 + d)$;
# - a small network from $d$ to $4d$ and back, $8d^2 + 5d$;
# - two *normalisations* with $2d$ parameters each, $4d$.
#
# So a block has $12 d^2 + 13 d$ parameters. Before the blocks stands a vector of $d$ numbers for each of the $V$ words and
# $T$ positions that the model knows.


# %%
def block_parameters(width):
    attention = 4 * dense_parameters(width, width)
    widen, narrow = dense_parameters(width, 4 * width), dense_parameters(4 * width, width)
    return attention + widen + narrow + 2 * (2 * width)


def transformer_parameters(blocks, width, vocabulary, positions, others):
    return blocks * block_parameters(width) + (vocabulary + positions) * width + others


# %% tags=["nbval-check-output"]
width = 768  # a multiple of 12, the number of parts that attention works in here
text = (1, 5, width)  # one text of five words
parts = {
    "attention": (layers.MultiHeadAttention(12, width // 12), [text, text]),
    "widen": (layers.Dense(4 * width), [text]),
    "narrow": (layers.Dense(width), [(1, 5, 4 * width)]),
    "first normalisation": (layers.LayerNormalization(), [text]),
    "second normalisation": (layers.LayerNormalization(), [text]),
}
total = 0
for name, (layer, shapes) in parts.items():
    layer.build(*shapes)
    total += layer.count_params()
    print(f"{name:21} {layer.count_params():10,}")
assert total == block_parameters(width), f"by hand {block_parameters(width)}, Keras {total}"
print(f"{'a block':21} {total:10,}")

# %% [markdown]
# Now count published models from their sizes, and compare with what their papers say. `others` holds, in BERT and MiniLM,
# the vectors of two segments, a normalisation and a dense layer on top; in GPT a last normalisation. MiniLM's paper gives no number to compare with.

# %% tags=["nbval-check-output"]
counted = {
    "MiniLM": transformer_parameters(
        6, 384, 30_522, 512, 2 * 384 + 2 * 384 + dense_parameters(384, 384)
    ),
    "BERT base": transformer_parameters(
        12, 768, 30_522, 512, 2 * 768 + 2 * 768 + dense_parameters(768, 768)
    ),
    "GPT-2": transformer_parameters(48, 1600, 50_257, 1024, 2 * 1600),
    "GPT-3": transformer_parameters(96, 12_288, 50_257, 2048, 2 * 12_288),
}
in_papers = {"BERT base": 110e6, "GPT-2": 1542e6, "GPT-3": 175e9}
for name, count in counted.items():
    print(
        f"{name:9} {count:15,}",
        f" in its paper {in_papers[name]:15,.0f}" if name in in_papers else "",
    )
for name in in_papers:
    np.testing.assert_allclose(counted[name], in_papers[name], rtol=0.015)

# %% [markdown]
# BERT's and GPT-3's papers round. GPT-2's authors wrote later that their counts had been wrong: ours is nearer the truth.

# %% [markdown]
# ## One chart
#
# What is a *large* model? One article says millions or tens of millions of parameters, up to hundreds of millions; we read
# that as $10^6$ to $10^9$. Another says hundreds of billions to trillions: $10^{11}$ and more. Let us see what each would call
# large.

# %%
lenet = conv_parameters(25, 1, 6) + conv_parameters(25, 6, 16)
points = {
    "lesson 01's model": network_parameters([3, 1]),
    "lesson 03's network": network_parameters([784, 128, 10]),
    **by_hand,
    "LeNet-5, simplified, 1998": lenet + network_parameters([400, 120, 84, 10]),
    "MiniLM 2020 (lesson 11)": counted["MiniLM"],
    "BERT base 2018": counted["BERT base"],
    "GPT-2 2019": counted["GPT-2"],
    "GPT-3 2020": counted["GPT-3"],
}
for network, year in (
    (keras.applications.ResNet50, 2015),
    (keras.applications.EfficientNetB0, 2019),
):
    variables = network(weights=None).trainable_variables
    points[f"{network.__name__} {year}"] = sum(
        int(np.prod(variable.shape)) for variable in variables
    )

STATED = {
    "AlexNet 2012": 60e6,
    "VGG-16 2014": 138e6,
    "ViT-B/16 2020": 86e6,
    "DALL-E 2021": 12e9,
    "PaLM 2022": 540e9,
}
everything = sorted([*points.items(), *STATED.items()], key=lambda item: item[1])
memory = psutil.virtual_memory().total

# %%
fig, ax = plt.subplots(figsize=(9, 6))
ax.axvspan(1e6, 1e9, color=plots.ORANGE, alpha=0.2, lw=0, label='"large", says one article')
ax.axvspan(1e11, 1e13, color=plots.SKY, alpha=0.3, lw=0, label='"large", says another')
ax.axvline(
    memory / FLOAT32_BYTES,
    color="black",
    ls=":",
    label=f"fills this machine's {memory / 1e9:.0f} GB",
)
for row, (name, count) in enumerate(everything):
    ax.plot(
        count,
        row,
        "o" if name in points else "s",
        color=plots.BLUE if name in points else plots.RED,
    )
ax.plot([], [], "o", color=plots.BLUE, label="counted here")
ax.plot([], [], "s", color=plots.RED, label="stated in its paper")
ax.set_xscale("log")
ax.grid(axis="x", alpha=0.4)
ax.set_yticks(range(len(everything)), [name for name, _ in everything])
ax.set(
    xlabel="parameters",
    xlim=(1, 1e13),
    title="Large is relative: eleven powers of ten from lesson 01 to PaLM",
)
ax.legend(loc="upper left")
plots.show(fig)

# %% [markdown]
# The axis is logarithmic: each mark is a hundred times the one before. Models right of the dotted line do not fit into this
# machine's memory in `float32`.

# %% tags=["nbval-check-output"]
first = [name for name, count in everything if 1e6 <= count < 1e9]
second = [name for name, count in everything if count >= 1e11]
neither = [name for name, count in everything if 1e9 <= count < 1e11]
print("large for the first article: ", *first, sep="\n  ")
print("large for the second article:", *second, sep="\n  ")
print("too large for the first, not large enough for the second:", *neither, sep="\n  ")
assert first
assert second
assert neither

# %% [markdown]
# The two definitions have no model in common, and GPT-2 and DALL-E fit neither. The word has no fixed meaning, so this
# course gives numbers instead.

# %% [markdown]
# ## How long would it take?
#
# For each **token**, a piece of a word, a Transformer uses each weight of its blocks once: a multiplication and an
# addition. Training goes through the network forward, and then backward, which costs twice as much as forward. So
# training on $D$ tokens takes about $2 \cdot 3 \cdot P \cdot D = 6PD$ operations. (A convolution uses each weight many times: there the rule fails.)
#
# How many can this machine do? A product of two $n \times n$ matrices takes $2n^3$.

# %%
side = 2048
matrix = keras.random.normal((side, side))
seconds = []
for _ in range(10):
    start = time.perf_counter()
    np.asarray(keras.ops.matmul(matrix, matrix)[0, 0])  # waits; only one number leaves a GPU
    seconds.append(time.perf_counter() - start)
speed = 2 * side**3 / min(seconds)
print(f"this machine: about {speed / 1e9:,.0f} billion operations a second")

DAY = 24 * 3600  # seconds
pretraining = 6 * counted["GPT-3"] * 300e9  # tokens: Brown et al. (2020), table 2.1
np.testing.assert_allclose(
    pretraining, 3.14e23, rtol=0.02
)  # what that paper's appendix D states
on_gpus = pretraining / (1000 * 1e14) / DAY
print(f"GPT-3 on 1,000 GPUs of 10^14 operations a second each: {on_gpus:.0f} days")
for name, blocks, width in (("GPT-3", 96, 12_288), ("MiniLM", 6, 384)):
    share = blocks * block_parameters(width) / counted[name]
    print(f"{name}: {share:.1%} of its parameters are in the blocks")

# %% [markdown]
# Now lesson 11's task: two passes over 4,000 reviews of about 48 tokens, to *fine-tune* MiniLM, that is, to go on training a
# model that others have trained. Word vectors are looked up, not multiplied. In GPT-3
# they are too few to matter; in MiniLM they are half of $P$, so we count its blocks alone.

# %% tags=["headline"]
fine_tuning = 6 * (6 * block_parameters(384)) * 2 * 4000 * 48
years = float(
    f"{pretraining / speed / DAY / 365:.1g}"
)  # one digit: the speed differs from run to run
minutes = fine_tuning / speed / 60
print(
    f"GPT-3 from nothing: {years:,.0f} years here; MiniLM for one task: {minutes:.0f} minutes"
)

# %% [markdown]
# That is at best: large matrices are the fastest case. Hence the plan of this course: learn each part on models that
# train here in minutes, then start from pretrained weights.

# %% [markdown]
# ## Where such models are used
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
# ### What a large model does not change
#
# - **It does not solve everything.** Its data, its aim and its cost bound it. On tables of middling size, collections of
#   decision trees still often win (Grinsztajn et al. 2022; lesson 05).
# - **It can be looked into** (lessons 06 and 11), and must be: it may be biased or leak its data (17).
# - **It is within reach**: start from pretrained weights (11), compress (15), share the work (19).
#
# To choose a model: name the task and how you will measure it, try the simplest model first, and grow only when a
# measurement pays for it.

# %% [markdown]
# ### Will it take jobs?
#
# One article expects that low-paid work will be affected. For language models the estimate is the reverse: Eloundou et al.
# (2023) find that around 80 % of workers in the United States could see at least a tenth of their tasks affected, about
# 19 % at least half, and that *higher*-paid jobs may be more exposed. They measure exposure, not loss.

# %% [markdown]
# ### Tools
#
# This course uses **Keras** on **TensorFlow**, with **scikit-learn** beside it. **PyTorch** is the other large framework; the
# ideas are the same, and Keras runs on it too. For text there are Transformers, spaCy and NLTK; for pictures OpenCV and
# Pillow, which took over the older PIL and kept its name: `import PIL`. Data sets you will meet everywhere: MNIST, CIFAR,
# ImageNet, IMDB, WikiText.

# %% [markdown]
# ## What to keep
#
# - Parameters are the entries of weight tables: count them before you build.
# - In `float32` a model takes $4P$ bytes, and training with Adam $16P$ and the layers' outputs.
# - A Transformer block has about $12d^2$ parameters, and training on $D$ tokens takes about $6PD$ operations.
# - "Large" has no fixed meaning. Give the number.
#
# Next: the [exercises](exercises/00_start_here.ipynb), then [lesson 01](01_linear_regression.ipynb).

# %% [markdown]
# ### Sources
#
# - LeCun et al. (1998), *Gradient-based learning applied to document recognition*: LeNet-5.
# - Krizhevsky et al. (2012), *ImageNet classification with deep convolutional neural networks*: AlexNet.
# - Simonyan & Zisserman (2014), [arXiv:1409.1556](https://arxiv.org/abs/1409.1556): VGG-16.
# - He et al. (2015), [arXiv:1512.03385](https://arxiv.org/abs/1512.03385): ResNet.
# - Tan & Le (2019), [arXiv:1905.11946](https://arxiv.org/abs/1905.11946): EfficientNet.
# - Dosovitskiy et al. (2020), [arXiv:2010.11929](https://arxiv.org/abs/2010.11929): ViT.
# - Ramesh et al. (2021), [arXiv:2102.12092](https://arxiv.org/abs/2102.12092): DALL-E.
# - Chowdhery et al. (2022), [arXiv:2204.02311](https://arxiv.org/abs/2204.02311): PaLM.

# %% [markdown]
# - Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin (2017),
#   [arXiv:1706.03762](https://arxiv.org/abs/1706.03762): the Transformer. (Article 3 misspells this list.)
# - Devlin et al. (2018), [arXiv:1810.04805](https://arxiv.org/abs/1810.04805): BERT.
# - Radford et al. (2019), *Language models are unsupervised multitask learners*: GPT-2.
# - Brown et al. (2020), [arXiv:2005.14165](https://arxiv.org/abs/2005.14165): GPT-3.
# - Wang et al. (2020), [arXiv:2002.10957](https://arxiv.org/abs/2002.10957): MiniLM.
# - Kaplan et al. (2020), [arXiv:2001.08361](https://arxiv.org/abs/2001.08361): $6PD$.
# - Grinsztajn et al. (2022), [arXiv:2207.08815](https://arxiv.org/abs/2207.08815): trees on tables.
# - Eloundou et al. (2023), [arXiv:2303.10130](https://arxiv.org/abs/2303.10130): exposure of jobs.
# - The articles: S0-2.1 and S4-1.1 (large), S1-5.3 and S0-4.2 (the two networks), S2-8 (jobs), S2-6 (PIL).

# %% [markdown] tags=["exercises"]
# # 00 · Start here: exercises
#
# Complete each function in place of the line that raises `NotImplementedError`, then run the check below it. A check
# tells what is likely wrong; run it as often as you like. `hint("00.1")` tells more, and more again when called again.
# The [lesson](../00_start_here.ipynb) has every formula.

# %% tags=["setup"]
from itertools import pairwise

from course_lib import runtime
from course_lib.checks import check, hint

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
# In `float32`, and without the outputs of the layers. An optimizer keeps `moments` averages for each parameter: none in
# plain gradient descent, one with momentum, two in Adam.


# %%
def training_bytes(parameters, moments):
    """Bytes that training takes for weights, gradients and the optimizer's moments, in float32.

    Args:
        parameters: int.
        moments: int, averages that the optimizer keeps for each parameter.
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
# Make the *hidden* layers wider, all but the last. The inputs and the outputs are given by the task and stay as they are.


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
# Try it: from [784, 128, 128, 10] to a network twice as wide, by what factor do the weights *between the two hidden layers*
# grow, 128 · 128 of them at first? And all parameters together? Your functions tell the second.

# %%

# %% [markdown] tags=["answer"]
# Between the hidden layers: 256 · 256 for 128 · 128, four times as many. In all it is less, since the weights at the inputs and
# the outputs only double:

# %% tags=["answer"]
print(count_parameters(widen([784, 128, 128, 10], 2)) / count_parameters([784, 128, 128, 10]))

# %% [markdown]
# ## 00.5 Days of training
#
# For a Transformer, by the rule of thumb $6PD$.


# %%
def training_days(parameters, tokens, speed):
    """Days that training takes at best.

    Args:
        parameters: int or float.
        tokens: int or float, how many tokens are read in training.
        speed: float, operations a second.
    Returns:
        float.

    training_days(1e9, 1e10, 1e15) is about 0.69.
    """
    ### BEGIN SOLUTION
    return 6 * parameters * tokens / speed / (24 * 3600)
    ### END SOLUTION


# %%
check("00.5", training_days)
