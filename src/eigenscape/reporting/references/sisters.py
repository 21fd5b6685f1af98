"""What the sister analyses build on, and which settings make a study use it."""

from __future__ import annotations

from collections.abc import Callable

from eigenscape.config.study import Study
from eigenscape.reporting.references.reference import Reference, Use
from eigenscape.reporting.references.shared import ADAM, MAO, MAO_PNAS, POOLE, SCIKIT


def _uses_adam(study: Study) -> bool:
    return study.sloppiness.enabled and "adam" in study.sloppiness.ensemble.optimisers


def _any_case(*endings: str) -> Callable[[Study], bool]:
    return lambda study: any(case.endswith(endings) for case in study.model_constrained.cases)


def _graphs_by(*methods: str) -> Callable[[Study], bool]:
    return lambda study: study.clustering.graph.method in methods


CURVES: tuple[Use, ...] = (
    Use(
        Reference(
            "raghu2017",
            (
                "Raghu, Maithra",
                "Poole, Ben",
                "Kleinberg, Jon",
                "Ganguli, Surya",
                "Sohl-Dickstein, Jascha",
            ),
            "On the expressive power of deep neural networks",
            2017,
            "International Conference on Machine Learning, PMLR 70",
            arxiv="1606.05336",
            kind="inproceedings",
        ),
        "trajectory length, transitions, dichotomies and their findings",
    ),
    Use(
        Reference(
            "hanin2022",
            ("Hanin, Boris", "Jeong, Ryan", "Rolnick, David"),
            "Deep ReLU networks preserve expected length",
            2022,
            "International Conference on Learning Representations",
            arxiv="2102.10492",
            kind="inproceedings",
        ),
        "lengths at the usual variance 2/fan_in",
    ),
    Use(POOLE, "growth of lengths, mean field"),
    Use(ADAM, "the training of one layer alone"),
)
"""Expressivity."""


GRAPHS: tuple[Use, ...] = (
    Use(
        Reference(
            "saini2021",
            ("Saini, Uday Singh", "Devineni, Pravallika", "Papalexakis, Evangelos E."),
            "Subspace clustering based analysis of neural networks",
            2021,
            "ECML PKDD",
            arxiv="2107.01296",
            kind="inproceedings",
        ),
        "the questions and their findings",
    ),
    Use(
        Reference(
            "elhamifar2013",
            ("Elhamifar, Ehsan", "Vidal, René"),
            "Sparse subspace clustering: Algorithm, theory, and applications",
            2013,
            "IEEE Transactions on Pattern Analysis and Machine Intelligence 35",
            arxiv="1203.1005",
        ),
        "graphs by sparse self-expression",
        _graphs_by("sparse"),
    ),
    Use(
        Reference(
            "you2016",
            ("You, Chong", "Li, Chun-Guang", "Robinson, Daniel P.", "Vidal, René"),
            "Oracle based active set algorithm for scalable elastic net subspace clustering",
            2016,
            "IEEE Conference on Computer Vision and Pattern Recognition",
            kind="inproceedings",
        ),
        "the elastic net",
        lambda study: study.clustering.graph.method == "sparse" and study.clustering.graph.tau < 1,
    ),
    Use(
        Reference(
            "lu2012",
            (
                "Lu, Can-Yi",
                "Min, Hai",
                "Zhao, Zhong-Qiu",
                "Zhu, Lin",
                "Huang, De-Shuang",
                "Yan, Shuicheng",
            ),
            "Robust and efficient subspace segmentation via least squares regression",
            2012,
            "European Conference on Computer Vision",
            kind="inproceedings",
        ),
        "graphs by least squares",
        _graphs_by("least_squares"),
    ),
    Use(
        Reference(
            "vidal2014",
            ("Vidal, René", "Favaro, Paolo"),
            "Low rank subspace clustering (LRSC)",
            2014,
            "Pattern Recognition Letters 43",
        ),
        "graphs of low rank",
        _graphs_by("low_rank", "shape_interaction"),
    ),
    Use(
        Reference(
            "newman2006",
            ("Newman, M. E. J.",),
            "Modularity and community structure in networks",
            2006,
            "Proceedings of the National Academy of Sciences 103",
            doi="10.1073/pnas.0601602103",
        ),
        "modularity",
    ),
    Use(
        Reference(
            "kornblith2019",
            ("Kornblith, Simon", "Norouzi, Mohammad", "Lee, Honglak", "Hinton, Geoffrey"),
            "Similarity of neural network representations revisited",
            2019,
            "International Conference on Machine Learning, PMLR 97",
            arxiv="1905.00414",
            kind="inproceedings",
        ),
        "similarity of layers (CKA)",
    ),
    Use(
        Reference(
            "cortes2012",
            ("Cortes, Corinna", "Mohri, Mehryar", "Rostamizadeh, Afshin"),
            "Algorithms for learning kernels based on centered alignment",
            2012,
            "Journal of Machine Learning Research 13",
            arxiv="1203.0550",
        ),
        "centred alignment",
    ),
    Use(ADAM, "training"),
    Use(SCIKIT, "the digits", lambda study: study.clustering.data == "digits"),
)
"""Subspace clustering."""


