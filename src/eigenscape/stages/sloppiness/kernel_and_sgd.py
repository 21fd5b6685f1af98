"""Two parts of the stage `sloppiness-theory` that need data: kernel machines and the noise of SGD,
on scikit-learn's digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.networks.labelled_data import shuffled_digits
from eigenscape.seeding import stream_key
from eigenscape.sloppiness import regimes
from eigenscape.sloppiness.covariance import time_averages
from eigenscape.sloppiness.ribbon import ribbon
from eigenscape.sloppiness.sgd import StochasticDescent, minimiser, sgd_eigenvalues, stable_step
from eigenscape.sloppiness.simulate import descend, generator, simulated_eigenvalues
from eigenscape.sloppiness.stress import explained_stress
from eigenscape.stages.common.experiments import Rows

if TYPE_CHECKING:
    from eigenscape.sloppiness.kernels import KernelMachine
    from eigenscape.sloppiness.ribbon import Ribbon

KEPT = 60
"""Leading eigenvalues of every spectrum that are kept for drawing; verdicts take all of them."""


def theory_seed(study: Study) -> int:
    """The seed of everything random in the stage."""
    return stream_key(study.sampling.seed, "sloppiness", "theory") >> 1


def ribbon_columns(found: Ribbon) -> dict[str, Any]:
    """What is read of a spectrum, as columns."""
    return {
        "chi_2": found.chi_2.value,
        "chi_3": found.chi_3.value,
        "participation_ratio": found.participation_ratio.value,
        **found.slope.columns("slope"),
        "r_squared": found.r_squared.value,
        "decades": found.decades.value,
        "directions": found.directions,
        "verdict": found.verdict.value,
    }


def some_digits(study: Study, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many digits: pixels (count, 64) about their mean, of mean square 1; labels 0 to 9."""
    return shuffled_digits(generator(theory_seed(study), "digits"), count, count)


def kernel_matrix(study: Study, kind: str, pixels: np.ndarray) -> np.ndarray:
    """The kernel between all digits (n, n), scaled to a mean of 1 on its diagonal."""
    from scipy.spatial.distance import pdist  # noqa: PLC0415

    from eigenscape.networks.activations import RELU  # noqa: PLC0415
    from eigenscape.networks.priors import prior_named  # noqa: PLC0415
    from eigenscape.sloppiness.kernels import (  # noqa: PLC0415
        gaussian_kernel,
        random_features,
        tangent_features,
    )

    section = study.sloppiness.kernel
    draw = generator(theory_seed(study), "kernel", kind)
    if kind == "rbf":
        return gaussian_kernel(pixels, pixels, section.bandwidth * float(np.median(pdist(pixels))))
    if kind == "linear":
        features = pixels
    elif kind == "random_features":
        features = random_features(pixels, section.features, draw)
    else:
        architecture = Architecture(section.depth, section.width, inputs=pixels.shape[1], outputs=1)
        theta = draw.standard_normal(architecture.parameters) * prior_named("he_normal").scales(
            architecture
        )
        features = tangent_features(theta, pixels, architecture, RELU)
    kernel = features @ features.T
    return np.asarray(kernel * len(kernel) / np.trace(kernel))


def kernel_tables(study: Study) -> dict[str, Rows]:
    """Every kernel, start and number of steps: the cloud's spectrum at training and other points,
    assessed.
    """
    from eigenscape.sloppiness.kernels import KernelMachine  # noqa: PLC0415 - torch

    section = study.sloppiness.kernel
    pixels, labels = some_digits(study, section.train + section.test)
    targets = np.eye(10)[labels[: section.train]]
    targets -= targets.mean(axis=0)
    targets /= np.sqrt(np.square(targets).mean())
    rows: Rows = []
    spectra: Rows = []
    for kind in section.kernels:
        machine = KernelMachine.of(kernel_matrix(study, kind, pixels), section.train)
        for steps in section.steps:
            for start in section.start:
                names = {"kernel": kind, "steps": steps, "start": start}
                facts = _kernel_facts(machine, targets, section.step, steps)
                for points, values in _kernel_spectra(
                    machine, targets, section.step, steps, start
                ).items():
                    rows.append(names | {"points": points} | facts | ribbon_columns(ribbon(values)))
                    spectra += [
                        names
                        | {
                            "theory": facts["theory"],
                            "points": points,
                            "index": position + 1,
                            "eigenvalue": float(value),
                        }
                        for position, value in enumerate(values[:KEPT])
                    ]
    return {"machines": rows, "spectra": spectra}


