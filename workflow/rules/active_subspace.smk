"""From the configuration to second moments, spectra and the table.

in:  config.yaml, merged with --configfile
out: results/<study>/{cells,headline}/<cell>/{second_moment,spectrum}.zarr with their receipts
     results/<study>/tables/condition_number.{csv,nc}

Stores and receipts are not declared as outputs: Snakemake deletes the declared outputs of a failed job, and
a confirmed result must survive that. What it sees is the ledger, a note per finished job; the
commands themselves pass over everything that a receipt confirms.
"""


rule second_moment:
    """Gradients of one large cell over MPI ranks, reduced into C."""
    output:
        f"{RESULTS}/ledger/second_moment/{{cell}}.json",
    log:
        f"{RESULTS}/logs/second_moment/{{cell}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/second_moment/{{cell}}.tsv"
    priority: 10**9
    conda:
        "../../envs/cpu.yaml"
    threads: 2
    resources:
        mpi=LAUNCHER,
        device="cpu",
        tasks=2,
        cpus_per_task=1,
        tasks_per_gpu=1,  # asked for with gpu=...; the plugin's default is all tasks on every GPU
        checkpoint_seconds=60,
        mem_mb=lambda wildcards: 2 * memory_mb([STUDY.cell(wildcards.cell)]),
        runtime=30,
    params:
        study=STUDY_FILE,
        fingerprint=lambda wildcards: STUDY.cell(wildcards.cell).fingerprint,
    shell:
        "{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape second-moment {wildcards.cell:q}"
        " --ranks {resources.tasks} --device {resources.device} --checkpoint-seconds {resources.checkpoint_seconds}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule spectrum:
    """Eigenvalues of one large cell; for the headline eigenvectors too."""
    input:
        rules.second_moment.output,
    output:
        f"{RESULTS}/ledger/spectrum/{{cell}}.json",
    log:
        f"{RESULTS}/logs/spectrum/{{cell}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spectrum/{{cell}}.tsv"
    priority: 10**9
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        device="cpu",
        mem_mb=lambda wildcards: memory_mb([STUDY.cell(wildcards.cell)], vectors=True),
        runtime=60,
    params:
        study=STUDY_FILE,
        vectors=lambda wildcards: "--vectors" * wants_vectors(wildcards.cell),
        fingerprint=lambda wildcards: STUDY.cell(wildcards.cell).fingerprint,
    shell:
        "eigenscape spectrum {wildcards.cell:q} {params.vectors} --device {resources.device}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule distributed_spectrum:
    """Eigenvalues of a cell that one rank cannot hold, by ScaLAPACK over MPI ranks."""
    input:
        rules.second_moment.output,
    output:
        f"{RESULTS}/ledger/spectrum/{{cell}}.json",
    log:
        f"{RESULTS}/logs/distributed_spectrum/{{cell}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/distributed_spectrum/{{cell}}.tsv"
    wildcard_constraints:
        cell=any_of(DISTRIBUTED),
    priority: 10**9
    conda:
        "../../envs/cpu.yaml"
    threads: SOLVER_RANKS
    resources:
        mpi=LAUNCHER,
        tasks=SOLVER_RANKS,
        cpus_per_task=1,
        mem_mb=lambda wildcards: SOLVER_RANKS
        * DISTRIBUTED[wildcards.cell].memory
        // 10**6,
        runtime=240,
    params:
        study=STUDY_FILE,
        vectors=lambda wildcards: "--vectors" * wants_vectors(wildcards.cell),
        fingerprint=lambda wildcards: STUDY.cell(wildcards.cell).fingerprint,
    shell:
        "{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape spectrum {wildcards.cell:q} {params.vectors}"
        " --ranks {resources.tasks} --study {params.study:q} --ledger {output:q} --log {log:q}"


ruleorder: distributed_spectrum > spectrum