TRAJECTORIES: tuple[Use, ...] = (
    Use(
        Reference(
            "quinn2019",
            (
                "Quinn, Katherine N.",
                "Clement, Colin B.",
                "De Bernardis, Francesco",
                "Niemack, Michael D.",
                "Sethna, James P.",
            ),
            "Visualizing probabilistic models and data with Intensive Principal Component Analysis",
            2019,
            "Proceedings of the National Academy of Sciences 116",
            doi="10.1073/pnas.1817218116",
        ),
        "InPCA",
    ),
    Use(MAO_PNAS, "explained stress, progress, and the findings"),
    Use(MAO, "the question what makes trajectories thin"),
    Use(
        Reference(
            "transtrum2011",
            ("Transtrum, Mark K.", "Machta, Benjamin B.", "Sethna, James P."),
            "Geometry of nonlinear least squares with applications to sloppy models and"
            " optimization",
            2011,
            "Physical Review E 83, 036701",
            doi="10.1103/PhysRevE.83.036701",
        ),
        "hyper-ribbons",
    ),
    Use(ADAM, "one of the optimisers", _uses_adam),
    Use(SCIKIT, "the digits", lambda study: study.sloppiness.ensemble.data == "digits"),
)
"""Training trajectories."""


THEORY: tuple[Use, ...] = (
    Use(MAO, "the three controls of linear trajectories"),
    Use(
        Reference(
            "beckermann2017",
            ("Beckermann, Bernhard", "Townsend, Alex"),
            "On the singular values of matrices with displacement structure",
            2017,
            "SIAM Journal on Matrix Analysis and Applications 38",
            arxiv="1609.09494",
        ),
        "the exponent π²/ln 4κ",
    ),
)
"""The theory of training trajectories."""


MODEL_CONSTRAINED: tuple[Use, ...] = (
    Use(
        Reference(
            "nguyen2021",
            ("Nguyen, Hai V.", "Bui-Thanh, Tan"),
            "TNet: A model-constrained Tikhonov network approach for inverse problems",
            2021,
            arxiv="2105.12033",
            doi="10.1137/22M1526708",
            kind="misc",
        ),
        "the losses of nDNN, mcDNN and TNet",
        _any_case("ndnn", "mcdnn", "tnet"),
    ),
    Use(
        Reference(
            "nguyen2022",
            ("Nguyen, Hai V.", "Bui-Thanh, Tan"),
            "A model-constrained tangent slope learning approach for dynamical systems",
            2022,
            "International Journal of Computational Fluid Dynamics 36",
            arxiv="2208.04995",
            doi="10.1080/10618562.2022.2146677",
        ),
        "the loss of mcTangent",
        _any_case("mctangent"),
    ),
    Use(
        Reference(
            "nguyen2025",
            ("Nguyen, Hai Van", "Bui-Thanh, Tan", "Dawson, Clint"),
            "TAEN: A model-constrained Tikhonov autoencoder network for forward and inverse"
            " problems",
            2025,
            "Computer Methods in Applied Mechanics and Engineering 446, 118245",
            arxiv="2412.07010",
            doi="10.1016/j.cma.2025.118245",
        ),
        "the loss of TAEN",
        _any_case("taen"),
    ),
)
"""Model-constrained networks."""
