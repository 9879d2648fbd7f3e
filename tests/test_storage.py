"""Parameters survive a file, and a file that does not fit changes nothing."""

import pickle

import numpy as np
import pytest

from lstmlib import GRU, LSTM
from lstmlib.compose import Stacked
from lstmlib.storage import load, save


def test_parameters_survive_a_file(tmp_path):
    first = Stacked([LSTM(2, 3, 0), GRU(3, 2, 1)])
    second = Stacked([LSTM(2, 3, 5), GRU(3, 2, 6)])
    save(tmp_path / "weights.npz", first.params)
    load(tmp_path / "weights.npz", second.params)
    xs = np.ones((4, 1, 2))
    np.testing.assert_array_equal(first.forward(xs)[0], second.forward(xs)[0])


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    layer = LSTM(2, 3, 0)
    before = {name: value.copy() for name, value in layer.params.items()}
    save(tmp_path / "other.npz", LSTM(2, 4, 0).params)
    with pytest.raises(ValueError, match=r"expected W_x of shape \(2, 12\), got \(2, 16\)"):
        load(tmp_path / "other.npz", layer.params)
    save(tmp_path / "gru.npz", GRU(2, 3, 0).params)
    with pytest.raises(ValueError, match=r"expected the parameters W_x, W_h, b, got W_x, W_h, b, b_hn"):
        load(tmp_path / "gru.npz", layer.params)
    gru = GRU(2, 3, 0)
    save(tmp_path / "less.npz", {name: value for name, value in gru.params.items() if name != "b_hn"})
    with pytest.raises(ValueError, match=r"expected the parameters W_x, W_h, b, b_hn, got W_x, W_h, b\."):
        load(tmp_path / "less.npz", gru.params)
    for name, value in layer.params.items():
        np.testing.assert_array_equal(value, before[name])


def test_a_file_with_pickled_objects_is_refused(tmp_path):
    np.savez(tmp_path / "bad.npz", W_x=np.array([{"run": "this"}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path / "bad.npz", {"W_x": np.zeros(1)})
    (tmp_path / "worse.npz").write_bytes(pickle.dumps({"W_x": 1}))
    with pytest.raises((ValueError, pickle.UnpicklingError)):
        load(tmp_path / "worse.npz", {"W_x": np.zeros(1)})
