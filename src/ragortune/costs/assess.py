"""The cost assessment of one profile: candidates, bills, obstacles, latency, and how the candidates compare.

A Monte Carlo simulation: every input is sampled within its range, with the same draws for all candidates, so that bills
are compared draw by draw. Pure: the same profile, price data, date, seed and number of draws give the same report.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from ragortune.costs import bills, comparisons, feasibility, formulas
from ragortune.costs.bills import Approach, Bill, build_bill
from ragortune.costs.comparisons import BreakEven, Payback
from ragortune.costs.feasibility import Latency, Obstacle, Ruling
from ragortune.costs.inputs import Input, Inputs, sample_by, vary_one_by_one
from ragortune.model import Option, Profile, Rulebook
from ragortune.model.prices import REFUSED_AFTER, Age, PriceBook
from ragortune.model.quantities import Quantity
from ragortune.support.errors import ProfileError, QuantityError
from ragortune.support.record import Record

DECIDES_FROM = 0.8
"""Share of the draws from which on an option counts as the cheapest."""
_BREAK_EVEN_DRAWS = 200
"""Draws in which break-evens are searched: their range is wide, and each takes a search."""
_MAX_SWINGS = 7
_COARSE_DRAWS = 100
"""Draws for candidates that cannot be used, which are not ranked."""


class Spread(Record, frozen=True):
    """A distribution by three of its percentiles."""

    p10: float
    p50: float
    p90: float


def spread_of(quantity: Quantity, unit: str) -> Spread:
    """Return the percentiles of a quantity in a unit; raises QuantityError if the unit does not fit."""
    ordered = sorted(quantity.draws())
    picked = [ordered[round((len(ordered) - 1) * share)] for share in (0.1, 0.5, 0.9)]
    return Spread(*Quantity(picked, quantity.dimensions).in_unit(unit))  # type: ignore[misc]  # picked is a list


class OptionCost(Record, frozen=True):
    """Cost and latency of one way to build the system. Amounts are in dollars."""

    id: str
    approach: Approach
    option: Option
    model: str | None
    """Chat model or tuning offer; null for an own model."""
    cache: str
    """Cache for the prompt prefix: none, 5m or 1h."""
    batch: bool
    """Whether batch prices are used."""
    accelerators: int | None
    """Number of own accelerators."""
    carries_requests_a_month: float | None
    """Capacity of these accelerators."""
    feasible: bool
    obstacles: tuple[Obstacle, ...]
    running: Spread
    """Recurring monthly cost."""
    total: Spread
    """Monthly cost by which options are ranked: with one-off costs spread over the months of their use."""
    best_guess: float
    """The whole monthly bill at the best guesses."""
    invested: Spread
    """One-off cost."""
    lines: Mapping[str, float]
    """Recurring monthly cost by line, at the best guesses, the largest first."""
    investments: Mapping[str, float]
    """One-off cost by line, at the best guesses."""
    latency: Latency
    accepted_answer: Spread | None
    """Cost of an accepted answer, if the accuracy is known."""
    chance: float = 0.0
    """Share of the draws in which it is the cheapest feasible option."""

    @property
    def fits(self) -> bool:
        """Whether its prompts fit the window of its model, without which its bill means nothing."""
        return all(found.gate != "window" for found in self.obstacles)


class Swing(Record, frozen=True):
    """The effect of one input alone on the bill of the cheapest option."""

    input: str
    at_low: float
    """Dollars a month at the low end of the input."""
    at_high: float


class CostReport(Record, frozen=True):
    """The whole assessment, as in the JSON report. Options are referred to by their ids."""

    project: str | None
    as_of: str
    seed: int
    draws: int
    requests_a_month: Spread
    months_spread: float
    """Months over which one-off costs are spread."""
    cheapest: str | None
    """The option that is the cheapest in most draws; null if none is feasible."""
    wrong_answers_priced: bool
    """Whether the price of wrong answers is part of the ranking."""
    worth_of_a_point: float | None
    """Value of one percentage point of accuracy in dollars a month."""
    options: tuple[OptionCost, ...]
    break_evens: tuple[BreakEven, ...]
    context_limits: Mapping[str, Spread]
    """For options with all material in the prompt the number of tokens up to which a request costs less than with retrieval."""
    paybacks: tuple[Payback, ...]
    swings: tuple[Swing, ...]
    inputs: tuple[Input, ...]
    """All numbers that were used."""
    assumed_names: Mapping[str, str]
    """Default choices, by quantity, for which the profile names nothing."""
    prices: tuple[Age, ...]
    """The price rows that were used, with their age."""
    prices_refused: bool
    """True if prices are too old for break-evens and paybacks."""

    @property
    def letters(self) -> dict[str, str]:
        """A letter for each option by its id, for tables and sentences."""
        return {cost.id: chr(ord("A") + index % 26) for index, cost in enumerate(self.options)}

    @property
    def leader(self) -> OptionCost | None:
        """The option that is the cheapest in most draws."""
        return next((cost for cost in self.options if cost.id == self.cheapest), None)

    def chance_of(self, option: Option) -> float:
        """Return the share of the draws in which one of the ways to build an option is the cheapest."""
        return sum(cost.chance for cost in self.options if cost.option is option)


class Sample(Record, frozen=True):
    """How the ranges are sampled."""

    seed: int = 0
    draws: int = 10_000
    compare: bool = True
    """Whether break-evens and context limits are computed; only full pages and JSON show them."""


def assess_costs(
    profile: Profile, rulebook: Rulebook, book: PriceBook, today: str, sample: Sample | None = None
) -> CostReport:
    """Return cost and latency of each option.

    Raises ProfileError if the requests a day are unknown, PriceError if something that is named has no price, and
    QuantityError if a number is too large to be computed.
    """
    sample = sample or Sample()
    inputs = Inputs(profile, book, rulebook)
    if not inputs.knows("requests_per_day"):
        hint = "give performance.volume, or requests_per_day under quantities"
        raise ProfileError("the number of requests a day is unknown, so no bill can be computed", None, hint)
    try:
        return _Assessment(inputs, today, sample).report()
    except (ArithmeticError, ValueError):  # numbers beyond the range of floats, such as prices of a rule pack
        raise QuantityError("some numbers are too large or too small for a bill to be computed") from None


class _Assessment:
    """One assessment of all candidates; infeasible ones are sampled coarsely, because they are not ranked."""

    def __init__(self, inputs: Inputs, today: str, sample: Sample) -> None:
        self.inputs, self.today, self.sample = inputs, today, sample
        self.fine = inputs.read_by(sample_by(sample.seed, sample.draws))
        coarse = inputs.read_by(sample_by(sample.seed, _COARSE_DRAWS))
        candidates = {candidate.id: candidate for candidate in bills.list_candidates(self.inputs)}
        self.middles = {name: build_bill(self.inputs, candidate) for name, candidate in candidates.items()}
        self.latencies = {
            name: feasibility.estimate_latency(self.inputs, bill) for name, bill in self.middles.items()
        }
        self.obstacles = {
            name: tuple(feasibility.find_obstacles(inputs, bill, self.latencies[name], today))
            for name, bill in self.middles.items()
        }
        self.usable = [
            name
            for name, obstacles in self.obstacles.items()
            if not any(found.ruling is Ruling.FAILS for found in obstacles)
        ]
        self.prices_errors = inputs.knows("wrong_answer_cost") and all(
            bills.read_accuracy(self.inputs, candidates[name].approach) is not None for name in self.usable
        )
        self.scenarios = {name: self.fine if name in self.usable else coarse for name in candidates}
        self.bills = {
            name: build_bill(self.scenarios[name], candidate) for name, candidate in candidates.items()
        }

    def report(self) -> CostReport:
        """Return the report."""
        inputs, rate = self.inputs, self.inputs.number("requests_per_day")
        options = [self._describe(name) for name in self.bills]
        ages = inputs.book.find_ages(inputs.rows, self.today)
        refused = any(age.days > REFUSED_AFTER for age in ages)
        compare = self.sample.compare and not refused
        paybacks = () if refused else self._find_paybacks()
        chances = self._count_chances()
        cheapest = max(chances, key=lambda name: chances[name], default=None)
        worth = None
        if inputs.knows("wrong_answer_cost"):
            worth = (rate * self.inputs.number("wrong_answer_cost") * 0.01).number_in("USD/month")
        return CostReport(
            project=inputs.profile.project,
            as_of=self.today,
            seed=self.sample.seed,
            draws=self.sample.draws,
            requests_a_month=spread_of(self.fine.number("requests_per_day"), "requests/month"),
            months_spread=self.inputs.constant("amortisation").number_in("months"),
            cheapest=cheapest,
            wrong_answers_priced=self.prices_errors,
            worth_of_a_point=worth,
            options=tuple(
                _warn_of_payback(cost, paybacks).replace(chance=chances.get(cost.id, 0.0)) for cost in options
            ),
            break_evens=self._find_break_evens(rate.draws()[0]) if compare else (),
            context_limits=self._find_context_limits() if compare else {},
            paybacks=paybacks,
            swings=() if cheapest is None else self._find_swings(cheapest),
            inputs=tuple(inputs.used.values()),
            assumed_names=inputs.assumed,
            prices=ages,
            prices_refused=refused,
        )

    def _price_errors(self, scenario: Inputs, bill: Bill) -> Quantity | None:
        """Return the cost of a request including that of wrong answers; None if accuracy or their cost is unknown (F16)."""
        accuracy = bills.read_accuracy(scenario, bill.candidate.approach)
        if accuracy is None or not self.inputs.knows("wrong_answer_cost"):
            return None
        return formulas.price_with_errors(
            bill.total / bill.requests, accuracy, scenario.number("wrong_answer_cost")
        )

    def _rank_by(self, scenario: Inputs, bill: Bill) -> Quantity:
        """Return the monthly cost by which options are ranked: the whole bill, with wrong answers if these are priced."""
        priced = self._price_errors(scenario, bill) if self.prices_errors else None
        return bill.total if priced is None else priced * bill.requests

    def _count_chances(self) -> dict[str, float]:
        """Return for each feasible option the share of the draws in which it is the cheapest."""
        ranked = (self._rank_by(self.fine, self.bills[name]) for name in self.usable)
        columns = [amount.draws(self.sample.draws) for amount in ranked]
        return dict(zip(self.usable, comparisons.count_wins(columns), strict=True)) if columns else {}

    def _describe(self, name: str) -> OptionCost:
        middle, bill, scenario = self.middles[name], self.bills[name], self.scenarios[name]
        candidate, machines = middle.candidate, middle.machines
        lines = {line.name: line.amount(middle.requests).number_in("USD/month") for line in middle.lines}
        accuracy, accepted = (
            bills.read_accuracy(scenario, candidate.approach),
            self._price_errors(scenario, bill),
        )
        if accepted is None and accuracy is not None:
            accepted = formulas.price_accepted(bill.total / bill.requests, accuracy)
        return OptionCost(
            id=name,
            approach=candidate.approach,
            option=candidate.approach.option,
            model=candidate.model.id if candidate.model else None,
            cache=candidate.cache,
            batch=candidate.batch,
            accelerators=round(machines.count.number_in("accelerators")) if machines else None,
            carries_requests_a_month=machines.capacity.number_in("requests/month") if machines else None,
            feasible=name in self.usable,
            obstacles=self.obstacles[name],
            running=spread_of(bill.running, "USD/month"),
            total=spread_of(self._rank_by(scenario, bill), "USD/month"),
            best_guess=middle.total.number_in("USD/month"),
            invested=spread_of(bill.invested, "USD"),
            lines=dict(sorted(lines.items(), key=lambda line: -line[1])),
            investments={paid: amount.number_in("USD") for paid, amount in middle.investments},
            latency=self.latencies[name],
            accepted_answer=None if accepted is None else spread_of(accepted, "USD/request"),
        )

    def _find_break_evens(self, now: float) -> tuple[BreakEven, ...]:
        count = min(_BREAK_EVEN_DRAWS, self.sample.draws)
        lines = {
            name: (
                comparisons.read_lines(self.middles[name])[0],
                comparisons.read_lines(self.bills[name], count),
            )
            for name in self.usable
        }
        return tuple(
            comparisons.find_break_even(pair, lines[pair[0]], lines[pair[1]], now)
            for pair in itertools.permutations(self.usable, 2)
            if comparisons.are_compared(*(self.middles[name].candidate for name in pair))
        )

    def _find_context_limits(self) -> dict[str, Spread]:
        """Return for each model the corpus size up to which a cached prompt costs less a request than retrieved text (F13)."""
        scenario, limits = self.fine, {}
        for name in self.usable:
            candidate = self.middles[name].candidate
            if candidate.approach is Approach.LONG_CONTEXT and candidate.model is not None:
                prices = (
                    scenario.price(candidate.model, "in"),
                    *bills.cache_prices(scenario, candidate.model, candidate.cache),
                )
                limit = formulas.find_context_limit(
                    bills.read_context(scenario), bills.find_hit(scenario, candidate), prices
                )
                limits[name] = spread_of(limit, "tokens/request")
        return limits

    def _find_paybacks(self) -> tuple[Payback, ...]:
        """Return the payback of each tuned candidate against the cheapest one without tuning (F15)."""
        count = self.sample.draws
        paid = {
            name: (self.bills[name].running.draws(count), self.bills[name].invested.draws(count))
            for name in self.usable
        }
        tuned = [name for name in self.usable if self.middles[name].candidate.approach.tunes]
        rival = min(paid.keys() - tuned, key=lambda name: (sum(paid[name][0]), name), default=None)
        models = [self.middles[name].candidate.model for name in tuned]
        lives = [feasibility.months_left(self.inputs, model, self.today) for model in models]
        return tuple(
            comparisons.find_payback((name, rival), paid[name], paid[rival], life)
            for name, life in zip(tuned, lives, strict=True)
            if rival
        )

    def _find_swings(self, leader: str) -> tuple[Swing, ...]:
        """Return the inputs that move the leader's bill most, each varied alone from its low to its high."""
        varied = [entry for entry in self.inputs.used.values() if not entry.is_exact]
        scenario = self.inputs.read_by(vary_one_by_one(varied))
        bill = build_bill(scenario, self.middles[leader].candidate)
        ends = [total * comparisons.MONTH for total in self._rank_by(scenario, bill).draws(2 * len(varied))]
        found = zip((entry.name for entry in varied), ends[::2], ends[1::2], strict=False)
        swings = [Swing(name, low, high) for name, low, high in found if low != high]
        return tuple(sorted(swings, key=lambda swing: (-abs(swing.at_high - swing.at_low), swing.input)))[
            :_MAX_SWINGS
        ]


def _warn_of_payback(cost: OptionCost, paybacks: tuple[Payback, ...]) -> OptionCost:
    """Return an option with a warning if tuning does not pay back before the model is retired."""
    payback = next((payback for payback in paybacks if payback.option == cost.id), None)
    if payback is None or payback.in_time > 1 - DECIDES_FROM:
        return cost
    text = "tuning saves nothing each month against the cheapest option without it"
    if payback.ever > 1 - DECIDES_FROM:
        text = f"tuning does not pay back within the {payback.life_in_months:.1f} months for which the model can be used"
    return cost.replace(obstacles=(*cost.obstacles, Obstacle("payback", Ruling.WARNS, text)))
