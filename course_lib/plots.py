"""The course's way to draw: one palette, safe for colour-blind readers, and figures that a screen reader can name."""

# Okabe & Ito (2008), "Color Universal Design".
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
GREY = "#6E6E6E"


def use_style():
    """Set matplotlib's defaults for the notebook."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(
        {
            "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, RED, SKY, PURPLE]),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "figure.dpi": 80,
            "figure.figsize": (7.0, 4.0),
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
        }
    )


def show(fig):
    """Show a figure, its titles as the text that a screen reader reads, and close it.

    Args:
        fig: matplotlib Figure.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    titles = [fig.get_suptitle(), *(ax.get_title(loc="left") or ax.get_title() for ax in fig.axes)]
    alt = "Figure: " + "; ".join(title for title in titles if title)
    display(fig, metadata={"image/png": {"alt": alt}})
    plt.close(fig)


def learning_curves(ax, history, metric="loss", label=None, colour=None):
    """Draw a metric of a training run by epoch: training dashed, validation solid.

    Args:
        ax: matplotlib Axes.
        history: dict from metric to its list of values by epoch, with "val_" before those of the validation data.
        metric: such as "loss" or "accuracy".
        label: of the run, in the legend.
        colour: of both lines; None for the next one.
    Raises:
        ValueError: the metric was not recorded for both.
    """
    for name in (metric, f"val_{metric}"):
        if name not in history:
            raise ValueError(
                f"learning_curves: expected {name!r} in the history, received {sorted(history)}: "
                "name it in compile(metrics=...), and pass validation_data to fit."
            )
    epochs = range(1, len(history[metric]) + 1)
    (line,) = ax.plot(epochs, history[f"val_{metric}"], "-", color=colour, label=label)
    ax.plot(epochs, history[metric], "--", color=line.get_color())
    ax.set_xlabel("epoch")
