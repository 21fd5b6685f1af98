"""From the table and the headline spectrum to figures.

in:  results/<study>/tables/condition_number.csv, results/<study>/headline/<cell>/spectrum.zarr
out: results/<study>/figures/<name>.pdf and .png
"""


rule figure_of_headline:
    """One figure of the headline network: eigenvalues, eigenvectors or layer importance."""
    input:
        expand(f"{RESULTS}/ledger/spectrum/{{cell}}.json", cell=HEADLINE.folder),
        f"{RESULTS}/ledger/projection/w{HEADLINE.architecture.width}.json",
    output:
        multiext(
            f"{RESULTS}/figures/{{name,eigenvalues|eigenvectors|layer_importance}}",
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
        mem_mb=2000,
        runtime=10,
    params:
        study=STUDY_FILE,
    shell:
        "eigenscape figure {wildcards.name:q} --study {params.study:q} --log {log:q}"


rule figure_of_map:
    """One figure over the grid: condition number or parameter count."""
    input:
        f"{RESULTS}/tables/condition_number.csv",
    output:
        multiext(
            f"{RESULTS}/figures/{{name,condition_number|condition_number_projected|condition_number_null|parameter_count}}",
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
    shell:
        "eigenscape figure {wildcards.name:q} --study {params.study:q} --log {log:q}"
