import json

import numpy as np
import pytest

from twin.matrix.skill import Skill

MODELS, OUTPUTS = ("physics", "learned"), ("TI-1.PV", "FI-1.PV")


def after(skill, misses, times):
    for _ in range(times):
        skill = skill.after(misses)
    return skill


def test_unjudged_models_count_alike():
    assert Skill.unknown(MODELS, OUTPUTS).weights().tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_weights_are_the_inverse_of_the_mean_square_for_each_output():
    skill = after(Skill.unknown(MODELS, OUTPUTS), [[0.01, 0.06], [0.03, 0.02]], 400)
    assert skill.weights() == pytest.approx(np.array([[0.9, 0.1], [0.1, 0.9]]), abs=1e-3)


def test_the_mean_by_these_weights_has_the_least_error_of_independent_models():
    rng = np.random.default_rng(5)
    errors = rng.normal(0.0, [[0.01], [0.02]], (2, 20_000))
    skill = Skill(MODELS, OUTPUTS[:1], (errors**2).mean(axis=1, keepdims=True))
    best = float(skill.weights()[0, 0])
    spreads = {
        share: float(np.std(share * errors[0] + (1 - share) * errors[1])) for share in (best, 0.5, 0.7, 0.9, 1.0)
    }
    assert min(spreads, key=spreads.__getitem__) == best
    assert best == pytest.approx(0.8, abs=0.02)


def test_a_model_that_became_worse_is_believed_less_and_forgiven_later():
    good = after(Skill.unknown(MODELS, OUTPUTS), 0.01 * np.ones((2, 2)), 50)
    worse = after(good, [[0.01, 0.01], [0.10, 0.01]], 20)
    assert worse.weights()[1, 0] < 0.05
    assert worse.weights()[1, 1] == pytest.approx(0.5)
    assert after(worse, 0.01 * np.ones((2, 2)), 200).weights()[1, 0] > 0.4


def test_what_is_not_known_changes_nothing_and_nobody_is_perfect():
    skill = Skill.unknown(MODELS, OUTPUTS)
    assert np.array_equal(skill.after(np.full((2, 2), np.nan)).squares, skill.squares)
    perfect = after(skill, [[0.0, 0.0], [0.01, 0.01]], 5000).weights()
    assert np.all(np.isfinite(perfect))
    assert perfect[0, 0] > 0.999


def test_skill_is_kept_as_json():
    skill = Skill.unknown(MODELS, OUTPUTS).after([[0.1, np.nan], [0.2, 0.3]])
    again = Skill.from_json(json.loads(json.dumps(skill.to_json())))
    assert (again.models, again.outputs) == (skill.models, skill.outputs)
    assert np.array_equal(again.squares, skill.squares)
    with pytest.raises(ValueError, match="version 9; begin anew"):
        Skill.from_json({**skill.to_json(), "version": 9})
    with pytest.raises(ValueError, match="give one of each"):
        Skill(MODELS, OUTPUTS, np.zeros((1, 2)))
