"""Random Fourier features: the kernel they stand for, and what is kept of the data."""

from __future__ import annotations

import numpy as np
import pytest

from models import random_features

SIZE = 12


def standard(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, SIZE))


@pytest.mark.parametrize("width", [0.05, 0.5])
def test_inner_products_are_nearly_the_gaussian_kernel(width: float) -> None:
    x, y = standard(20, 1), standard(30, 2)
    frequencies = random_features.draw(SIZE, 4096, seed=3)
    (first,), (second,) = (
        random_features.features(some, frequencies, np.array([width])) for some in (x, y)
    )
    square = ((x[:, None] - y[None]) ** 2).mean(axis=2)
    # The standard error of the mean of 4096 cosines is at most 1 / √(2 · 4096) = 0.011.
    np.testing.assert_allclose(first @ second.T, np.exp(-width * square), atol=5 * 0.011)


def test_frequencies_are_drawn_again_to_the_same_and_fit_half_precision() -> None:
    first, again = (random_features.draw(SIZE, 50, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, first.astype(np.float16))
    square = first[:, :SIZE].T @ first[:, :SIZE]
    np.testing.assert_allclose(square - np.diag(np.diag(square)), 0.0, atol=2e-3)


def test_a_fit_is_the_kernel_ridge_regression_it_stands_for() -> None:
    x, fresh = standard(60, 5), standard(20, 6)
    targets = np.sin(x[:, :2])
    width, ridge = 0.3, 0.2
    waves = random_features.fit(
        x,
        targets,
        random_features.draw(SIZE, 6000, seed=7),
        np.array([width]),
        np.full((1, 60), ridge),
    )

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(-width * ((a[:, None] - b[None]) ** 2).mean(axis=2)))

    exact = kernel(fresh, x) @ np.linalg.solve(kernel(x, x) + ridge * np.eye(60), targets)
    np.testing.assert_allclose(waves.scores(fresh), exact, atol=0.06)
    assert waves.weights.shape == (1, 12000, 2)


def test_rows_of_a_small_ridge_count_more() -> None:
    x = np.zeros((2, SIZE))
    targets = np.array([[0.0], [1.0]])
    frequencies = random_features.draw(SIZE, 100, seed=8)
    waves = random_features.fit(x, targets, frequencies, np.ones(1), np.array([[1.0, 0.1]]))
    # The weighted mean of the targets, shrunk: (1 · 0 + 10 · 1) / (1 + 1 + 10).
    assert waves.scores(x[:1])[0, 0] == pytest.approx(10.0 / 12.0, abs=1e-9)
