"""What each figure shows and how it is read: one text for the report, the paper and Snakemake's own
report.

Captions hold for every study, so they name no number of a result. `python -m
eigenscape.catalogue.captions workflow/report` writes the caption files of the workflow; a test
keeps the two in step.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ACTIVE, CURVES, GRAPHS = "active subspace", "expressivity", "subspace clustering"
TRAJECTORIES, THEORY, MODELS = "sloppiness", "sloppiness, theory", "model-constrained"
SCIENCES = (ACTIVE, CURVES, GRAPHS, TRAJECTORIES, THEORY, MODELS)
"""In the order in which a reader meets them; the names are those of the column `science` of the
findings."""


@dataclass(frozen=True)
class Caption:
    """What a figure shows.

    Attributes:
        science: one of `SCIENCES`.
        title: a few words.
        text: one to three sentences.
    """

    science: str
    title: str
    text: str


def caption_of(figure: str) -> Caption:
    """The caption of a figure; maps of any column of the table share one, as does what has none of
    its own.

    Example:
        >>> caption_of("eigenvalues").title
        'Spectrum of the headline network'
        >>> caption_of("map_participation_ratio").title
        'Map of participation ratio'
    """
    if figure in CAPTIONS:
        return CAPTIONS[figure]
    words = figure.removeprefix("map_").replace("_", " ")
    mapped = figure.startswith("map_")
    text = (
        "A column of the table of condition numbers over depth and width."
        if mapped
        else "Drawn on request."
    )
    return Caption(ACTIVE, f"Map of {words}" if mapped else words.capitalize(), text)


CAPTIONS = {
    "condition_number_projected": Caption(
        ACTIVE,
        "Condition numbers, projected onto the symmetries",
        "log10(λ₁/λ_P) of the second moment C averaged over the symmetries of the hidden units, for"
        " every network of the grid; lines are equal numbers of parameters. It has no inflation by"
        " the ratio P/N, so it is the map to read first.",
    ),
    "condition_number": Caption(
        ACTIVE,
        "Condition numbers from samples",
        "log10(λ₁/λ_P) of the sample second moment for every network that is small enough. Each"
        " value is inflated by the finite number of samples; hatched cells were not computed, and"
        " the legend says why.",
    ),
    "condition_number_null": Caption(
        ACTIVE,
        "What sampling noise alone would give",
        "log10 condition number of isotropic noise at the same P/N (Marchenko and Pastur). It is a"
        " companion of the map from samples, not to be subtracted: unequal eigenvalues and heavy"
        " tails inflate otherwise.",
    ),
    "condition_number_carrying": Caption(
        ACTIVE,
        "Condition numbers among what carries gradient",
        "log10 of λ₁ over the smallest eigenvalue that is not null, from samples. Classifiers and"
        " layer norms have exact null directions, so that their condition number is infinite; this"
        " is the number to compare.",
    ),
    "parameter_count": Caption(
        ACTIVE,
        "Number of parameters",
        "P over depth and width, on the axes of the maps of condition numbers, to lay beside them.",
    ),
    "predictors": Caption(
        ACTIVE,
        "What the condition number follows",
        "The projected condition number against the parameter count, depth times the root of the"
        " width, and the mean-field ladder (L−1) log10 χ₁, coloured by depth. All three grow"
        " together along the grid; networks of equal P tell them apart.",
    ),
    "trainability": Caption(
        ACTIVE,
        "Condition number beside steps of training",
        "The condition number and the steps that gradient descent takes to the threshold, over a"
        " sub-grid of networks, and one against the other with their rank correlation.",
    ),
    "eigenvalues": Caption(
        ACTIVE,
        "Spectrum of the headline network",
        "Eigenvalues of C by index, on a logarithmic and on a linear axis, beside those of C"
        " projected onto its symmetries (a staircase, which sampling broadens) and, in grey, what"
        " noise of the same trace and P/N would give.",
    ),
    "eigenvectors": Caption(
        ACTIVE,
        "Where the eigenvectors live",
        "Above, the size of the entries of the eigenvectors over the parameters; below, their mass"
        " in each layer. Single vectors of a group of nearly equal eigenvalues are arbitrary; the"
        " layer in which a group lives is not.",
    ),
    "layer_importance": Caption(
        ACTIVE,
        "How layers share the gradient",
        "Each layer's share of tr C = E|∇L|², and that share divided by the layer's part of the"
        " parameters: 1 is the average.",
    ),
    "importance": Caption(
        ACTIVE,
        "Layer importance under two priors",
        "Shares of the layers with their intervals under the study's prior and under a second one,"
        " and below them per parameter with the mean-field ladder 1/χ₁ per layer. Which layers"
        " matter is a property of the prior.",
    ),
    "criticality": Caption(
        ACTIVE,
        "Layer importance through criticality",
        "The slope of the ladder of layers against its mean-field prediction −log10 χ₁, as the"
        " scale of the weights goes through χ₁ = 1: below, later layers matter more; above, earlier"
        " ones.",
    ),
    "sufficient_summary": Caption(
        ACTIVE,
        "Whether one or two directions summarise the loss",
        "The loss at samples of the prior against their first active variable, and over the plane"
        " of the first two. A curve would mean that the active subspace summarises the loss; a"
        " cloud means that it does not.",
    ),
    "sensitivity": Caption(
        ACTIVE,
        "One network under other settings",
        "The projected condition number of one network for every input interval, number of points,"
        " prior, activation and loss. Beside each row stands the mean-field ladder of its prior.",
    ),
    "large_networks": Caption(
        ACTIVE,
        "Networks too large for C",
        "What is known of the spectra of networks whose P × P matrix cannot be held: eigenvalues"
        " with their residuals, how many lie above a value, and the share of the trace in each"
        " layer.",
    ),
    "length_growth": Caption(
        CURVES,
        "How the length of a curve grows with depth",
        "The exact length of a circle's image from layer to layer, and its growth per layer against"
        " the mean-field rate √χ₁: below 1 curves shrink, above 1 they grow exponentially.",
    ),
    "transitions": Caption(
        CURVES,
        "Transitions against length",
        "Mean number of transitions of a unit against the path of its pre-activation, σ_w ℓ/√k."
        " They follow each other for hard-tanh units with large weights; for ReLU units without"
        " biases lengths scale with the weights and transitions do not.",
    ),
    "length_sensitivity": Caption(
        CURVES,
        "Which layer the length answers to",
        "Sensitivity of the output's length to each weight matrix, and its change when one matrix"
        " is turned by equal angles.",
    ),
    "dichotomies": Caption(
        CURVES,
        "Labellings that one layer reaches",
        "Mean number of labellings of a fixed set of inputs while the weights of one layer are"
        " swept, against the depth that remains above it.",
    ),
    "one_layer_training": Caption(
        CURVES,
        "Training one layer alone",
        "Accuracy on training and test digits against the hidden layer that was trained, all others"
        " as drawn.",
    ),
    "training_lengths": Caption(
        CURVES,
        "Lengths while networks train",
        "The length of a curve through two test images in every layer, relative to its start, over"
        " epochs, for small and large initial weights.",
    ),
    "polytopes": Caption(
        CURVES,
        "Polytopes of the input plane",
        "Cells on which a small ReLU network is linear, after each hidden layer, shaded by the size"
        " of the linear map, with the breakpoints of a circle among them.",
    ),
    "graph_modularity": Caption(
        GRAPHS,
        "Classes as communities of a layer's graph",
        "Modularity of the self-expression graphs on the true labels by layer: before training,"
        " after it, and after training on shuffled labels.",
    ),
    "graph_convergence": Caption(
        GRAPHS,
        "When layers reach their final graph",
        "Similarity (CKA) of every layer's graph with its final state over epochs, and below it the"
        " same for activations.",
    ),
    "layer_similarity": Caption(
        GRAPHS,
        "Blocks of similar layers",
        "Similarity (CKA) of the graphs of all pairs of layers: before training, after it, and"
        " after training on shuffled labels.",
    ),
    "neighbourhoods": Caption(
        GRAPHS,
        "Neighbourhood and margin",
        "The margin of the output against the purity of an input's neighbourhood in the graph of"
        " the last hidden layer; wrongly classified inputs lie below the line.",
    ),
    "similarity_sensitivity": Caption(
        GRAPHS,
        "What each similarity can see",
        "How far similarities of graphs and of activations fall when bands of singular directions"
        " are taken out of a layer.",
    ),
    "trajectory_embedding": Caption(
        TRAJECTORIES,
        "Training trajectories, embedded together",
        "Predictions of all networks along their training, placed by InPCA in two and three"
        " dimensions, with the geodesic from ignorance to truth.",
    ),
    "inpca_scree": Caption(
        TRAJECTORIES,
        "Eigenvalues of the embedding",
        "Scree plots of all trajectories and of every family, imaginary directions marked, with the"
        " fitted slope of a hyper-ribbon.",
    ),
    "explained_stress": Caption(
        TRAJECTORIES,
        "What few directions explain",
        "Explained stress of two and three directions with intervals, and that of one family in the"
        " axes of another.",
    ),
    "training_progress": Caption(
        TRAJECTORIES,
        "Progress from ignorance to truth",
        "Progress over steps, the length of trajectories against it, and how far trajectories are"
        " apart at equal progress.",
    ),
    "phase_map": Caption(
        THEORY,
        "When trajectories are thin",
        "Explained stress of two and three directions for clouds of linear models, over decay of"
        " the input correlation, ratio of scales and steps, with the boundaries of this project's"
        " theory and simulated points.",
    ),
    "trajectory_slopes": Caption(
        THEORY,
        "How fast the directions of a cloud fall",
        "Fall of the leading eigenvalues per direction for clouds of one start against κ, beside"
        " the theory π²/ln 4κ.",
    ),
    "kernel_trajectories": Caption(
        THEORY,
        "Kernel machines",
        "Scree plots of clouds of kernel machines at training points and at others; random starts"
        " add a floor.",
    ),
    "sgd_trajectories": Caption(
        THEORY,
        "The noise of stochastic gradient descent",
        "Spectra of clouds of SGD by the exact recursion of their moments, simulated ones beside"
        " them, and what two and three directions explain.",
    ),
    "model_condition": Caption(
        MODELS,
        "Condition number against the weight of the model",
        "Condition numbers, their change from the grey band, and the layers' shares of tr C,"
        " against the weight α of a model's equations in the loss. The band is α = 0, or the least"
        " α above it where a loss without its model sees no data.",
    ),
    "model_subspace": Caption(
        MODELS,
        "How far the leading subspace turns",
        "Overlap and angle of the leading subspace with that in the grey band (α = 0, or the least"
        " above it), beside what two halves of the samples give.",
    ),
    "model_training": Caption(
        MODELS,
        "Training with a model in the loss",
        "The excess of the loss over the least that was found, after a fixed number of steps over"
        " before, and the error on data not seen, against α.",
    ),
}
"""In the order of a report."""


def caption_files() -> dict[str, str]:
    """The caption of every figure as reStructuredText, by the name of its file: what Snakemake's
    own report shows.
    """
    # Bars, underscores, stars and backquotes would be references and marks there.
    return {
        f"{name}.rst": re.sub(r"([|_*`])", r"\\\1", caption.text) + "\n"
        for name, caption in CAPTIONS.items()
    }


def write_caption_files(folder: Path) -> None:
    """Write them, one file a figure."""
    for name, text in caption_files().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write_caption_files(Path(sys.argv[1]))
