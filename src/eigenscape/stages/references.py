"""What a study builds on: the references of the methods and the software that it used, by science.

One table, `SOURCES`. A reference is listed where the study computes what it is the source of: sciences that are switched off bring none,
and neither do methods that the configuration does not choose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from eigenscape.stages.captions import ACTIVE, CURVES, GRAPHS, MODELS, THEORY, TRAJECTORIES
from eigenscape.study import Study
from eigenscape.version import __version__

SOFTWARE = "software"


@dataclass(frozen=True)
class Reference:
    """One publication.

    Attributes:
        key: in bibliographies.
        authors: family name first, as "Constantine, Paul G."; "others" at the end stands for more of them.
        title: as published.
        year: of publication.
        venue: journal with volume, or proceedings; "" for what stands on arXiv alone.
        arxiv: its number, or "".
        doi: or "".
        url: where there is neither.
        kind: entry type of BibTeX.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    venue: str = ""
    arxiv: str = ""
    doi: str = ""
    url: str = ""
    kind: str = "article"

    @property
    def link(self) -> str:
        """Where it is found."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url

    def text(self) -> str:
        """One line.

        Example:
            >>> Reference("a", ("Doe, Jane", "Roe, R."), "On things", 2001, "J. Things 1").text()
            'Doe, J.; Roe, R.: On things. J. Things 1, 2001.'
        """
        names = "; ".join(_short(name) for name in self.authors).replace("; others", " et al.")
        found = [f"arXiv {self.arxiv}"] * bool(self.arxiv) + [f"doi {self.doi}"] * bool(self.doi) + [self.url] * bool(self.url)
        where = f"{self.venue}, {self.year}" if self.venue else str(self.year)
        return f"{names}: {self.title}. {'. '.join([where, *found])}."

    def bibtex(self) -> str:
        """One entry."""
        place = {"article": "journal", "inproceedings": "booktitle", "book": "publisher"}.get(self.kind, "howpublished")
        fields = {
            # Braces keep the name of a group from being taken for that of a person.
            "author": " and ".join(name if ", " in name or name == "others" else f"{{{name}}}" for name in self.authors),
            "title": f"{{{self.title}}}",
            "year": str(self.year),
            place: self.venue,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" * bool(self.arxiv),
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{_latex(value)}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


def _short(name: str) -> str:
    """Given names as initials."""
    family, _, given = name.partition(", ")
    parts = [part for part in re.split(r"[ .]+", given) if part]
    initials = " ".join("-".join(f"{piece[0]}." for piece in part.split("-")) for part in parts)
    return f"{family}, {initials}" if initials else family


def _latex(text: str) -> str:
    """Letters with accents as LaTeX writes them, so that any BibTeX reads the file."""
    accents = {"\u0301": "'", "\u0308": '"', "\u030c": "v ", "\u0303": "~", "\u0300": "`", "\u0302": "^"}
    found = []
    for letter in unicodedata.normalize("NFC", text):
        plain, *marks = list(unicodedata.normalize("NFD", letter))
        known = len(marks) == 1 and marks[0] in accents
        found.append(f"{{\\{accents[marks[0]]}{plain}}}" if known else letter)
    return "".join(found).replace("&", "\\&")


@dataclass(frozen=True)
class Use:
    """A reference and what it is the source of.

    Attributes:
        reference: the publication.
        of: what of it is used.
        when: whether a study does; True for every study of the science.
    """

    reference: Reference
    of: str
    when: Callable[[Study], bool] = lambda study: True


def _uses_adam(study: Study) -> bool:
    return study.sloppiness.enabled and "adam" in study.sloppiness.ensemble.optimisers


def _any_case(*endings: str) -> Callable[[Study], bool]:
    return lambda study: any(case.endswith(endings) for case in study.model_constrained.cases)


def _graphs_by(*methods: str) -> Callable[[Study], bool]:
    return lambda study: study.clustering.graph.method in methods


POOLE = Reference(
    "poole2016",
    ("Poole, Ben", "Lahiri, Subhaneel", "Raghu, Maithra", "Sohl-Dickstein, Jascha", "Ganguli, Surya"),
    "Exponential expressivity in deep neural networks through transient chaos",
    2016,
    "Advances in Neural Information Processing Systems 29",
    arxiv="1606.05340",
    kind="inproceedings",
)
ADAM = Reference(
    "kingma2015",
    ("Kingma, Diederik P.", "Ba, Jimmy"),
    "Adam: A method for stochastic optimization",
    2015,
    "International Conference on Learning Representations",
    arxiv="1412.6980",
    kind="inproceedings",
)
MAO_PNAS = Reference(
    "mao2024",
    (
        *("Mao, Jialin", "Griniasty, Itay", "Teoh, Han Kheng", "Ramesh, Rahul", "Yang, Rubing"),
        *("Transtrum, Mark K.", "Sethna, James P.", "Chaudhari, Pratik"),
    ),
    "The training process of many deep networks explores the same low-dimensional manifold",
    2024,
    "Proceedings of the National Academy of Sciences 121",
    arxiv="2305.01604",
    doi="10.1073/pnas.2310002121",
)
MAO = Reference(
    "mao2026",
    ("Mao, Jialin", "Griniasty, Itay", "Sun, Yan", "Transtrum, Mark K.", "Sethna, James P.", "Chaudhari, Pratik"),
    "Analytical characterization of sloppiness in neural networks: Insights from linear models",
    2026,
    "Physical Review E 113, 015306",
    arxiv="2505.08915",
)
SCIKIT = Reference(
    "pedregosa2011",
    ("Pedregosa, Fabian", "Varoquaux, Gaël", "Gramfort, Alexandre", "others"),
    "Scikit-learn: Machine learning in Python",
    2011,
    "Journal of Machine Learning Research 12",
)

SOURCES: dict[str, tuple[Use, ...]] = {
    ACTIVE: (
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
                "SC '11, International Conference for High Performance Computing, Networking, Storage and Analysis",
                doi="10.1145/2063384.2063405",
                kind="inproceedings",
            ),
            "random numbers by counter, Philox4x32-10",
        ),
    ),
    CURVES: (
        Use(
            Reference(
                "raghu2017",
                ("Raghu, Maithra", "Poole, Ben", "Kleinberg, Jon", "Ganguli, Surya", "Sohl-Dickstein, Jascha"),
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
    ),
    GRAPHS: (
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
                ("Lu, Can-Yi", "Min, Hai", "Zhao, Zhong-Qiu", "Zhu, Lin", "Huang, De-Shuang", "Yan, Shuicheng"),
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
    ),
    TRAJECTORIES: (
        Use(
            Reference(
                "quinn2019",
                ("Quinn, Katherine N.", "Clement, Colin B.", "De Bernardis, Francesco", "Niemack, Michael D.", "Sethna, James P."),
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
                "Geometry of nonlinear least squares with applications to sloppy models and optimization",
                2011,
                "Physical Review E 83, 036701",
                doi="10.1103/PhysRevE.83.036701",
            ),
            "hyper-ribbons",
        ),
        Use(ADAM, "one of the optimisers", _uses_adam),
        Use(SCIKIT, "the digits", lambda study: study.sloppiness.ensemble.data == "digits"),
    ),
    THEORY: (
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
    ),
    MODELS: (
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
                "TAEN: A model-constrained Tikhonov autoencoder network for forward and inverse problems",
                2025,
                "Computer Methods in Applied Mechanics and Engineering 446, 118245",
                arxiv="2412.07010",
                doi="10.1016/j.cma.2025.118245",
            ),
            "the loss of TAEN",
            _any_case("taen"),
        ),
    ),
    SOFTWARE: (
        Use(
            Reference(
                "moelder2021",
                ("Mölder, Felix", "Jablonski, Kim Philipp", "Letcher, Brice", "others"),
                "Sustainable data analysis with Snakemake",
                2021,
                "F1000Research 10:33",
                doi="10.12688/f1000research.29032.2",
            ),
            "the workflow",
        ),
        Use(
            Reference(
                "harris2020",
                ("Harris, Charles R.", "Millman, K. Jarrod", "van der Walt, Stéfan J.", "others"),
                "Array programming with NumPy",
                2020,
                "Nature 585",
                doi="10.1038/s41586-020-2649-2",
            ),
            "arrays",
        ),
        Use(
            Reference(
                "virtanen2020",
                ("Virtanen, Pauli", "Gommers, Ralf", "Oliphant, Travis E.", "others"),
                "SciPy 1.0: Fundamental algorithms for scientific computing in Python",
                2020,
                "Nature Methods 17",
                doi="10.1038/s41592-019-0686-2",
            ),
            "linear algebra",
        ),
        Use(
            Reference(
                "paszke2019",
                ("Paszke, Adam", "Gross, Sam", "Massa, Francisco", "others"),
                "PyTorch: An imperative style, high-performance deep learning library",
                2019,
                "Advances in Neural Information Processing Systems 32",
                arxiv="1912.01703",
                kind="inproceedings",
            ),
            "gradients and eigensolves",
        ),
        Use(
            Reference(
                "lam2015",
                ("Lam, Siu Kwan", "Pitrou, Antoine", "Seibert, Stanley"),
                "Numba: A LLVM-based Python JIT compiler",
                2015,
                "Proceedings of the Second Workshop on the LLVM Compiler Infrastructure in HPC",
                doi="10.1145/2833157.2833162",
                kind="inproceedings",
            ),
            "compiled gradient kernels",
        ),
        Use(
            Reference(
                "dalcin2021",
                ("Dalcin, Lisandro", "Fang, Yao-Lung L."),
                "mpi4py: Status update after 12 years of development",
                2021,
                "Computing in Science & Engineering 23",
                doi="10.1109/MCSE.2021.3083216",
            ),
            "MPI",
        ),
        Use(Reference("zarr", ("Zarr developers",), "Zarr-Python 3", 2025, url="https://zarr.dev", kind="misc"), "chunked storage"),
        Use(
            Reference(
                "hoyer2017",
                ("Hoyer, Stephan", "Hamman, Joe"),
                "xarray: N-D labeled arrays and datasets in Python",
                2017,
                "Journal of Open Research Software 5",
                doi="10.5334/jors.148",
            ),
            "labelled tables",
        ),
        Use(
            Reference(
                "hunter2007",
                ("Hunter, John D.",),
                "Matplotlib: A 2D graphics environment",
                2007,
                "Computing in Science & Engineering 9",
                doi="10.1109/MCSE.2007.55",
            ),
            "figures",
        ),
    ),
}

ITSELF = Reference(
    "eigenscape",
    ("The eigenscape developers",),
    f"eigenscape: how hard is this neural network to train, and why? Version {__version__}",
    2026,
    kind="misc",
)
"""This program, as CITATION.cff has it."""


def used_by(study: Study) -> dict[str, list[Use]]:
    """What a study used, by science; a reference stands under each science that uses it.

    Example:
        >>> off = {"enabled": False}
        >>> list(used_by(Study.from_mapping({"expressivity": off, "clustering": off, "sloppiness": off, "model_constrained": off})))
        ['active subspace', 'software']
    """
    enabled = {
        ACTIVE: True,
        CURVES: study.expressivity.enabled,
        GRAPHS: study.clustering.enabled,
        TRAJECTORIES: study.sloppiness.enabled,
        THEORY: study.sloppiness.enabled,
        MODELS: study.model_constrained.enabled,
        SOFTWARE: True,
    }
    return {science: [use for use in uses if use.when(study)] for science, uses in SOURCES.items() if enabled[science]}


def references_of(study: Study) -> list[Reference]:
    """Each reference once, this program first."""
    found = {use.reference.key: use.reference for uses in used_by(study).values() for use in uses}
    return [ITSELF, *found.values()]


def as_text(study: Study) -> str:
    """For people: by science, with what each was used for."""
    lines = ["Please cite", "", f"  {ITSELF.text()}"]
    for science, uses in used_by(study).items():
        lines += ["", f"{science.capitalize()}:"]
        lines += [f"  {use.reference.text()} [{use.of}]" for use in uses]
    return "\n".join(lines)


def as_bibtex(study: Study) -> str:
    """For bibliographies: each once."""
    return "\n\n".join(reference.bibtex() for reference in references_of(study))
