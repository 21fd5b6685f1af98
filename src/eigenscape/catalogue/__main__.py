"""``python -m eigenscape.catalogue workflow/report`` writes the captions of Snakemake's report."""

import sys
from pathlib import Path

from eigenscape.catalogue.captions import write_caption_files

write_caption_files(Path(sys.argv[1]))