def _kernel_spectra(
    machine: KernelMachine, targets: np.ndarray, step: float, steps: int, start: float
) -> dict[str, np.ndarray]:
    averages = time_averages(step * machine.eigenvalues / machine.eigenvalues[0], steps)
    return {
        "train": machine.training_spectrum(averages, targets, start),
        "test": machine.other_spectrum(averages, targets, start),
    }


def _kernel_facts(
    machine: KernelMachine, targets: np.ndarray, step: float, steps: int
) -> dict[str, Any]:
    """What linear theory sees of a kernel: how many components converge, and the slope at the reach
    of the targets.

    The largest eigenvalue of a kernel belongs to the constant, of which centred targets have
    nothing: so the slope is that of alpha T times the mean eigenvalue, weighted by the targets'
    squares.
    """
    scaled = machine.eigenvalues / machine.eigenvalues[0]
    energy = np.square(machine.vectors.T @ targets).sum(axis=1)
    reach = step * steps
    of_targets = reach * float(energy @ scaled / energy.sum())
    return {
        "reach": reach,
        "reach_of_targets": of_targets,
        "converged": int((scaled * reach > 1).sum()),
        "theory": float(regimes.truth_slope(of_targets)) if of_targets > 0.25 else float("nan"),
    }


def _balanced_starts(deviation: float, size: int) -> np.ndarray:
    """Starts (2 d, d) at +-sigma_w d^1/2 along every axis: mean 0 and covariance sigma_w^2 I
    without scatter.

    So what differs from the theory is the noise of the batches.
    """
    return np.asarray(np.vstack([np.eye(size), -np.eye(size)]) * (deviation * size**0.5))


def sgd_tables(study: Study) -> dict[str, Rows]:
    """Gradient descent, batches, momentum and weight decay: the cloud's exact spectrum, and
    simulated ones.
    """
    section = study.sloppiness.sgd
    pixels, labels = some_digits(study, section.examples)
    targets = np.where(labels % 2 == 0, 1.0, -1.0)
    left, singular, _ = np.linalg.svd(pixels, full_matrices=False)
    inputs = np.column_stack(
        [(left * singular)[:, : section.components], np.ones(section.examples)]
    )
    curvature = float(np.linalg.norm(inputs, 2) ** 2 / len(inputs))
    step = stable_step(inputs, min(section.batch))
    deviation = section.start * float(np.sqrt(np.square(minimiser(inputs, targets)).mean()))
    middle = section.batch[len(section.batch) // 2]
    variants = {
        "gradient descent": StochasticDescent(step, None),
        **{f"batch {batch}": StochasticDescent(step, batch) for batch in section.batch},
        f"batch {middle}, momentum": StochasticDescent(
            step * (1 - section.momentum), middle, momentum=section.momentum
        ),
        f"batch {middle}, weight decay": StochasticDescent(
            step, middle, decay=section.weight_decay * curvature
        ),
    }
    rows: Rows = []
    spectra: Rows = []
    for name, descent in variants.items():
        values = sgd_eigenvalues(inputs, targets, deviation, descent, section.steps)
        runs = []
        for group in range(section.simulated):
            draw = generator(theory_seed(study), "sgd", name, group)
            starts = _balanced_starts(deviation, inputs.shape[1])
            runs.append(
                simulated_eigenvalues(
                    descend(inputs, targets, starts, descent, draw), inputs, section.steps
                )[: len(values)]
            )
        facts: dict[str, Any] = {
            "variant": name,
            "batch": descent.batch or 0,
            "momentum": descent.momentum,
            "weight_decay": descent.decay,
            "reach": descent.step / (1 - descent.momentum) * curvature * section.steps,
        }
        facts |= {
            "trace": float(values.sum()),
            "simulated_trace": float(np.mean([run.sum() for run in runs])),
        }
        for k in (2, 3):
            found = [float(explained_stress(run)[k - 1]) for run in runs]
            facts |= {
                f"simulated_chi_{k}": float(np.mean(found)),
                f"simulated_chi_{k}_spread": float(np.std(found, ddof=1)),
            }
        rows.append(facts | ribbon_columns(ribbon(values)))
        pairs = zip(values[:KEPT], np.mean(runs, axis=0)[:KEPT], strict=True)
        spectra += [
            {
                "variant": name,
                "index": position + 1,
                "eigenvalue": float(value),
                "simulated": float(run),
            }
            for position, (value, run) in enumerate(pairs)
        ]
    return {"variants": rows, "spectra": spectra}
