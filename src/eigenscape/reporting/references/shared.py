"""Publications that several sciences use."""

from __future__ import annotations

from eigenscape.reporting.references.reference import Reference

POOLE = Reference(
    "poole2016",
    (
        "Poole, Ben",
        "Lahiri, Subhaneel",
        "Raghu, Maithra",
        "Sohl-Dickstein, Jascha",
        "Ganguli, Surya",
    ),
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
    (
        "Mao, Jialin",
        "Griniasty, Itay",
        "Sun, Yan",
        "Transtrum, Mark K.",
        "Sethna, James P.",
        "Chaudhari, Pratik",
    ),
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
