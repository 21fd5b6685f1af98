"""Snakemake's own command line, but looking after its Slurm jobs every second.

The plugin waits 40 seconds before it first looks, and 10 more after every look that finds nothing
finished: right for a cluster, slow for tests. Nothing else is changed, and jobs run plain
Snakemake.
"""

import sys

import snakemake_executor_plugin_slurm as plugin
from snakemake.cli import main


def look_every_second() -> None:
    """Replace both waits of the plugin."""
    plugin.Executor.next_seconds_between_status_checks = property(lambda _: 1, lambda _, __: None)
    plugin.common_settings.init_seconds_before_status_checks = 1


if __name__ == "__main__":
    look_every_second()
    sys.argv[0] = "snakemake"
    main(sys.argv[1:])
