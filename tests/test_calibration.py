"""Stated probabilities against what was published: Brier score, reliability and calibration."""

import math
import random

import pytest
from msgspec import Raw

from calibration import calibrate, count_pairs, list_bins, measure_brier, measure_calibration
from ragortune import Option
from ragortune.casebook import Agreement, measure_agreement

from .test_casebook import judge


def test_every_case_is_in_one_bin_and_in_one_pair_of_options(book):
    agreement = measure_agreement(book)

    assert sum(each.tally.total for each in list_bins(agreement)) == len(agreement.judged)
    assert sum(count_pairs(agreement).values()) == len(agreement.judged)


def test_the_brier_score_of_a_uniform_guess_is_three_quarters_and_of_a_sure_hit_nothing(book):
    case = book.cases[0]
    other = next(option for option in Option if option is not case.outcome)

    assert measure_brier(Agreement((judge(case, case.outcome, 0.25),))) == pytest.approx(0.75)
    assert measure_brier(Agreement((judge(case, case.outcome, 1.0),))) == 0
    assert measure_brier(Agreement((judge(case, other, 1.0),))) == 2


def test_the_reliability_table_puts_each_case_into_the_bin_of_its_stated_probability(book):
    cases = book.cases[:4]
    stated = Agreement(
        (
            judge(cases[0], cases[0].outcome, 0.35),
            judge(cases[1], cases[1].outcome, 0.8),
            judge(cases[2], cases[2].outcome, 0.86),
            judge(cases[3], cases[3].outcome, 1.0),
        )
    )
    table = {(each.low, each.high): (each.tally.total, each.stated) for each in list_bins(stated)}

    assert table[0.0, 0.4] == (1, 0.35)
    assert table[0.8, 0.9] == (2, pytest.approx(0.83))
    assert table[0.9, 1.0] == (1, 1.0)
    assert table[0.5, 0.6] == (0, 0)


def draw_outcomes(slope, intercept, count=20_000):
    """Return stated probabilities and what happened, where the log-odds of the truth are a line over those stated."""
    generator = random.Random(7)
    for _ in range(count):
        odds = generator.uniform(-3, 3)
        true = 1 / (1 + math.exp(-slope * odds - intercept))
        yield 1 / (1 + math.exp(-odds)), generator.random() < true


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, 0.0), (1.4, -0.6)])
def test_calibration_finds_the_line_between_stated_and_true_log_odds(slope, intercept):
    found = calibrate(draw_outcomes(slope, intercept))

    assert found.slope == pytest.approx(slope, abs=0.05)
    assert found.intercept == pytest.approx(intercept, abs=0.05)


def test_calibration_bears_probabilities_of_nothing_and_one():
    found = calibrate([(0.0, False), (1.0, True), (0.0, False), (1.0, True), (1.0, False), (0.0, True)])

    assert math.isfinite(found.slope)
    assert found.slope < 1


def test_without_cases_there_is_nothing_to_calibrate(book):
    empty = measure_agreement(book.replace(casebook=Raw(b"\x90")))

    assert measure_brier(empty) == 0
    assert measure_calibration(empty) == (1, 0)
