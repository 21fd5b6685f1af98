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
