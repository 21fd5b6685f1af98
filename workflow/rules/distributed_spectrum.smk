"""The step `spectrum` of cells that one rank cannot hold: the same output, by another rule.

in:  results/<study>/ledger/second_moment/<cell>.json
out: results/<study>/ledger/spectrum/<cell>.json
"""


rule distributed_spectrum:
    """Eigenvalues of a cell that one rank cannot hold, by ScaLAPACK over MPI ranks."""
    input:
        inputs_of(SPECTRUM),
    output:
        pattern_of(SPECTRUM, SPECTRUM.note),
    log:
        f"{RESULTS}/logs/distributed_spectrum/{{cell}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/distributed_spectrum/{{cell}}.tsv"
    wildcard_constraints:
        cell=any_of(DISTRIBUTED),
    priority: 10**9
    conda:
        "../../envs/cpu.yaml"
    threads: solver_choice.RANKS
    resources:
        mpi=LAUNCHER,
        tasks=solver_choice.RANKS,
        cpus_per_task=1,
        mem_mb=lambda wildcards: solver_choice.RANKS
        * DISTRIBUTED[wildcards.cell].memory
        // 10**6,
        runtime=240,
    params:
        **params_of(SPECTRUM),
        study=STUDY_FILE,
    shell:
        "{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape spectrum {wildcards.cell:q} {params.vectors}"
        " --ranks {resources.tasks} --study {params.study:q} --ledger {output:q} --log {log:q}"


ruleorder: distributed_spectrum > spectrum
