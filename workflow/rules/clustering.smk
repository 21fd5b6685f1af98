"""Graphs of what the layers of trained networks hold.

in:  config.yaml, section clustering; scikit-learn's digits, or an .npz file with X and y
out: results/<study>/clustering/<network>.json, results/<study>/tables/clustering*.{csv,nc}
     results/<study>/figures/<name>.pdf and .png

The documents are not declared as outputs, since Snakemake deletes those of a failed job; it sees the ledger.
"""


rule clustering:
    """Replicas of one architecture, trained, and the graphs of their layers at given epochs."""
    input:
        [STUDY.clustering.data] * (STUDY.clustering.data != "digits"),
    output:
        f"{RESULTS}/ledger/clustering/{{network}}.json",
    log:
        f"{RESULTS}/logs/clustering/{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/clustering/{{network}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        study=STUDY_FILE,
        settings=STUDY.clustering.model_dump(
            exclude={"enabled", "depth", "width", "channels"}
        ),
        seed=STUDY.sampling.seed,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape clustering {wildcards.network:q}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule clustering_table:
    """All graphs in tables."""
    input:
        expand(
            f"{RESULTS}/ledger/clustering/{{network}}.json",
            network=STUDY.clustering.network_names(),
        ),
    output:
        multiext(
            f"{RESULTS}/tables/clustering",
            ".nc",
            "_layers.csv",
            "_convergence.csv",
            "_similarity.csv",
            "_blocks.csv",
            "_inputs.csv",
            "_sensitivity.csv",
            "_training.csv",
        ),
    log:
        f"{RESULTS}/logs/clustering_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/clustering_table.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY_FILE,
        networks=STUDY.clustering.network_names(),
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape clustering-table --study {params.study:q} --log {log:q}"
