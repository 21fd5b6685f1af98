"""Expressivity: how the image of a curve grows, folds and breaks as it passes through a network.

===============  ===========================================================================
`networks`       weights and biases as a list of arrays; random ones from named streams
`curves`         circles, ellipses, lines and polylines: linear or trigonometric pieces
`pieces`         the exact propagation: every breakpoint in closed form, layer by layer
`lengths`        closed-form lengths of pieces: chords and incomplete elliptic integrals
`analysis`       the three lengths, transitions and patterns of one curve in one network
`quadrature`     the same lengths, with an error estimate, for smooth activations
`regions`        the polytopes into which a network cuts a box of the plane
`sensitivity`    exact derivatives of the output's length by every weight matrix
`matched`        equal turns of one layer at a time
`growth`         ensembles over depth, width and the variances, beside mean-field theory
`dichotomies`    labellings that a sweep of one layer reaches
`training`       training of one layer at a time, and lengths while a network trains
===============  ===========================================================================

Definitions: Raghu, Poole, Kleinberg, Ganguli, Sohl-Dickstein, ICML 2017, arXiv 1606.05336.
Functions take and return numpy arrays; this package does not depend on files, ranks or the
workflow.
"""
