"""Networks with a model's equations in their loss: what the weight of the model changes.

in:  config.yaml, section model_constrained
out: results/<study>/model_constrained/<case>-a<alpha>/{second_moment,spectrum}.zarr with their receipts
     results/<study>/model_constrained/<case>.json, results/<study>/tables/model_constrained*.{csv,nc}
     results/<study>/figures/model_{condition,subspace,training}.pdf and .png

Small cells are computed one after the other by the rule of their case. Large ones are first jobs of their own, over MPI ranks, by
the rules second_moment and spectrum.
"""


rule model_constrained:
    """Every weight of one case: second moments and spectra that are not there yet, the projection, and training."""
    input:
        lambda wildcards: expand(
            f"{RESULTS}/ledger/spectrum/{{cell}}.json",
            cell=large_weights(wildcards.case),
        ),
    output:
        f"{RESULTS}/ledger/model_constrained/{{case}}.json",
    log:
        f"{RESULTS}/logs/model_constrained/{{case}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/model_constrained/{{case}}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 1500
        + memory_mb(STUDY.model_constrained_cells(wildcards.case), vectors=True),
        runtime=240,
    params:
        study=STUDY_FILE,
        fingerprints=lambda wildcards: [
            cell.fingerprint for cell in STUDY.model_constrained_cells(wildcards.case)
        ],
        training=[
            STUDY.model_constrained.replicas,
            STUDY.model_constrained.training_steps,
        ],
        projection=STUDY.projection.model_dump(),
    shell:
        "eigenscape model-constrained {wildcards.case:q}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule model_constrained_table:
    """All cases in tables."""
    input:
        expand(
            f"{RESULTS}/ledger/model_constrained/{{case}}.json",
            case=STUDY.model_constrained.cases,
        ),
    output:
        multiext(
            f"{RESULTS}/tables/model_constrained",
            ".nc",
            ".csv",
            "_layers.csv",
        ),
    log:
        f"{RESULTS}/logs/model_constrained_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/model_constrained_table.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY_FILE,
        cases=STUDY.model_constrained.cases,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape model-constrained-table --study {params.study:q} --log {log:q}"
