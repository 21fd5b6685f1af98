"""What the active subspace of gradients builds on."""

from __future__ import annotations

from eigenscape.reporting.references.reference import Reference, Use
from eigenscape.reporting.references.shared import POOLE

ACTIVE_SUBSPACE: tuple[Use, ...] = (
    Use(
        Reference(
            "constantine2014",
            ("Constantine, Paul G.", "Dow, Eric", "Wang, Qiqi"),
            "Active subspace methods in theory and practice: Applications to kriging surfaces",
            2014,
            "SIAM Journal on Scientific Computing 36",
            arxiv="1304.2070",
            doi="10.1137/130916138",
        ),
        "the matrix C and its eigenvectors",
    ),
    Use(
        Reference(
            "constantine2015",
            ("Constantine, Paul G.",),
            "Active subspaces: Emerging ideas for dimension reduction in parameter studies",
            2015,
            "SIAM",
            doi="10.1137/1.9781611973860",
            kind="book",
        ),
        "active variables and summary plots",
    ),
    Use(
        Reference(
            "helland2017",
            ("Helland, Jonathan W.", "Constantine, Paul G."),
            "Exploring active subspaces in neural network cost functions",
            2017,
            "Colorado School of Mines",
            doi="10.25676/11124/170925",
            kind="misc",
        ),
        "active subspaces of a network's loss over its parameters",
    ),
    Use(POOLE, "mean field: χ₁ and q*"),
    Use(
        Reference(
            "schoenholz2017",
            ("Schoenholz, Samuel S.", "Gilmer, Justin", "Ganguli, Surya", "Sohl-Dickstein, Jascha"),
            "Deep information propagation",
            2017,
            "International Conference on Learning Representations",
            arxiv="1611.01232",
            kind="inproceedings",
        ),
        "how gradients grow or decay from layer to layer",
    ),
    Use(
        Reference(
            "marchenko1967",
            ("Marchenko, V. A.", "Pastur, L. A."),
            "Distribution of eigenvalues for some sets of random matrices",
            1967,
            "Mathematics of the USSR-Sbornik 1",
            doi="10.1070/SM1967v001n04ABEH001994",
        ),
        "what sampling noise alone would give",
    ),
    Use(
        Reference(
            "demmel1992",
            ("Demmel, James", "Veselić, Krešimir"),
            "Jacobi's method is more accurate than QR",
            1992,
            "SIAM Journal on Matrix Analysis and Applications 13",
            doi="10.1137/0613074",
        ),
        "spectra longer than ten decades",
    ),
    Use(
        Reference(
            "salmon2011",
            ("Salmon, John K.", "Moraes, Mark A.", "Dror, Ron O.", "Shaw, David E."),
            "Parallel random numbers: As easy as 1, 2, 3",
            2011,
            "SC '11, International Conference for High Performance Computing, Networking, Storage"
            " and Analysis",
            doi="10.1145/2063384.2063405",
            kind="inproceedings",
        ),
        "random numbers by counter, Philox4x32-10",
    ),
)
"""Sampling, C, its spectrum and its symmetries."""
