"""Every step of the sciences, the table of findings and the report, each by the row of the catalogue.

in:  config.yaml, merged with --configfile; src/eigenscape/catalogue says of each step what it reads
out: results/<study>/{cells,headline,...} with their receipts, results/<study>/tables, results/<study>/report.html

Stores and documents are not declared as outputs: Snakemake deletes the declared outputs of a failed job, and a
confirmed result must survive that. What it sees is the ledger, a note per finished job; the commands themselves pass
over everything that a receipt confirms.
"""


def define_rule(step):
    """Of a step its own function, since Snakemake evaluates the command when a job runs."""

    rule:
        name:
            step.name
        input:
            inputs_of(step),
        output:
            **outputs_of(step),
        log:
            pattern_of(step, f"logs/{step.job_pattern}.log"),
        benchmark:
            pattern_of(step, f"benchmarks/{step.job_pattern}.tsv")
        wildcard_constraints:
            **constraints_of(step),
        priority: of_job(step, lambda job: job.priority)
        localrule: step.local
        conda:
            "../../envs/cpu.yaml"
        threads: step.ranks_of(STUDY)
        resources:
            **resources_of(step),
        params:
            **params_of(step),
            study=STUDY_FILE,
        shell:
            command_of(step)

    workflow.get_rule(step.name).docstring = step.does  # for snakemake --list-rules


for step in CATALOGUE.steps:
    define_rule(step)
