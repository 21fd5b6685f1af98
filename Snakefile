"""eigenscape: how hard is a neural network to train, and why?

    snakemake --cores 2                              the default study, on this machine
    snakemake --cores 2 --configfile mine.yaml       a study of one's own, merged over the default
    snakemake --profile slurm                        on a cluster

config.yaml -> study -> gradients and second moments -> spectra -> one table -> figures
"""


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/steps.smk"
include: "workflow/rules/distributed_spectrum.smk"


report: "workflow/report/workflow.rst"


rule all:
    """Every figure of the study, as PDF and PNG, the tables behind them, and the page that shows them."""
    input:
        everything,
