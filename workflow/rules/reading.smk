"""What a reader gets of a study that is done.

in:  all figures and tables
out: results/<study>/report.html, one page that holds everything
"""


rule report:
    """One self-contained page: findings, figures, tables, configuration, versions, seeds, timings, hardware."""
    input:
        [
            f"{RESULTS}/figures/{name}.png"
            for family in FAMILIES.values()
            for name in family.figures
        ],
        f"{RESULTS}/tables/condition_number.csv",
        expand(
            f"{RESULTS}/tables/{{name}}.csv",
            name=[n for n in ["findings", "second_moment_kinds"] if n not in LEFT_OUT],
        ),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    localrule: True  # a second of work: no job of a cluster
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY_FILE,
    shell:
        "eigenscape report --study {params.study:q} --log {log:q}"
