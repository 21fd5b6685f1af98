"""Networks with more parameters than any P x P matrix allows.

in:  config.yaml, section large
out: results/<study>/large/<network>-n<N>/spectrum.npz with its receipt
     results/<study>/figures/large_networks.pdf and .png

Results are not declared as outputs, since Snakemake deletes those of a failed job; it sees the ledger.
"""


rule large:
    """Leading eigenpairs, traces and density of one network, over MPI ranks, without C."""
    output:
        f"{RESULTS}/ledger/large/{{network}}.json",
    log:
        f"{RESULTS}/logs/large/{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/large/{{network}}.tsv"
    wildcard_constraints:
        network=any_of(LARGE_NETWORKS),
    priority: 10**8
    conda:
        "../../envs/cpu.yaml"
    threads: 2
    resources:
        mpi=LAUNCHER,
        device="cpu",
        tasks=2,  # the Slurm plugin refuses mpi with one
        cpus_per_task=1,
        checkpoint_seconds=60,
        mem_mb=lambda wildcards: 800
        + 2 * LARGE_NETWORKS[wildcards.network].work.memory // 10**6,
        runtime=120,
    params:
        study=STUDY_FILE,
        fingerprint=lambda wildcards: large_cell(
            STUDY, LARGE_NETWORKS[wildcards.network]
        ).fingerprint,
    shell:
        "{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape large {wildcards.network:q}"
        " --ranks {resources.tasks} --device {resources.device} --checkpoint-seconds {resources.checkpoint_seconds}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"
