"""The whole assessment of one profile: candidates, bills, gates, latency, chances, break-evens, payback, what matters.

Pure: the same profile, price data, date, seed and number of draws give the same report, on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.costs.bills import (
    Approach,
    Bill,
    Candidate,
    build_bill,
    cache_prices,
    find_hit,
    list_candidates,
    read_accuracy,
    read_context,
)
from ragortune.costs.comparisons import (
    BreakEven,
    Lines,
    Payback,
    Swing,
    are_held_together,
    count_wins,
    find_break_even,
    find_payback,
    find_swings,
    read_lines,
)
from ragortune.costs.feasibility import Obstacle, Ruling, find_obstacles, months_left
from ragortune.costs.formulas import find_context_limit, price_accepted, price_with_errors
from ragortune.costs.inputs import Input, Inputs, Scene, sample_by, vary_one_by_one
from ragortune.costs.latency import Latency, estimate_latency
from ragortune.model import Option, Profile, Rulebook
from ragortune.model.prices import REFUSED_AFTER, Age, PriceBook
from ragortune.model.quantities import Quantity
from ragortune.support.errors import PriceError, ProfileError
from ragortune.support.record import Record

DRAWS = 10_000
DECIDES_FROM = 0.8
"""An option that is the cheapest in a smaller share of the draws is not called the cheapest."""
_BREAK_EVEN_DRAWS = 200
"""Break-evens are looked for in the first draws only: their range is wide, and each takes a search."""
_MOST_SWINGS = 7
_FEWEST_DRAWS, _MOST_DRAWS = 100, 200_000


class Spread(Record, frozen=True):
    """A distribution by three of its percentiles."""

    p10: float
    p50: float
    p90: float


def spread_of(quantity: Quantity, unit: str) -> Spread:
    """Return the percentiles of a quantity in a unit; raises QuantityError where it measures something else."""
    ordered = sorted(quantity.draws())
    picked = [ordered[round((len(ordered) - 1) * share)] for share in (0.1, 0.5, 0.9)]
    return Spread(*Quantity(picked, quantity.dimensions).in_unit(unit))  # type: ignore[misc]  # picked is a list


class OptionCost(Record, frozen=True):
    """What is known about one way to build the system. Amounts are dollars."""

    id: str
    approach: Approach
    option: Option
    model: str | None
    """Chat model or tuning offer; null for an own model."""
    cache: str
    """How the beginning of the prompt is cached: none, 5m or 1h."""
    batch: bool
    """Whether batch prices are used."""
    accelerators: int | None
    """Own accelerators that are kept running."""
    carries_requests_a_month: float | None
    """What these accelerators carry."""
    feasible: bool
    obstacles: tuple[Obstacle, ...]
    running: Spread
    """What recurs each month."""
    total: Spread
    """The monthly amount by which options are ranked: with what is paid once spread over its use."""
    best_guess: float
    """The whole monthly bill at the best guesses."""
    invested: Spread
    """What is paid once."""
    lines: Mapping[str, float]
    """What recurs each month by line, at the best guesses, largest first."""
    investments: Mapping[str, float]
    """What is paid once by line, at the best guesses."""
    latency: Latency
    accepted_answer: Spread | None
    """What an accepted answer costs, where accuracy is known."""
    chance: float = 0.0
    """Share of the draws in which it is the cheapest that can be used."""


class ContextLimit(Record, frozen=True):
    """Tokens up to which all material in the prompt costs less a request than retrieved text."""

    option: str
    p10: float
    p50: float
    p90: float


class CostReport(Record, frozen=True):
    """The whole answer, as the JSON report holds it. Options are referred to by their ids."""

    project: str | None
    as_of: str
    seed: int
    draws: int
    requests_a_month: Spread
    months_spread: float
    """Months over which what is paid once is spread."""
    cheapest: str | None
    """The option that is the cheapest in most draws; null where none can be used."""
    wrong_answers_priced: bool
    """Whether the price of wrong answers is part of the ranking."""
    worth_of_a_point: float | None
    """Dollars a month that one percentage point of accuracy is worth."""
    options: tuple[OptionCost, ...]
    break_evens: tuple[BreakEven, ...]
    context_limits: tuple[ContextLimit, ...]
    paybacks: tuple[Payback, ...]
    swings: tuple[Swing, ...]
    inputs: tuple[Input, ...]
    """Every number that was used."""
    assumed_names: Mapping[str, str]
    """Names that stand in because the profile names none."""
    prices: tuple[Age, ...]
    """The price rows that were used, with their age."""
    prices_refused: bool
    """True where prices are so old that no break-even is claimed."""

    @property
    def leader(self) -> OptionCost | None:
        """The option that is the cheapest in most draws."""
        return next((cost for cost in self.options if cost.id == self.cheapest), None)

    def chance_of(self, option: Option) -> float:
        """Return the share of the draws in which a way to build this option is the cheapest."""
        return sum(cost.chance for cost in self.options if cost.option is option)


class Sample(Record, frozen=True):
    """How the ranges are sampled."""

    seed: int = 0
    draws: int = DRAWS


def assess_costs(
    profile: Profile, rulebook: Rulebook, book: PriceBook, today: str, sample: Sample | None = None
) -> CostReport:
    """Return what each option costs and how fast it answers.

    Raises ProfileError where the requests a day are not known, PriceError where something named has no price.
    """
    sample = sample or Sample()
    if not _FEWEST_DRAWS <= sample.draws <= _MOST_DRAWS:
        limits = f"from {_FEWEST_DRAWS} to {_MOST_DRAWS:,}"
        raise PriceError(f"the number of draws must be {limits}, not {sample.draws}")
    inputs = Inputs(profile, book, rulebook.criteria, rulebook.quantities)
    if not inputs.knows("requests_per_day"):
        hint = "give performance.volume, or requests_per_day under quantities"
        raise ProfileError("the requests a day are not known, so there is no bill", None, hint)
    return _Assessment(inputs, today, sample).report()


class _Assessment:
    """One run over all candidates. Those that cannot be used are sampled coarsely; they compete with nothing."""

    def __init__(self, inputs: Inputs, today: str, sample: Sample) -> None:
        self.inputs, self.today, self.sample = inputs, today, sample
        self.middle = Scene(inputs)
        self.fine = Scene(inputs, sample_by(sample.seed, sample.draws))
        self.coarse = Scene(inputs, sample_by(sample.seed, _FEWEST_DRAWS))
        self.middles = [build_bill(self.middle, candidate) for candidate in list_candidates(self.middle)]
        self.latencies = [estimate_latency(self.middle, bill) for bill in self.middles]
        self.obstacles = {
            bill.candidate.id: find_obstacles(inputs, bill, latency, today)
            for bill, latency in zip(self.middles, self.latencies, strict=True)
        }
        self.usable = {
            bill.candidate.id: bill
            for bill in self.middles
            if not any(found.ruling is Ruling.FAILS for found in self.obstacles[bill.candidate.id])
        }
        self.prices_errors = inputs.knows("wrong_answer_cost") and all(
            read_accuracy(self.middle, bill.candidate.approach) is not None for bill in self.usable.values()
        )
        self.bills = {
            bill.candidate.id: build_bill(
                self.fine if bill.candidate.id in self.usable else self.coarse, bill.candidate
            )
            for bill in self.middles
        }

    def report(self) -> CostReport:
        """Return the report."""
        sample, inputs = self.sample, self.inputs
        options = [
            self._describe(bill, latency) for bill, latency in zip(self.middles, self.latencies, strict=True)
        ]
        ages = inputs.book.find_ages(inputs.rows, self.today)
        refused = any(age.days > REFUSED_AFTER for age in ages)
        paybacks = () if refused else self._find_paybacks()
        chances = self._count_chances()
        cheapest = max(chances, key=lambda name: chances[name], default=None)
        rate = self.middle.number("requests_per_day")
        middles = {name: read_lines(bill)[0] for name, bill in self.usable.items()}
        return CostReport(
            project=inputs.profile.project,
            as_of=self.today,
            seed=sample.seed,
            draws=sample.draws,
            requests_a_month=spread_of(self.fine.number("requests_per_day"), "requests/month"),
            months_spread=self.middle.constant("amortisation").number_in("months"),
            cheapest=cheapest,
            wrong_answers_priced=self.prices_errors,
            worth_of_a_point=(rate * self.middle.number("wrong_answer_cost") * 0.01).number_in("USD/month")
            if inputs.knows("wrong_answer_cost")
            else None,
            options=tuple(
                _warn_of_payback(cost, paybacks).replace(chance=chances.get(cost.id, 0.0)) for cost in options
            ),
            break_evens=() if refused else self._find_break_evens(middles, rate.draws()[0]),
            context_limits=() if refused else self._find_context_limits(),
            paybacks=paybacks,
            swings=() if cheapest is None else self._find_swings(cheapest),
            inputs=tuple(inputs.used.values()),
            assumed_names=self._assumed_names(),
            prices=ages,
            prices_refused=refused,
        )

    def _ranked(self, scene: Scene, bill: Bill) -> Quantity:
        """Return the monthly amount by which options are ranked: the whole bill, and wrong answers where they have a price."""
        accuracy = read_accuracy(scene, bill.candidate.approach) if self.prices_errors else None
        if accuracy is None:
            return bill.total
        each = price_with_errors(bill.total / bill.requests, accuracy, scene.number("wrong_answer_cost"))
        return each * bill.requests

    def _count_chances(self) -> dict[str, float]:
        """Return for each option that can be used the share of the draws in which it is the cheapest."""
        if not self.usable:
            return {}
        columns = [self._ranked(self.fine, self.bills[name]).draws(self.sample.draws) for name in self.usable]
        return dict(zip(self.usable, count_wins(columns), strict=True))

    def _describe(self, middle: Bill, latency: Latency) -> OptionCost:
        candidate, machines = middle.candidate, middle.machines
        name = candidate.id
        bill, scene = self.bills[name], self.fine if name in self.usable else self.coarse
        lines = {line.name: line.amount(middle.requests).number_in("USD/month") for line in middle.lines}
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
            total=spread_of(self._ranked(scene, bill), "USD/month"),
            best_guess=middle.total.number_in("USD/month"),
            invested=spread_of(bill.invested, "USD"),
            lines=dict(sorted(lines.items(), key=lambda line: -line[1])),
            investments={paid: amount.number_in("USD") for paid, amount in middle.investments},
            latency=latency,
            accepted_answer=self._price_accepted(scene, bill),
        )

    def _price_accepted(self, scene: Scene, bill: Bill) -> Spread | None:
        """Return the cost of an accepted answer, where the accuracy of the option is known (F16)."""
        accuracy = read_accuracy(scene, bill.candidate.approach)
        if accuracy is None:
            return None
        each = bill.total / bill.requests
        if self.inputs.knows("wrong_answer_cost"):
            cost = price_with_errors(each, accuracy, scene.number("wrong_answer_cost"))
        else:
            cost = price_accepted(each, accuracy)
        return spread_of(cost, "USD/request")

    def _find_break_evens(self, middles: Mapping[str, Lines], now: float) -> tuple[BreakEven, ...]:
        count = min(_BREAK_EVEN_DRAWS, self.sample.draws)
        sampled = {name: read_lines(self.bills[name], count) for name in self.usable}
        return tuple(
            find_break_even(
                (first, second), (middles[first], middles[second]), (sampled[first], sampled[second]), now
            )
            for first in self.usable
            for second in self.usable
            if are_held_together(self.usable[first], self.usable[second])
        )

    def _find_context_limits(self) -> tuple[ContextLimit, ...]:
        """Return for each model the corpus up to which a cached prompt costs less a request than retrieved text (F13)."""
        scene, found = self.fine, []
        for name, bill in self.usable.items():
            candidate = bill.candidate
            if candidate.approach is Approach.LONG_CONTEXT and candidate.model is not None:
                read, write = cache_prices(scene, candidate.model, candidate.cache)
                prices = scene.price(candidate.model, "in"), read, write
                limit = find_context_limit(read_context(scene), find_hit(scene, candidate), prices)
                spread = spread_of(limit, "tokens/request")
                found.append(ContextLimit(name, spread.p10, spread.p50, spread.p90))
        return tuple(found)

    def _find_paybacks(self) -> tuple[Payback, ...]:
        """Return for each tuned candidate when it has earned what it cost, against the cheapest untuned one (F15)."""
        count = self.sample.draws
        running = {name: self.bills[name].running.draws(count) for name in self.usable}
        invested = {name: self.bills[name].invested.draws(count) for name in self.usable}
        tuned = [name for name, bill in self.usable.items() if bill.candidate.approach.tunes]
        untuned = [name for name in self.usable if name not in tuned]
        if not untuned:
            return ()
        rival = min(untuned, key=lambda name: sum(running[name]))
        return tuple(
            find_payback(
                (name, rival),
                (running[name], running[rival]),
                (invested[name], invested[rival]),
                months_left(self.inputs, self.usable[name].candidate.model, self.today),
            )
            for name in tuned
        )

    def _find_swings(self, leader: str) -> tuple[Swing, ...]:
        """Return what moves the leader's bill most, each input alone from its low to its high."""
        varied = [given for given in self.inputs.used.values() if not given.is_exact]
        scene = Scene(self.inputs, vary_one_by_one(varied))
        totals = {
            name: self._ranked(scene, build_bill(scene, bill.candidate)).draws(1 + 2 * len(varied))
            for name, bill in self.usable.items()
        }
        return find_swings(varied, totals, leader)[:_MOST_SWINGS]

    def _assumed_names(self) -> dict[str, str]:
        """Return the names that stand in because the profile names none."""
        ways: list[Candidate] = [bill.candidate for bill in self.middles]
        needed = {
            "model": any(way.model is not None for way in ways),
            "tuned_model": any(way.approach.tunes and way.model is not None for way in ways),
            "embedding_model": any(way.approach.retrieves for way in ways),
            "vector_store": any(way.approach.retrieves for way in ways),
            "accelerator": any(way.model is None for way in ways),
        }
        return {
            name: str(self.inputs.stand_in(name))
            for name, is_needed in needed.items()
            if is_needed and not self.inputs.names_of(name)
        }


def _warn_of_payback(cost: OptionCost, paybacks: tuple[Payback, ...]) -> OptionCost:
    """Return an option with a warning where tuning does not earn what it cost before the model is retired."""
    own = next((payback for payback in paybacks if payback.option == cost.id), None)
    if own is None or own.in_time > 1 - DECIDES_FROM:
        return cost
    text = "tuning saves nothing each month against the cheapest option without it"
    if own.ever > 1 - DECIDES_FROM:
        text = f"tuning does not pay back within the {own.life_in_months:.1f} months for which the model can be used"
    return cost.replace(obstacles=(*cost.obstacles, Obstacle("payback", Ruling.WARNS, text)))
