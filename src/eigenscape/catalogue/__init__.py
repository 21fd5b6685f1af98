"""What a study makes, one row each: `rows` says what a row is, a module or folder a science holds
its rows, `reading` those of the whole study.

==============  ======================================================================
`Catalogue`     the rows that hold for one study: its jobs and figures, what they wait
                for, and from any path the job that made it
`recipe_of`     how a result is made again
`caption_of`    what a figure shows
`draw_figures`  figures from stored results
==============  ======================================================================

Snakemake's rules, the plan, `show`, `verify`, the report and the paper read it. Nothing heavy is
imported before something is drawn.
"""

from eigenscape.catalogue.captions import caption_of
from eigenscape.catalogue.drawing import draw_figures
from eigenscape.catalogue.recipes import Recipe, recipe_of
from eigenscape.catalogue.sciences import CHAPTERS, FIGURES, METHODS, chapters_of
from eigenscape.catalogue.table import Catalogue

__all__ = [
    "CHAPTERS",
    "FIGURES",
    "METHODS",
    "Catalogue",
    "Recipe",
    "caption_of",
    "chapters_of",
    "draw_figures",
    "recipe_of",
]
