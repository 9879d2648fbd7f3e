"""Save and load parameters, without pickle: a file from a stranger cannot run code."""

import numpy as np


def save(path, params):
    """Write parameters to an ``.npz`` file.

    Parameters
    ----------
    path : str or pathlib.Path
    params : dict of ndarray
        Such as ``layer.params`` or ``model.params``.
    """
    np.savez(path, **params)


def load(path, params):
    """Read parameters from a file that `save` wrote, into those of a layer or model, in place.

    Parameters
    ----------
    path : str or pathlib.Path
    params : dict of ndarray
        With the names and shapes that the file is expected to have.

    Raises
    ------
    ValueError
        If names or shapes differ; nothing is changed then.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if arrays.keys() != params.keys():
        raise ValueError(f"{path}: expected the parameters {', '.join(params)}, got {', '.join(arrays)}.")
    for name, value in params.items():
        if arrays[name].shape != value.shape:
            raise ValueError(f"{path}: expected {name} of shape {value.shape}, got {arrays[name].shape}.")
    for name, value in params.items():
        value[...] = arrays[name]
