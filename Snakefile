"""eigenscape: how hard is a neural network to train, and why?

    snakemake --cores 2                              the default study, on this machine
    snakemake --cores 2 --configfile mine.yaml       a study of one's own, merged over the default
    snakemake --profile slurm                        on a cluster

config.yaml -> study -> gradients and second moments -> spectra -> one table -> figures
"""


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/active_subspace.smk"
include: "workflow/rules/expressivity.smk"
include: "workflow/rules/clustering.smk"
include: "workflow/rules/sloppiness.smk"
include: "workflow/rules/model_constrained.smk"
include: "workflow/rules/large.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/reading.smk"


report: "workflow/report/workflow.rst"


rule all:
    """Every figure of the study, as PDF and PNG, the tables behind them, and the page that shows them."""
    input:
        expand(
            f"{RESULTS}/figures/{{name}}.{{kind}}",
            name=[name for family in FAMILIES.values() for name in family.figures],
            kind=["pdf", "png"],
        ),
        f"{RESULTS}/report.html",
        f"{RESULTS}/tables/condition_number.csv",
        expand(
            f"{RESULTS}/tables/{{name}}.csv",
            name=[n for n in ["findings", "second_moment_kinds"] if n not in LEFT_OUT],
        ),
        expand(
            f"{RESULTS}/tables/sloppiness{{name}}.nc",
            name=["", "_phase_map"] * STUDY.sloppiness.enabled,
        ),
        [f"{RESULTS}/tables/model_constrained.csv"] * STUDY.model_constrained.enabled,
