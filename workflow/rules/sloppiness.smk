"""The geometry of training trajectories.

in:  config.yaml, section sloppiness
out: results/<study>/sloppiness_theory/<part>.json, results/<study>/tables/sloppiness_*.csv and sloppiness_phase_map.nc
     results/<study>/figures/<name>.pdf and .png

The documents are not declared as outputs, since Snakemake deletes those of a failed job; it sees the ledger.
"""


rule sloppiness_theory:
    """One part of the linear theory: phase maps, kernel machines or the noise of SGD."""
    output:
        f"{RESULTS}/ledger/sloppiness_theory/{{theory}}.json",
    log:
        f"{RESULTS}/logs/sloppiness_theory/{{theory}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sloppiness_theory/{{theory}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        study=STUDY_FILE,
        settings=lambda wildcards: STUDY.sloppiness.model_dump()[wildcards.theory],
        seed=STUDY.sampling.seed,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape sloppiness-theory {wildcards.theory:q}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule sloppiness_theory_table:
    """The phase maps as one labelled file."""
    input:
        f"{RESULTS}/ledger/sloppiness_theory/phase_map.json",
    output:
        f"{RESULTS}/tables/sloppiness_phase_map.nc",
    log:
        f"{RESULTS}/logs/sloppiness_theory_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/sloppiness_theory_table.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY_FILE,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape sloppiness-theory-table --study {params.study:q} --log {log:q}"


rule figure_of_sloppiness_theory:
    """One figure of the linear theory of trajectories."""
    input:
        lambda wildcards: expand(
            f"{RESULTS}/ledger/sloppiness_theory/{{theory}}.json",
            theory=THEORY_FIGURES[wildcards.name],
        ),
    output:
        multiext(
            f"{RESULTS}/figures/{{name,{THEORY_NAMES}}}",
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
