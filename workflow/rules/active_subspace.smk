"""From the configuration to second moments, spectra and the table.

in:  config.yaml, merged with --configfile
out: results/<study>/{cells,headline}/<cell>/{second_moment,spectrum}.zarr with their receipts
     results/<study>/tables/condition_number.{csv,nc}

Stores and receipts are not declared as outputs: Snakemake deletes the declared outputs of a failed job, and
a confirmed result must survive that. What it sees is the ledger, a note per finished job; the
commands themselves pass over everything that a receipt confirms.
"""


rule study:
    """Keep the checked configuration, with every default spelled out, beside its results."""
    output:
        RESULTS + "/study.json",
    log:
        RESULTS + "/logs/study.log",
    benchmark:
        RESULTS + "/benchmarks/study.tsv"
    params:
        config=lambda wildcards: json.dumps(STUDY.model_dump()),
    resources:
        mem_mb=500,
        runtime=5,
    localrule: True
    shell:
        "eigenscape study --config {params.config:q} --results {RESULTS:q} --log {log:q}"


rule second_moment:
    """Gradients of one large cell over MPI ranks, reduced into C."""
    input:
        ancient(RESULTS + "/study.json"),
    output:
        RESULTS + "/ledger/second_moment/{cell}.json",
    log:
        RESULTS + "/logs/second_moment/{cell}.log",
    benchmark:
        RESULTS + "/benchmarks/second_moment/{cell}.tsv"
    params:
        fingerprint=lambda wildcards: STUDY.cell(wildcards.cell).fingerprint,
    priority: 10**9
    threads: 2
    resources:
        mpi="mpiexec",
        tasks=2,
        mem_mb=lambda wildcards: 2 * memory_mb([STUDY.cell(wildcards.cell)]),
        runtime=30,
    shell:
        "{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape second-moment {wildcards.cell:q}"
        " --ranks {resources.tasks} --results {RESULTS:q} --ledger {output:q} --log {log:q}"


rule spectrum:
    """Eigenvalues and eigenvectors of one large cell."""
    input:
        rules.second_moment.output,
    output:
        RESULTS + "/ledger/spectrum/{cell}.json",
    log:
        RESULTS + "/logs/spectrum/{cell}.log",
    benchmark:
        RESULTS + "/benchmarks/spectrum/{cell}.tsv"
    params:
        fingerprint=lambda wildcards: STUDY.cell(wildcards.cell).fingerprint,
    priority: 10**9
    threads: 1
    resources:
        mem_mb=lambda wildcards: memory_mb([STUDY.cell(wildcards.cell)], vectors=True),
        runtime=60,
    shell:
        "eigenscape spectrum {wildcards.cell:q} --vectors"
        " --results {RESULTS:q} --ledger {output:q} --log {log:q}"


rule cells:
    """Second moments and spectra of a batch of small cells: one process, largest first."""
    input:
        ancient(RESULTS + "/study.json"),
    output:
        RESULTS + "/ledger/cells/{batch}.json",
    log:
        RESULTS + "/logs/cells/{batch}.log",
    benchmark:
        RESULTS + "/benchmarks/cells/{batch}.tsv"
    params:
        fingerprints=lambda wildcards: [
            cell.fingerprint for cell in BATCHES[wildcards.batch]
        ],
    priority: lambda wildcards: largest_cell(BATCHES[wildcards.batch])
    threads: 1
    resources:
        mem_mb=lambda wildcards: memory_mb(BATCHES[wildcards.batch]),
        runtime=60,
    shell:
        "eigenscape cells {wildcards.batch:q}"
        " --results {RESULTS:q} --ledger {output:q} --log {log:q}"


rule condition_number_table:
    """All cells of the grid in one table, those not computed too."""
    input:
        expand(RESULTS + "/ledger/cells/{batch}.json", batch=BATCHES),
        study=ancient(RESULTS + "/study.json"),
    output:
        csv=RESULTS + "/tables/condition_number.csv",
        netcdf=RESULTS + "/tables/condition_number.nc",
    log:
        RESULTS + "/logs/condition_number_table.log",
    benchmark:
        RESULTS + "/benchmarks/condition_number_table.tsv"
    params:
        grid=lambda wildcards: STUDY.grid.model_dump(),
        limit=STUDY.sampling.raw_parameter_limit,
        science_schema=SCIENCE_SCHEMA,
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "eigenscape condition-number-table --results {RESULTS:q} --log {log:q}"
