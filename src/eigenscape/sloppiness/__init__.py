"""The geometry of training trajectories in the space of predictions.

===============  ==============================================================================
`distances`      Bhattacharyya distances between models, streamed in blocks of pairs
`inpca`          the embedding that reproduces them, with imaginary directions; further points
`geodesic`       the path from ignorance to truth, progress along it, lengths
`stress`         how much of an embedding its first directions explain
`ribbon`         whether a spectrum is that of a hyper-ribbon, with intervals
`linear`         gradient descent on linear least squares, in closed form
`covariance`     the covariance of clouds of predictions, in closed form
`regimes`        slopes, regimes and the boundaries between them
`phase_map`      explained stress over decay, ratio of scales and steps
`kernels`        kernel machines and tangent kernels, at training points and others
`sgd`            exact moments of stochastic gradient descent
`simulate`       all of it by running the steps
`data`           inputs of another spectrum
`training`       training of replicas of networks, and their predictions along the way
===============  ==============================================================================

The question is that of Mao, Griniasty, Sun, Transtrum, Sethna, Chaudhari, arXiv 2505.08915; InPCA
is that of Quinn, Clement, De Bernardis, Niemack, Sethna, PNAS 116, 2019, doi
10.1073/pnas.1817218116. One alphabet: M models (checkpoints of all networks), n samples, C classes,
T checkpoints of a trajectory, m directions. Functions take and return numpy arrays (torch is used
inside the training); this package does not depend on files of a study, ranks or the workflow.
"""
