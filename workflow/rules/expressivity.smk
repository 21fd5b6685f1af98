"""Curves through random and trained networks.

in:  config.yaml, section expressivity
out: results/<study>/expressivity/<experiment>.json, results/<study>/tables/expressivity_*.csv
     results/<study>/figures/<name>.pdf and .png

The documents are not declared as outputs, since Snakemake deletes those of a failed job; it sees the ledger.
"""


rule expressivity:
    """One experiment with curves: growth, sensitivity, dichotomies or digits."""
    output:
        f"{RESULTS}/ledger/expressivity/{{experiment}}.json",
    log:
        f"{RESULTS}/logs/expressivity/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/expressivity/{{experiment}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=60,
    params:
        study=STUDY_FILE,
        settings=lambda wildcards: STUDY.expressivity.model_dump()[wildcards.experiment],
        seed=STUDY.sampling.seed,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape expressivity {wildcards.experiment:q}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule figure_of_curves:
    """One figure of the experiments with curves."""
    input:
        lambda wildcards: expand(
            f"{RESULTS}/ledger/expressivity/{{experiment}}.json",
            experiment=CURVE_FIGURES[wildcards.name],
        ),
    output:
        multiext(
            f"{RESULTS}/figures/{{name,{CURVE_NAMES}}}",
            ".pdf",
            ".png",
        ),
    log:
        f"{RESULTS}/logs/figure/{{name}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{name}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY_FILE,
        seed=STUDY.sampling.seed,
    shell:
        "eigenscape figure {wildcards.name:q} --study {params.study:q} --log {log:q}"
