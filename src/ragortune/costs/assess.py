"""The whole assessment of one profile: candidates, bills, gates, latency, chances, break-evens, payback, what matters.

Pure: the same profile, price data, date, seed and number of draws give the same report, on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragortune.costs.answers import (
    BreakEven,
    CostReport,
    OptionCost,
    Payback,
    Spread,
    Swing,
    spread_of,
)
from ragortune.costs.bills import (
    Bill,
    build_bill,
    choose_cache,
    find_hit,
    read_accuracy,
    spread_investment,
    spread_total,
)
from ragortune.costs.candidates import WRITE_PRICES, Approach, Candidate, Tools
from ragortune.costs.comparisons import (
    BREAK_EVEN_DRAWS,
    are_held_together,
    count_wins,
    draw_curve,
    find_break_even,
    find_payback,
    find_swings,
)
from ragortune.costs.crossings import Lines, read_slope
from ragortune.costs.feasibility import GateFinding, Ruling, find_obstacles, months_left
from ragortune.costs.formulas import find_context_limit, price_accepted, price_with_errors
from ragortune.costs.inputs import Bounds, Inputs, OneAtATime, Plan, Sampling, Scene
from ragortune.costs.latency import Latency, estimate_latency
from ragortune.costs.lines import Slope, find_slope
from ragortune.costs.machines import Machines, find_capacity
from ragortune.costs.retrieval import read_context
from ragortune.model import Criterion, PriceRow, Profile
from ragortune.model.prices import REFUSED_AFTER, PriceBook, find_ages
from ragortune.model.quantities import Quantity, Range, keep_first, list_first, read_mid
from ragortune.support.errors import PriceError, ProfileError
from ragortune.support.record import Record

DRAWS = 10_000
DECIDES_FROM = 0.8
"""An option that is the cheapest in a smaller share of the draws is not called the cheapest."""
_MOST_SWINGS = 7
_FEWEST_DRAWS, _MOST_DRAWS = 100, 200_000
_DEFAULT_MODELS: Mapping[str | None, tuple[str, str]] = {
    "weak": ("gpt-oss-20b", "azure-gpt-oss-20b"),
    "mid": ("gpt-6.1-terra", "azure-llama-3.3-70b"),
    "frontier": ("gpt-6.1-sol", "azure-llama-3.3-70b"),
    None: ("gpt-6.1-terra", "azure-gpt-oss-20b"),
}
"""Chat model and tuning offer by the strength of model that is permitted."""


class Sample(Record, frozen=True):
    """How the ranges are sampled."""

    seed: int = 0
    draws: int = DRAWS


class _Case(Record, frozen=True):
    """One candidate with all that was found out about it."""

    candidate: Candidate
    middle: Bill
    latency: Latency
    obstacles: tuple[GateFinding, ...]

    @property
    def is_feasible(self) -> bool:
        return not any(found.ruling is Ruling.FAILS for found in self.obstacles)


def assess_costs(
    profile: Profile,
    book: PriceBook,
    criteria: Mapping[str, Criterion],
    today: str,
    sample: Sample | None = None,
) -> CostReport:
    """Return what each option costs and how fast it answers.

    Raises ProfileError where the requests a day are not known, PriceError where something named has no price.
    """
    sample = sample or Sample()
    if not _FEWEST_DRAWS <= sample.draws <= _MOST_DRAWS:
        limits = f"from {_FEWEST_DRAWS} to {_MOST_DRAWS:,}"
        raise PriceError(f"the number of draws must be {limits}, not {sample.draws}")
    inputs = Inputs(profile, book, criteria)
    if not inputs.knows("requests_per_day"):
        raise ProfileError(
            "the requests a day are not known, so there is no bill",
            None,
            "give performance.volume, or requests_per_day under quantities",
        )
    tools = choose_tools(inputs)
    middle = Scene(inputs, Plan())
    candidates = _list_candidates(middle)
    cases = [_look_at(middle, candidate, tools, today) for candidate in candidates]
    return _Assessment(middle, tools, cases, today).report(sample)


def choose_tools(inputs: Inputs) -> Tools:
    """Return what retrieval is built from and own models run on: as named, or what stands in."""

    def named(quantity: str, kind: str, fallback: str) -> PriceRow:
        names = inputs.names_of(quantity)
        return _find_named(inputs, quantity, names[0] if names else fallback, kind)

    def wanted(quantity: str, kind: str) -> PriceRow | None:
        name = inputs.chosen_name(quantity)
        return _find_named(inputs, quantity, name, kind) if name is not None else None

    return Tools(
        embedding=named("embedding_model", "embedding_model", "text-embedding-3-small"),
        store=named("vector_store", "vector_store", "pgvector"),
        accelerator=named("accelerator", "accelerator", "h100"),
        reranker=wanted("reranker", "reranker"),
        context=wanted("context_model", "chat_model"),
    )


def _find_named(inputs: Inputs, quantity: str, name: str, kind: str) -> PriceRow:
    """Return a row that the profile names; an error has the place of the name in the profile."""
    try:
        return inputs.book.find(name, kind)
    except PriceError as error:
        given = inputs.profile.quantities.get(quantity)
        raise PriceError(error.message, given.place if given else None, error.hint) from None


def default_models(inputs: Inputs) -> tuple[str, str]:
    """Return the chat model and the tuning offer that stand in where none is named."""
    return _DEFAULT_MODELS[inputs.level_of("model.strength")]


def _list_candidates(middle: Scene) -> list[Candidate]:
    """Return every way to build the system that the profile allows to be priced; `middle` reads points."""
    inputs = middle.inputs
    chat, tuned = (() if inputs.stays_inside else (name,) for name in default_models(inputs))
    batch = inputs.names_of("prices") == ("batch",)
    has_corpus = inputs.knows("corpus_tokens") and inputs.level_of("knowledge.gap") != "none"
    ways = [Approach.LONG_CONTEXT, Approach.RAG] if has_corpus else []
    if not has_corpus or inputs.level_of("knowledge.gap") != "most":
        ways.insert(0, Approach.PROMPTING)
    found = []
    for name in inputs.names_of("model") or chat:
        row = _find_named(inputs, "model", name, "chat_model")
        found += [Candidate(approach, row, batch=batch) for approach in ways]
    tuned_ways = [Approach.FINE_TUNING, *((Approach.BOTH,) if has_corpus else ())]
    for name in inputs.names_of("tuned_model") or tuned:
        row = _find_named(inputs, "tuned_model", name, "tuning_offer")
        found += [Candidate(approach, row) for approach in tuned_ways]
    if inputs.knows("own_parameters") or inputs.stays_inside:
        own = [*((Approach.RAG,) if has_corpus else (Approach.PROMPTING,)), *tuned_ways]
        found += [Candidate(approach, None) for approach in own]
    if not inputs.knows("examples"):
        found = [candidate for candidate in found if not candidate.approach.tunes]
    return [choose_cache(middle, candidate) for candidate in found]


def _look_at(middle: Scene, candidate: Candidate, tools: Tools, today: str) -> _Case:
    bill = build_bill(middle, candidate, tools)
    latency = estimate_latency(middle, bill, tools)
    return _Case(candidate, bill, latency, find_obstacles(middle.inputs, bill, latency, today))


class _Read(Record, frozen=True):
    """What is kept of a candidate under one plan; its bill is let go, whose draws would fill the memory."""

    running: Quantity
    """What recurs each month."""
    total: Quantity
    """What it is ranked by, each month."""
    invested: Quantity
    """What is paid once."""
    accepted: Spread | None
    """Dollars for an accepted answer, where accuracy is known."""
    slope: Slope
    """The whole bill as a function of requests, in the first draws."""


class _Assessment:
    """One run over all candidates."""

    def __init__(self, middle: Scene, tools: Tools, cases: list[_Case], today: str) -> None:
        self._inputs = middle.inputs
        self._tools = tools
        self._cases = cases
        self._today = today
        self._middle = middle
        self._wide = Scene(middle.inputs, Bounds())
        self._usable = [index for index, case in enumerate(cases) if case.is_feasible]
        self._middles = {index: self._read_middle(cases[index]) for index in self._usable}
        self._prices_errors = self._can_price_errors()

    def report(self, sample: Sample) -> CostReport:
        """Return the report from a sample. What cannot be used is sampled coarsely; it competes with nothing."""
        fine = Scene(self._inputs, Sampling(sample.seed, sample.draws))
        coarse = Scene(self._inputs, Sampling(sample.seed, _FEWEST_DRAWS))
        read = [self._read(fine if case.is_feasible else coarse, case) for case in self._cases]
        chances = dict.fromkeys(range(len(read)), 0.0)
        if self._usable:
            shares = count_wins([list_first(read[index].total, sample.draws) for index in self._usable])
            chances.update(zip(self._usable, shares, strict=True))
        leader = max(self._usable, key=lambda index: chances[index], default=None)
        options = tuple(
            self._describe(index, read[index], chances[index]) for index in range(len(self._cases))
        )
        ages = find_ages(self._inputs.rows(), self._today)
        refused = any(age.days > REFUSED_AFTER for age in ages)
        paybacks = () if refused else self._paybacks(read, sample.draws)
        options = tuple(_warn_of_payback(index, cost, paybacks) for index, cost in enumerate(options))
        rate = fine.number("requests_per_day")
        return CostReport(
            project=self._inputs.profile.project,
            as_of=self._today,
            seed=sample.seed,
            draws=sample.draws,
            options=options,
            leader=leader,
            with_errors=self._prices_errors,
            error_worth=self._worth_of_a_point(),
            break_evens=() if refused else self._break_evens(read, sample.draws),
            context_limits=() if refused else self._context_limits(fine),
            paybacks=paybacks,
            swings=() if leader is None else self._swings(leader),
            curve=draw_curve(
                [self._middles.get(index) for index in range(len(self._cases))],
                read_mid(self._middle.number("requests_per_day").magnitude),
            ),
            inputs=tuple(self._inputs.read.values()),
            assumed_names=self._assumed_names(),
            ages=ages,
            prices_refused=refused,
            months_spread=self._middle.constant("amortisation").number_in("months"),
            requests=spread_of(rate, "requests/month"),
        )

    def _read(self, scene: Scene, case: _Case) -> _Read:
        bill = build_bill(scene, case.candidate, self._tools)
        count = min(BREAK_EVEN_DRAWS, scene.plan.count)
        added = keep_first(bill.invested, count) / keep_first(scene.constant("amortisation"), count)
        slope = find_slope((line.keep_first(count) for line in bill.lines), added)
        total, approach = spread_total(scene, bill), case.candidate.approach
        return _Read(
            bill.running,
            self._rank_by(scene, approach, total),
            bill.invested,
            self._accepted(scene, approach, total),
            slope,
        )

    def _rank_by(self, scene: Scene, approach: Approach, total: Quantity) -> Quantity:
        """Return the monthly amount by which options are ranked: the whole bill, and wrong answers where they have a price."""
        accuracy = read_accuracy(scene, approach) if self._prices_errors else None
        if accuracy is None:
            return total
        rate = scene.number("requests_per_day")
        return price_with_errors(total / rate, accuracy, scene.number("wrong_answer_cost")) * rate

    def _can_price_errors(self) -> bool:
        """Return whether wrong answers can be priced into every option that can be used."""
        return self._inputs.knows("wrong_answer_cost") and all(
            read_accuracy(self._middle, self._cases[index].candidate.approach) is not None
            for index in self._usable
        )

    def _worth_of_a_point(self) -> float | None:
        """Return what one percentage point of accuracy is worth a month, where a wrong answer has a price."""
        if not self._inputs.knows("wrong_answer_cost"):
            return None
        rate = self._middle.number("requests_per_day")
        return (rate * self._middle.number("wrong_answer_cost") * 0.01).number_in("USD/month")

    # --- one option ---------------------------------------------------------------------------------------------

    def _describe(self, index: int, read: _Read, chance: float) -> OptionCost:
        case = self._cases[index]
        rate = self._middle.number("requests_per_day")
        lines = [(line.name, line.amount(rate).number_in("USD/month")) for line in case.middle.lines]
        machines = case.middle.machines
        return OptionCost(
            candidate=case.candidate,
            feasible=case.is_feasible,
            obstacles=case.obstacles,
            running=spread_of(read.running, "USD/month"),
            total=spread_of(read.total, "USD/month"),
            bounds=self._bounds(case.candidate),
            invested=spread_of(read.invested, "USD"),
            lines=tuple(sorted(lines, key=lambda line: -line[1])),
            investments=tuple((name, amount.number_in("USD")) for name, amount in case.middle.investments),
            latency=case.latency,
            accepted=read.accepted,
            chance=chance,
            accelerators=None if machines is None else round(machines.count.number_in("accelerators")),
            carries=None if machines is None else self._carry(machines),
        )

    def _carry(self, machines: Machines) -> float:
        """Return the requests a month that machines carry, with peaks and pauses as they are."""
        mean = (
            find_capacity(self._middle, machines)
            / self._middle.number("peak_factor")
            * self._middle.number("active_hours")
        )
        return mean.number_in("requests/month")

    def _bounds(self, candidate: Candidate) -> tuple[float, float, float]:
        total = spread_total(self._wide, build_bill(self._wide, candidate, self._tools)).in_unit("USD/month")
        if isinstance(total, Range):
            return total.low, total.mid, total.high
        number = read_mid(total)
        return number, number, number

    def _accepted(self, scene: Scene, approach: Approach, total: Quantity) -> Spread | None:
        """Return the cost of an accepted answer, where the accuracy of the option is known (F16)."""
        accuracy = read_accuracy(scene, approach)
        if accuracy is None:
            return None
        each = total / scene.number("requests_per_day")
        if self._inputs.knows("wrong_answer_cost"):
            cost = price_with_errors(each, accuracy, scene.number("wrong_answer_cost"))
        else:
            cost = price_accepted(each, accuracy)
        return spread_of(cost, "USD/request")

    # --- several options ----------------------------------------------------------------------------------------

    def _read_middle(self, case: _Case) -> Lines:
        """Return a whole bill at the best guesses."""
        slope = find_slope(case.middle.lines, spread_investment(self._middle, case.middle))
        return next(read_slope(slope))

    def _break_evens(self, read: list[_Read], draws: int) -> tuple[BreakEven, ...]:
        now = read_mid(self._middle.number("requests_per_day").magnitude)
        return tuple(
            find_break_even(
                (first, second),
                (self._middles[first], self._middles[second]),
                (read[first].slope, read[second].slope),
                now,
                min(BREAK_EVEN_DRAWS, draws),
            )
            for first in self._usable
            for second in self._usable
            if are_held_together(self._cases[first].candidate, self._cases[second].candidate)
        )

    def _context_limits(self, scene: Scene) -> tuple[tuple[int, Spread], ...]:
        """Return for each model the corpus up to which a cached prompt costs less a request than retrieved text (F13)."""
        found = []
        for index in self._usable:
            candidate = self._cases[index].candidate
            row = candidate.model
            if candidate.approach is not Approach.LONG_CONTEXT or row is None:
                continue
            price_in = reads = writes = scene.price(row, "in")
            if candidate.cache != "none":
                reads = scene.price(row, "cached")
                writes = scene.price_or(row, *WRITE_PRICES[candidate.cache])
            context = read_context(scene)
            limit = find_context_limit(context, find_hit(scene, candidate), (price_in, reads, writes))
            found.append((index, spread_of(limit, "tokens/request")))
        return tuple(found)

    def _paybacks(self, read: list[_Read], count: int) -> tuple[Payback, ...]:
        """Return for each tuned candidate when it has earned what it cost, against the cheapest untuned one (F15)."""
        running = {index: list_first(read[index].running, count) for index in self._usable}
        invested = {index: list_first(read[index].invested, count) for index in self._usable}
        untuned = [index for index in self._usable if not self._cases[index].candidate.approach.tunes]
        rival = min(untuned, key=lambda index: sum(running[index]), default=None)
        if rival is None:
            return ()
        return tuple(
            find_payback(
                (index, rival),
                (running[index], running[rival]),
                (invested[index], invested[rival]),
                months_left(self._inputs, self._cases[index].middle, self._today),
            )
            for index in self._usable
            if self._cases[index].candidate.approach.tunes
        )

    def _swings(self, leader: int) -> tuple[Swing, ...]:
        """Return what moves the leader's bill most, each input alone from its low to its high."""
        varied = self._inputs.uncertain()
        scene = Scene(self._inputs, OneAtATime(varied))
        totals: dict[int, Sequence[float]] = {}
        for index in self._usable:
            candidate = self._cases[index].candidate
            total = spread_total(scene, build_bill(scene, candidate, self._tools))
            totals[index] = list_first(self._rank_by(scene, candidate.approach, total), 1 + 2 * len(varied))
        return find_swings(varied, totals, leader)[:_MOST_SWINGS]

    def _assumed_names(self) -> tuple[tuple[str, str], ...]:
        """Return the names that stand in because the profile names none."""
        chat, tuned = default_models(self._inputs)
        ways = [case.candidate for case in self._cases]
        used = [
            ("model", chat, any(not way.is_own for way in ways)),
            ("tuned_model", tuned, any(way.approach.tunes and not way.is_own for way in ways)),
            ("embedding_model", self._tools.embedding.id, any(way.approach.retrieves for way in ways)),
            ("vector_store", self._tools.store.id, any(way.approach.retrieves for way in ways)),
            ("accelerator", self._tools.accelerator.id, any(way.is_own for way in ways)),
        ]
        return tuple((name, row) for name, row, needed in used if needed and not self._inputs.names_of(name))


def _warn_of_payback(index: int, cost: OptionCost, paybacks: tuple[Payback, ...]) -> OptionCost:
    """Return an option with a warning where tuning does not earn what it cost before the model is retired."""
    own = next((payback for payback in paybacks if payback.tuned == index), None)
    if own is None or own.in_time > 1 - DECIDES_FROM:
        return cost
    text = "tuning saves nothing each month against the cheapest option without it"
    if own.ever > 1 - DECIDES_FROM:
        text = f"tuning does not pay back within the {own.life:.1f} months for which the model can be used"
    return cost.replace(obstacles=(*cost.obstacles, GateFinding("payback", Ruling.WARNS, text)))
