"""The explorer: a local web page that shows networks and the results of studies.

state              everything that a shared address says, checked
entries            how each part of an address is read, written and bounded
network            the network and the curve that a state describes; which weights have sliders
snapshot           all numbers of one state: lengths, surface, images, polytopes, sensitivities
figures_network    a snapshot as plotly figures, and as patches of figures that are on the page
numbers_network    the same numbers as tables, for eyes, screen readers and downloads
results            a study's results, read with their receipts, or a sentence that says what is
                   wrong
figures_results    the grid map, a spectrum, its eigenvectors
network_tab        the first tab and what happens when a control moves
results_tab        the second tab
app                the application
server             serves it until Ctrl-C

The numbers come from `eigenscape.expressivity` and from the readers of `eigenscape.stages`; nothing
is computed here.
"""
