"""From tables and results to figures.

in:  results/<study>/tables/*.csv, results/<study>/headline/<cell>/spectrum.zarr, documents of the sciences
out: results/<study>/figures/<name>.pdf and .png

Figures that read the same results are a family (eigenscape/stages/draw) and one job: an interpreter starts once for them, and a
change of what one family reads redraws no other.
"""

FIGURE_INPUTS = {
    "headline": [
        f"{RESULTS}/ledger/spectrum/{HEADLINE.folder}.json",
        f"{RESULTS}/ledger/projection/w{HEADLINE.architecture.width}.json",
    ],
    "importance": [
        f"{RESULTS}/ledger/importance.json",
        f"{RESULTS}/ledger/spectrum/{HEADLINE.folder}.json",
    ],
    "criticality": [f"{RESULTS}/ledger/criticality.json"],
    "maps": [f"{RESULTS}/tables/condition_number.csv"],
    "training": [
        f"{RESULTS}/tables/condition_number.csv",
        f"{RESULTS}/tables/training.csv",
    ],
    "sensitivity": [f"{RESULTS}/tables/sensitivity.csv"],
    "growth": [f"{RESULTS}/ledger/expressivity/growth.json"],
    "length_sensitivity": [f"{RESULTS}/ledger/expressivity/sensitivity.json"],
    "dichotomies": [f"{RESULTS}/ledger/expressivity/dichotomies.json"],
    "digits": [f"{RESULTS}/ledger/expressivity/digits.json"],
    "polytopes": [],
    "graphs": rules.clustering_table.output,
    "phase_map": [f"{RESULTS}/ledger/sloppiness_theory/phase_map.json"],
    "kernel": [f"{RESULTS}/ledger/sloppiness_theory/kernel.json"],
    "sgd": [f"{RESULTS}/ledger/sloppiness_theory/sgd.json"],
    "trajectories": rules.inpca.output,
    "models": rules.model_constrained_table.output,
    "large_networks": expand(
        f"{RESULTS}/ledger/large/{{network}}.json", network=LARGE_NETWORKS
    ),
}

for family, drawn in FAMILIES.items():

    rule:
        """The figures of one family, one after the other in one process."""
        name:
            f"figures_of_{family}"
        input:
            FIGURE_INPUTS[family],
        output:
            [path for name in drawn.figures for path in figure_output(name)],
        log:
            f"{RESULTS}/logs/figures/{family}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figures/{family}.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            mem_mb=figure_memory_mb(family),
            runtime=10,
        params:
            study=STUDY_FILE,
            names=drawn.figures,
            seed=STUDY.sampling.seed,
        shell:
            "eigenscape figure {params.names:q} --study {params.study:q} --log {log:q}"
