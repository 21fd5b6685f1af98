"""What trajectory-length expressivity makes: curves through random and trained networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.catalogue.rows import (
    MB,
    Family,
    Results,
    Science,
    Step,
    by_name,
    figure,
    schema_of_results,
    seed,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHAPTER = "expressivity"

EXPERIMENTS = ("growth", "sensitivity", "dichotomies", "digits")
"""The experiments of `stages.expressivity.experiments`, each one job."""

EXPRESSIVITY = Step(
    name="expressivity",
    does="One experiment with curves: growth, sensitivity, dichotomies or digits.",
    leaves=("ledger/expressivity/{}.json",),
    wildcard="experiment",
    jobs=lambda _: dict.fromkeys(EXPERIMENTS),
    makes={
        "expressivity/{}.json": by_name,
        "tables/expressivity_{}.csv": lambda _, name: name.split("_")[0],
    },
    memory=2500 * MB,
    minutes=60,
    decides={
        "settings": lambda job: job.study.expressivity.model_dump()[job.value],
        "seed": seed,
        "science_schema": schema_of_results,
    },
)

GROWTH = Family("growth", CHAPTER, lambda _: EXPRESSIVITY.targets("growth"))
LENGTH_SENSITIVITY = Family(
    "length_sensitivity", CHAPTER, lambda _: EXPRESSIVITY.targets("sensitivity")
)
DICHOTOMIES = Family("dichotomies", CHAPTER, lambda _: EXPRESSIVITY.targets("dichotomies"))
DIGITS = Family("digits", CHAPTER, lambda _: EXPRESSIVITY.targets("digits"))
POLYTOPES = Family("polytopes", CHAPTER, lambda _: ())


def _tables(results: Results, experiment: str) -> dict[str, pd.DataFrame]:
    """What one experiment found."""
    from eigenscape.stages.expressivity.experiments import read_experiment

    return results.read(read_experiment, experiment)


@figure(
    GROWTH,
    "The length of a curve against depth",
)
def length_growth(results: Results) -> Figure:
    """The exact length of a circle's image from layer to layer, and its growth per layer against
    the mean-field rate √χ₁.
    """
    from eigenscape.figures.expressivity.length_growth import length_growth_figure

    tables = _tables(results, "growth")
    return length_growth_figure(tables["lengths"], tables["growth"])


@figure(
    GROWTH,
    "Transitions against length",
)
def transitions(results: Results) -> Figure:
    """Mean number of transitions of a unit against the path of its pre-activation, σ_w ℓ/√k, with
    their rank correlation for hard-tanh and for ReLU units.
    """
    from eigenscape.figures.expressivity.transitions import transitions_figure

    return transitions_figure(_tables(results, "growth")["lengths"])


@figure(LENGTH_SENSITIVITY, "Which layer the length answers to")
def length_sensitivity(results: Results) -> Figure:
    """Sensitivity of the output's length to each weight matrix, and its change when one matrix is
    turned by equal angles.
    """
    from eigenscape.figures.expressivity.length_sensitivity import length_sensitivity_figure
    from eigenscape.figures.style import message_figure

    tables = _tables(results, "sensitivity")
    if tables["sensitivity"].empty:
        return message_figure(
            "The output of every network is constant on the circle: there is no length whose"
            " sensitivity could be drawn."
        )
    return length_sensitivity_figure(tables["sensitivity"], tables["turns"])


@figure(DICHOTOMIES, "Labellings that one layer reaches")
def dichotomies(results: Results) -> Figure:
    """Mean number of labellings of a fixed set of inputs while the weights of one layer are swept,
    against the depth that remains above it.
    """
    from eigenscape.figures.expressivity.dichotomies import dichotomies_figure

    section = results.study.expressivity.dichotomies
    return dichotomies_figure(
        _tables(results, "dichotomies")["dichotomies"], section.inputs, section.weight_std
    )


@figure(DIGITS, "Training one layer alone")
def one_layer_training(results: Results) -> Figure:
    """Accuracy on training and test digits against the hidden layer that was trained, all others as
    drawn.
    """
    from eigenscape.figures.expressivity.digit_training import one_layer_figure

    section = results.study.expressivity.digits
    words = (
        f"{section.one_layer_depth} hidden layers of {section.width}"
        f" {section.activation.replace('_', '-')} units"
    )
    return one_layer_figure(_tables(results, "digits")["one_layer"], words)


@figure(DIGITS, "Lengths while networks train")
def training_lengths(results: Results) -> Figure:
    """The length of a curve through two test images in every layer, relative to its start, over
    epochs, for small and large initial weights.
    """
    from eigenscape.figures.expressivity.digit_training import training_lengths_figure

    section = results.study.expressivity.digits
    words = f"{section.length_depth} layers of {section.width} units"
    return training_lengths_figure(_tables(results, "digits")["lengths"], words)


@figure(POLYTOPES, "Polytopes of the input plane")
def polytopes(results: Results) -> Figure:
    """Cells on which a small ReLU network is linear, after each hidden layer, shaded by the size of
    the linear map, with the breakpoints of a circle among them.
    """
    from eigenscape.expressivity.networks import random_layers
    from eigenscape.figures.expressivity.polytopes import polytopes_figure

    # Three layers of four ReLU units: the partition that Raghu et al. draw, arXiv 1606.05336.
    network = random_layers(3, 4, 2.0**0.5, 1.0, "relu", results.study.sampling.seed)
    return polytopes_figure(network, (-3.0, 3.0, -3.0, 3.0), radius=2.0)


SCIENCE = Science(
    name="expressivity",
    steps=(EXPRESSIVITY,),
    figures=(
        length_growth,
        transitions,
        length_sensitivity,
        dichotomies,
        one_layer_training,
        training_lengths,
        polytopes,
    ),
    evidence=lambda _: map(EXPRESSIVITY.target, EXPERIMENTS),
    methods={
        CHAPTER: "<b>Expressivity.</b> A circle is sent through random and trained networks, and"
        " the exact length of its image, its transitions and the pieces of the piecewise linear"
        " map are followed from layer to layer; the mean-field rate of growth is √χ<sub>1</sub>."
    },
    enabled=lambda study: study.expressivity.enabled,
)