rule cells:
    """Second moments and spectra of a batch of small cells: one process, largest first."""
    output:
        f"{RESULTS}/ledger/cells/{{batch}}.json",
    log:
        f"{RESULTS}/logs/cells/{{batch}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/cells/{{batch}}.tsv"
    priority: lambda wildcards: largest_cell(BATCHES[wildcards.batch])
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        device="cpu",
        # The same for all batches: the tasks of a Slurm job array share what the first one asks for.
        mem_mb=lambda wildcards: max(memory_mb(batch) for batch in BATCHES.values()),
        runtime=60,
    params:
        study=STUDY_FILE,
        fingerprints=lambda wildcards: [
            cell.fingerprint for cell in BATCHES[wildcards.batch]
        ],
    shell:
        "eigenscape cells {wildcards.batch:q} --device {resources.device}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule projection:
    """Symmetry-projected spectra of all networks of one width: O(P) work a sample, no P x P matrix."""
    output:
        f"{RESULTS}/ledger/projection/w{{width}}.json",
    log:
        f"{RESULTS}/logs/projection/w{{width}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/projection/w{{width}}.tsv"
    priority: lambda wildcards: int(wildcards.width)
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=STUDY_FILE,
        networks=lambda wildcards: networks_of_width(int(wildcards.width)),
        settings=STUDY.projection.model_dump(),
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape projection --width {wildcards.width:q}"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule condition_number_table:
    """All cells of the grid in one table, those not computed too."""
    input:
        expand(f"{RESULTS}/ledger/cells/{{batch}}.json", batch=BATCHES),
        expand(f"{RESULTS}/ledger/spectrum/{{cell}}.json", cell=LARGE_CELLS),
        expand(f"{RESULTS}/ledger/projection/w{{width}}.json", width=PROJECTED_WIDTHS),
    output:
        csv=f"{RESULTS}/tables/condition_number.csv",
        netcdf=f"{RESULTS}/tables/condition_number.nc",
        layers=f"{RESULTS}/tables/layers.csv",
    log:
        f"{RESULTS}/logs/condition_number_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/condition_number_table.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY_FILE,
        grid=lambda wildcards: STUDY.grid.model_dump(),
        limit=STUDY.sampling.raw_parameter_limit,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape condition-number-table --study {params.study:q} --log {log:q}"


rule importance:
    """Which layers of the headline network matter, under two priors; order and purity of its eigenvectors."""
    input:
        f"{RESULTS}/ledger/spectrum/{HEADLINE.folder}.json",
    output:
        f"{RESULTS}/ledger/importance.json",
    log:
        f"{RESULTS}/logs/importance.log",
    benchmark:
        f"{RESULTS}/benchmarks/importance.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: 3 * memory_mb([HEADLINE], vectors=True),
        runtime=30,
    params:
        study=STUDY_FILE,
        fingerprint=HEADLINE.fingerprint,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape importance"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule criticality:
    """The slope of layer importance as the scale of the weights goes through chi_1 = 1."""
    output:
        f"{RESULTS}/ledger/criticality.json",
    log:
        f"{RESULTS}/logs/criticality.log",
    benchmark:
        f"{RESULTS}/benchmarks/criticality.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        study=STUDY_FILE,
        settings=STUDY.criticality.model_dump(),
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape criticality"
        " --study {params.study:q} --ledger {output:q} --log {log:q}"


rule training:
    """Steps of gradient descent to a loss threshold, over a sub-grid of networks."""
    output:
        ledger=f"{RESULTS}/ledger/training.json",
        table=f"{RESULTS}/tables/training.csv",
    log:
        f"{RESULTS}/logs/training.log",
    benchmark:
        f"{RESULTS}/benchmarks/training.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        study=STUDY_FILE,
        networks=[network.label for network in STUDY.trained_architectures()],
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape training"
        " --study {params.study:q} --ledger {output.ledger:q} --log {log:q}"


rule sensitivity:
    """One network's projected condition number under every input interval, number of points, loss, prior and activation."""
    output:
        f"{RESULTS}/tables/sensitivity.csv",
    log:
        f"{RESULTS}/logs/sensitivity.log",
    benchmark:
        f"{RESULTS}/benchmarks/sensitivity.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        study=STUDY_FILE,
        seed=STUDY.sampling.seed,
        precision=STUDY.sampling.precision,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape sensitivity --study {params.study:q} --log {log:q}"


rule second_moment_kinds:
    """Condition numbers of one network under other second moments than the default C."""
    output:
        f"{RESULTS}/tables/second_moment_kinds.csv",
    log:
        f"{RESULTS}/logs/second_moment_kinds.log",
    benchmark:
        f"{RESULTS}/benchmarks/second_moment_kinds.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        study=STUDY_FILE,
        facts=STUDY.facts,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape second-moment-kinds --study {params.study:q} --log {log:q}"


rule findings:
    """Each published finding of every science, whether it holds in this study, and the evidence."""
    input:
        JUDGED,
        f"{RESULTS}/tables/condition_number.csv",
        f"{RESULTS}/ledger/importance.json",
        f"{RESULTS}/ledger/spectrum/{HEADLINE.folder}.json",
        expand(
            f"{RESULTS}/tables/{{name}}.csv",
            name=["training"] * bool(STUDY.trained_architectures()),
        ),
    output:
        csv=report(
            f"{RESULTS}/tables/findings.csv",
            caption="../report/findings.rst",
            category="findings",
            labels={"table": "Published findings, judged"},
        ),
        markdown=f"{RESULTS}/tables/findings.md",
    log:
        f"{RESULTS}/logs/findings.log",
    benchmark:
        f"{RESULTS}/benchmarks/findings.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        study=STUDY_FILE,
        science_schema=SCIENCE_SCHEMA,
    shell:
        "eigenscape findings --study {params.study:q} --log {log:q}"
