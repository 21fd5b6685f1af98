"""The geometry of training trajectories.

in:  config.yaml, section sloppiness; scikit-learn's digits, or an .npz file with X and y
out: results/<study>/sloppiness_theory/<part>.json, results/<study>/tables/sloppiness_phase_map.nc
     results/<study>/sloppiness/trajectories/<network>.npz, results/<study>/sloppiness/embedding.{npz,json}
     results/<study>/tables/sloppiness*.{csv,nc}, results/<study>/figures/<name>.pdf and .png

Bundles and documents are not declared as outputs, since Snakemake deletes those of a failed job; it sees the ledger.
"""


rule trajectories:
    """Networks of one kind trained by every optimiser, and their predictions along the way."""
    input:
        [ENSEMBLE.data] * (ENSEMBLE.data != "digits"),
    output:
        f"{RESULTS}/ledger/trajectories/{{group}}.json",
    log:
        f"{RESULTS}/logs/trajectories/{{group}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/trajectories/{{group}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 1500
        + ENSEMBLE.points() * ENSEMBLE.inputs_per_class // 1000,
        runtime=120,
    params:
        study=STUDY_FILE,
        settings=ENSEMBLE.model_dump(
            exclude={"powers", "depth", "width", "channels", "floor", "replicates"}
        ),
        networks=lambda wildcards: ENSEMBLE.network_groups()[wildcards.group],
        seed=STUDY.sampling.seed,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape trajectories {wildcards.group:q}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule inpca:
    """All trajectories embedded together, over MPI ranks, and their tables."""
    input:
        expand(
            f"{RESULTS}/ledger/trajectories/{{group}}.json",
            group=ENSEMBLE.network_groups(),
        ),
    output:
        multiext(
            f"{RESULTS}/tables/sloppiness",
            ".nc",
            "_spectra.csv",
            "_eigenvalues.csv",
            "_crossed.csv",
            "_trajectories.csv",
            "_equal.csv",
            "_points.csv",
        ),
    log:
        f"{RESULTS}/logs/inpca.log",
    benchmark:
        f"{RESULTS}/benchmarks/inpca.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: ENSEMBLE_RANKS
    resources:
        mpi=LAUNCHER,
        tasks=ENSEMBLE_RANKS,
        cpus_per_task=1,
        mem_mb=lambda wildcards: ENSEMBLE_MEMORY // 10**6,
        runtime=240,
    params:
        study=STUDY_FILE,
        settings=ENSEMBLE.model_dump(),
        seed=STUDY.sampling.seed,
        launch=lambda wildcards, resources: (
            f"{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape"
            if ENSEMBLE_RANKS > 1
            else "eigenscape"
        ),
        science_schema=SCIENCE_SCHEMA,
    shell:
        "{params.launch} inpca --ranks {threads} --study {params.study:q} --log {log:q}"


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
