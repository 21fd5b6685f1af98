"""The stage `expressivity`: experiments with curves in random and trained networks, each kept as
one document.

growth        lengths and transitions of a circle over depth, width, sigma_w and sigma_b
sensitivity   how the output's length answers to each layer's weights
dichotomies   labellings that a sweep of one layer reaches
digits        training one layer at a time, and lengths while networks train
"""

from __future__ import annotations

import numpy as np

from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.seeding import stream_key
from eigenscape.stages.common.experiments import Experiment, Rows, Tables, experiment_named
from eigenscape.store.layout import StudyFolder


def run_experiment(study: Study, folder: StudyFolder, name: str) -> Tables:
    """The tables of one experiment, computed where no document holds them yet.

    Raises:
        BadInput: no experiment of that name, or the study leaves them out.
        DifferentWork: a document of other work is there.
    """
    _require_enabled(study)
    return experiment_named(EXPERIMENTS, name).run(study, folder.expressivity(name))


def read_experiment(study: Study, folder: StudyFolder, name: str) -> Tables:
    """The tables of one experiment from its document.

    Raises:
        BadInput: no experiment of that name, or the study leaves them out.
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    _require_enabled(study)
    return experiment_named(EXPERIMENTS, name).read(study, folder.expressivity(name))


def _require_enabled(study: Study) -> None:
    if not study.expressivity.enabled:
        raise BadInput.field(
            "expressivity.enabled",
            "true, for curves through networks",
            "false",
            "write expressivity: {enabled: true}",
        )


def _growth(study: Study) -> dict[str, Rows]:
    from eigenscape.expressivity.growth import (  # noqa: PLC0415
        bootstrap_mean,
        ensemble,
        growth_per_layer,
        mean_field_growth,
        published_base,
    )

    section, seed = (
        study.expressivity.growth,
        stream_key(study.sampling.seed, "expressivity", "growth") >> 1,
    )
    layers, settings = [], []
    for activation, deviations in (
        ("relu", section.relu_weight_std),
        ("hard_tanh", section.hard_tanh_weight_std),
    ):
        for width in section.width:
            for sigma_w in deviations:
                for sigma_b in section.bias_std:
                    names = {
                        "activation": activation,
                        "width": width,
                        "sigma_w": sigma_w,
                        "sigma_b": sigma_b,
                    }
                    found = ensemble(
                        section.depth,
                        width,
                        sigma_w,
                        sigma_b,
                        activation,
                        section.networks,
                        seed,
                        section.radius,
                    )
                    length, transitions = (
                        bootstrap_mean(found.lengths, seed),
                        bootstrap_mean(found.transitions, seed),
                    )
                    for layer in range(section.depth + 1):
                        row = names | {"layer": layer} | length.at(layer).columns("length")
                        layers.append(
                            row
                            | (transitions.at(layer - 1).columns("transitions") if layer else {})
                        )
                    settings.append(
                        names
                        | {"sqrt_chi_1": mean_field_growth(activation, sigma_w, sigma_b)}
                        | {"published_base": published_base(activation, width, sigma_w, sigma_b)}
                        | growth_per_layer(found.lengths, seed).columns("growth")
                    )
    return {"lengths": layers, "growth": settings}


def _sensitivity(study: Study) -> dict[str, Rows]:
    from eigenscape.expressivity.curves import circle  # noqa: PLC0415
    from eigenscape.expressivity.growth import bootstrap_mean  # noqa: PLC0415
    from eigenscape.expressivity.matched import perturbed_variation  # noqa: PLC0415
    from eigenscape.expressivity.networks import random_layers  # noqa: PLC0415
    from eigenscape.expressivity.sensitivity import length_gradient  # noqa: PLC0415

    section, seed = (
        study.expressivity.sensitivity,
        stream_key(study.sampling.seed, "expressivity", "sensitivity") >> 1,
    )
    layers, turns = [], []
    angles = np.array(section.angles)
    for activation, sigma_w in (
        ("relu", section.relu_weight_std),
        ("hard_tanh", section.hard_tanh_weight_std),
    ):
        radial, tangential, changes = [], [], []
        for number in range(section.networks):
            key = stream_key(seed, "network", number) >> 1
            network = random_layers(section.depth, section.width, sigma_w, 0.0, activation, key)
            found = length_gradient(network, circle(1.0))
            if found.length == 0:
                # a ReLU network whose output is constant on the circle has no relative change
                continue
            radial.append(found.radial)
            tangential.append(found.tangential)
            changes.append(perturbed_variation(network, circle(1.0), angles, key))
        if not radial:
            continue
        parts = (
            bootstrap_mean(np.array(radial), seed),
            bootstrap_mean(np.array(tangential), seed),
            bootstrap_mean(np.array(changes), seed),
        )
        for layer in range(section.depth + 1):
            names = {
                "activation": activation,
                "sigma_w": sigma_w,
                "layer": layer + 1,
                "networks": len(radial),
            }
            layers.append(
                names
                | parts[0].at(layer).columns("radial")
                | parts[1].at(layer).columns("tangential")
            )
            turns += [
                names | {"angle": float(angle)} | parts[2].at((layer, i)).columns("change")
                for i, angle in enumerate(angles)
            ]
    return {"sensitivity": layers, "turns": turns}


def _dichotomies(study: Study) -> dict[str, Rows]:
    from eigenscape.expressivity.dichotomies import count_dichotomies  # noqa: PLC0415
    from eigenscape.expressivity.growth import bootstrap_mean  # noqa: PLC0415
    from eigenscape.expressivity.networks import generator, random_layers  # noqa: PLC0415

    section, seed = (
        study.expressivity.dichotomies,
        stream_key(study.sampling.seed, "expressivity", "dichotomies") >> 1,
    )
    rows = []
    for width in section.width:
        for depth in section.depth:
            counts = np.empty((section.networks, depth))
            for number in range(section.networks):
                key = stream_key(seed, "network", number) >> 1
                network = random_layers(
                    depth, width, section.weight_std, 0.0, "hard_tanh", key, inputs=width
                )
                inputs = generator(key, "inputs").standard_normal((section.inputs, width))
                for layer in range(1, depth + 1):
                    other = (
                        generator(key, "sweep", layer).standard_normal((width, width))
                        * section.weight_std
                        / np.sqrt(width)
                    )
                    counts[number, layer - 1] = count_dichotomies(network, inputs, layer, other)
            found = bootstrap_mean(counts, seed)
            rows += [
                {"width": width, "depth": depth, "layer": layer, "remaining": depth - layer}
                | found.at(layer - 1).columns("dichotomies")
                for layer in range(1, depth + 1)
            ]
    return {"dichotomies": rows}


def _digits(study: Study) -> dict[str, Rows]:
    from eigenscape.expressivity.growth import bootstrap_mean  # noqa: PLC0415
    from eigenscape.expressivity.training import (  # noqa: PLC0415
        lengths_in_training,
        train_one_layer,
    )

    section, seed = (
        study.expressivity.digits,
        stream_key(study.sampling.seed, "expressivity", "digits") >> 1,
    )
    one_layer, lengths = [], []
    for variance in section.one_layer_weight_variance:
        trained = train_one_layer(
            section.one_layer_depth,
            section.width,
            variance**0.5,
            section.activation,
            runs=section.runs,
            epochs=section.one_layer_epochs,
            rate=section.one_layer_rate,
            seed=seed,
        )
        parts = bootstrap_mean(trained.train.T, seed), bootstrap_mean(trained.test.T, seed)
        one_layer += [
            {
                "sigma_w_squared": variance,
                "layer": int(layer),
                "remaining": section.one_layer_depth - int(layer),
            }
            | parts[0].at(index).columns("train")
            | parts[1].at(index).columns("test")
            for index, layer in enumerate(trained.layers)
        ]
    for variance in section.length_weight_variance:
        followed = lengths_in_training(
            section.length_depth,
            section.width,
            variance**0.5,
            section.activation,
            runs=section.runs,
            epochs=section.length_epochs,
            measured=section.measured,
            rate=section.length_rate,
            seed=seed,
        )
        relative = bootstrap_mean(followed.lengths / followed.lengths[:, :1], seed)
        test = bootstrap_mean(followed.test, seed)
        lengths += [
            {"sigma_w_squared": variance, "layer": layer, "epoch": int(epoch)}
            | relative.at((index, layer)).columns("relative_length")
            | test.at(index).columns("test")
            for index, epoch in enumerate(followed.epochs)
            for layer in range(1, section.length_depth + 1)
        ]
    return {"one_layer": one_layer, "lengths": lengths}


EXPERIMENTS = {
    "growth": Experiment(
        "expressivity growth",
        lambda study: study.expressivity.growth,
        _growth,
        ("lengths", "growth"),
    ),
    "sensitivity": Experiment(
        "expressivity sensitivity",
        lambda study: study.expressivity.sensitivity,
        _sensitivity,
        ("sensitivity", "turns"),
    ),
    "dichotomies": Experiment(
        "expressivity dichotomies",
        lambda study: study.expressivity.dichotomies,
        _dichotomies,
        ("dichotomies",),
    ),
    "digits": Experiment(
        "expressivity digits",
        lambda study: study.expressivity.digits,
        _digits,
        ("one_layer", "lengths"),
    ),
}
