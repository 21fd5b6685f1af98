"""The programs that every study runs on."""

from __future__ import annotations

from eigenscape.reporting.references.reference import Reference, Use

PROGRAMS: tuple[Use, ...] = (
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
    Use(
        Reference(
            "zarr", ("Zarr developers",), "Zarr-Python 3", 2025, url="https://zarr.dev", kind="misc"
        ),
        "chunked storage",
    ),
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
)
"""As their authors ask to be cited."""
