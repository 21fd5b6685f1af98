"""Networks, their priors and their gradients, for many parameter vectors at once.

=================  =====================================================================
`activations`      tanh, ReLU, sigmoid, linear: formula, derivative, symmetry, source
`priors`           distributions over parameter vectors, each with its source
`problems`         data and loss
`sampling`         counter-based draws: a parameter vector from its number alone
`compiled`         compiled functions, kept on disk
`kernel`           loss and gradient on the CPU, one parameter vector at a time, in cache
`functional`       the definition in plain torch, for `torch.func`: GPUs and tests
`gradients`        draws and gradients of one cell together, on a chosen device
`rounding`         how far rounding errors grow in those gradients
`training`         gradient descent of many starting points at once, to a threshold
`labelled_data`    inputs of classifiers: digits and users' files, checked, split, standardised
`replicas`         stacks of classifiers, and their training on labelled data
`optimisers`       gradient descent, the heavy ball and Adam for such stacks
`mean_field`       growth of signals and gradients from layer to layer: q*, chi_1
=================  =====================================================================
"""
