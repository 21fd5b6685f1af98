"""Networks that are trained with a model's equations in their loss, and the forward maps of those
models.

===============  ================================================================================
`deconvolution`  blurred observations of a function on an interval; linear
`heat`           temperatures of a plate whose log conductivity is unknown; finite elements,
                 adjoint gradients
`burgers`        one step of Burgers' equation, for networks that learn its tangent
`losses`         nDNN, mcDNN, TNet, TAEN and mcTangent
`linear`         closed forms of their optima for linear networks
`problems`       data, forward map and loss together: what a study samples; a problem is a plug-in
===============  ================================================================================

Forward maps are functions of torch tensors with any leading dimensions, differentiable, and may be
used under ``torch.func.vmap`` and ``grad``. n training pairs, m unknowns, q observations.
"""
