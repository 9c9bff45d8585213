"""What an assessment answers: frozen records, from which every format is rendered."""

from __future__ import annotations

from ragortune.costs.candidates import Candidate
from ragortune.costs.feasibility import GateFinding
from ragortune.costs.inputs import Input
from ragortune.costs.latency import Latency
from ragortune.model import Option
from ragortune.model.prices import Age
from ragortune.model.quantities import Draws, Quantity
from ragortune.support.record import Record


class Spread(Record, frozen=True):
    """A distribution by three of its percentiles."""

    p10: float
    p50: float
    p90: float


def spread_of(quantity: Quantity, unit: str) -> Spread:
    """Return the percentiles of a quantity in a unit; raises QuantityError where it measures something else."""
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws):
        ordered = magnitude.ordered
        last = len(ordered) - 1
        picked = Draws([ordered[round(last * share)] for share in (0.1, 0.5, 0.9)])
        magnitude = Quantity(picked, quantity.dimensions).in_unit(unit)
        assert isinstance(magnitude, Draws)
        return Spread(*magnitude.values)
    number = quantity.number_in(unit)
    return Spread(number, number, number)


class OptionCost(Record, frozen=True):
    """What is known about one way to build the system."""

    candidate: Candidate
    feasible: bool
    obstacles: tuple[GateFinding, ...]
    running: Spread
    """Dollars a month that recur."""
    total: Spread
    """Dollars a month by which options are ranked: with what is paid once spread over its use."""
    bounds: tuple[float, float, float]
    """The total at the best for it, at the best guesses and at the worst for it."""
    invested: Spread
    """Dollars paid once."""
    lines: tuple[tuple[str, float], ...]
    """Dollars a month by line, at the best guesses, largest first."""
    investments: tuple[tuple[str, float], ...]
    latency: Latency
    accepted: Spread | None
    """Dollars for an accepted answer, where accuracy is known."""
    chance: float
    """Share of the draws in which it is the cheapest that can be used."""
    accelerators: int | None = None
    """Own accelerators that are kept running."""
    carries: float | None = None
    """Requests a month that these accelerators carry."""


class BreakEven(Record, frozen=True):
    """From which volume one option is cheaper than another."""

    first: int
    """Index of the option that gains with volume."""
    second: int
    requests: float | None
    """Requests a month at the best guesses; None if it never is."""
    ends: tuple[float, float] | None
    """10th and 90th percentile over the draws in which there is such a volume."""
    share: float
    """Share of the draws in which there is one."""
    first_is_cheaper: bool = False
    """Whether the first one is the cheaper one already, at the best guesses."""


class Payback(Record, frozen=True):
    """When a tuned option has earned what it cost."""

    tuned: int
    rival: int
    """Index of the untuned option it is held against."""
    months: tuple[float | None, float | None, float | None]
    """10th, 50th and 90th percentile; None for never."""
    life: float
    """Months for which the tuned model can still be used."""
    in_time: float
    """Share of the draws in which it pays back within its life."""
    ever: float
    """Share of the draws in which it saves anything at all."""


class Swing(Record, frozen=True):
    """What one input alone does to the bill of the cheapest option."""

    input: Input
    low: float
    """Dollars a month at the low end of the input."""
    high: float
    other: int | None
    """Index of another option that is the cheapest at one of the ends; None if none is."""


class CostReport(Record, frozen=True):
    """The whole answer."""

    project: str | None
    as_of: str
    seed: int
    draws: int
    options: tuple[OptionCost, ...]
    leader: int | None
    """Index of the option that is the cheapest in most draws; None where none can be used."""
    with_errors: bool
    """Whether the price of wrong answers is part of the ranking."""
    error_worth: float | None
    """Dollars a month that one percentage point of accuracy is worth."""
    break_evens: tuple[BreakEven, ...]
    context_limits: tuple[tuple[int, Spread], ...]
    """For each option with all material in the prompt: tokens up to which that costs less than retrieved text."""
    paybacks: tuple[Payback, ...]
    swings: tuple[Swing, ...]
    curve: tuple[tuple[float, tuple[float | None, ...]], ...]
    """Requests a month, and the monthly total of each option there."""
    inputs: tuple[Input, ...]
    """Every number that was used."""
    assumed_names: tuple[tuple[str, str], ...]
    """Names that stand in because the profile names none."""
    ages: tuple[Age, ...]
    """The price rows that were used, with their age."""
    prices_refused: bool
    """True where prices are so old that no break-even is claimed."""
    requests: Spread
    """Requests a month."""
    months_spread: float
    """Months over which what is paid once is spread."""

    def chance_of(self, option: Option) -> float:
        """Return the share of the draws in which a way to build this option is the cheapest."""
        return sum(cost.chance for cost in self.options if cost.candidate.approach.option is option)
