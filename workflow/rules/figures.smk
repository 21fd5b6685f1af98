"""From the table and the headline spectrum to figures.

in:  results/<study>/tables/*.csv, results/<study>/headline/<cell>/spectrum.zarr
out: results/<study>/figures/<name>.pdf and .png
"""


rule figure_of_headline:
    """One figure of the headline network: eigenvalues, eigenvectors or layer importance."""
    input:
        expand(f"{RESULTS}/ledger/spectrum/{{cell}}.json", cell=HEADLINE.folder),
        expand(
            f"{RESULTS}/ledger/projection/w{{width}}.json",
            width=[HEADLINE.architecture.width] * bool(PROJECTED_WIDTHS),
        ),
    output:
        multiext(
            f"{RESULTS}/figures/{{name,{HEADLINE_NAMES}}}",
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
            f"{RESULTS}/figures/{{name,{MAP_NAMES}}}",
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


rule figure_of_importance:
    """One figure of what the layers and leading directions of the headline network carry."""
    input:
        f"{RESULTS}/ledger/importance.json",
        f"{RESULTS}/ledger/spectrum/{HEADLINE.folder}.json",
    output:
        multiext(
            f"{RESULTS}/figures/{{name,{IMPORTANCE_NAMES}}}",
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


rule figure_of_criticality:
    """The slope of layer importance against mean-field theory."""
    input:
        f"{RESULTS}/ledger/criticality.json",
    output:
        multiext(
            f"{RESULTS}/figures/{{name,criticality}}",
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


rule figure_of_training:
    """Condition numbers beside steps of training."""
    input:
        f"{RESULTS}/tables/condition_number.csv",
        f"{RESULTS}/tables/training.csv",
    output:
        multiext(
            f"{RESULTS}/figures/{{name,trainability}}",
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


rule figure_of_sensitivity:
    """The sensitivity table as a figure."""
    input:
        f"{RESULTS}/tables/sensitivity.csv",
    output:
        multiext(
            f"{RESULTS}/figures/{{name,sensitivity}}",
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
