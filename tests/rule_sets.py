"""Small random rule sets, to hold every proof against going through all completions one by one."""

import itertools

from ragortune.model import (
    Criterion,
    Direction,
    Effect,
    Gate,
    GateKind,
    Level,
    Need,
    Option,
    Rule,
    Rulebook,
    RuleTests,
    Scale,
    ScaleStep,
    Strength,
)


def make_rulebook(generator, criteria=4, rules=9):
    """Return a rule set with interactions, exceptions and gates, drawn at random."""
    names = [f"team.q{number}" for number in range(criteria)]
    levels = {name: [f"l{place}" for place in range(generator.randint(2, 3))] for name in names}
    drawn = [_draw_rule(generator, number, levels) for number in range(rules)]
    thresholds = [generator.choice([0, 0.5, 1, 1.5, 2]) for _ in Need]
    order = list(Option)
    generator.shuffle(order)
    scale = Scale(
        weak=ScaleStep(weight=1.0, low=0.5, high=1.5),
        moderate=ScaleStep(weight=2.0, low=1.5, high=2.5),
        strong=ScaleStep(weight=3.0, low=2.5, high=4.0),
        needs_rag_above=thresholds[0],
        needs_fine_tuning_above=thresholds[1],
        narrow_below=1.0,
        firm_from=3.0,
        tie_order=tuple(order),
    )
    return Rulebook(
        name="random",
        version="1",
        digest="sha256:0",
        scale=scale,
        criteria={
            name: Criterion(
                name, "", "", "", tuple(Level(level, "") for level in own), given=generator.random() < 0.2
            )
            for name, own in levels.items()
        },
        rules={rule.id: rule for rule in drawn},
        sources={},
        options={},
    )


def _draw_rule(generator, number, levels):
    names = generator.sample(list(levels), generator.choice([1, 1, 1, 2, 2, 3]))
    split = generator.randint(1, len(names)) if generator.random() < 0.5 else len(names)
    conditions = {
        name: tuple(
            level
            for level in levels[name]
            if level in generator.sample(levels[name], generator.randint(1, 2))
        )
        for name in names
    }
    when = {name: conditions[name] for name in names[:split]}
    unless = {name: conditions[name] for name in names[split:]}
    effects, gates = [], []
    if generator.random() < 0.25:
        gates = [Gate(generator.choice(list(Need)), generator.choice(list(GateKind)))]
    if not gates or generator.random() < 0.3:
        effects = [
            Effect(need, generator.choice(list(Direction)), generator.choice(list(Strength)))
            for need in generator.sample(list(Need), generator.choice([1, 1, 2]))
        ]
    return Rule(
        id=f"rule-{number}",
        code=f"X{number:02}",
        title="",
        when=when,
        because="",
        sources=(),
        exceptions=(),
        remedy="",
        tests=RuleTests(),
        unless=unless,
        effects=tuple(effects),
        gates=tuple(gates),
    )


def draw_answers(generator, book, share=0.5):
    """Return random answers: one level, or several where a team is between them."""
    levels = {}
    for criterion in book.criteria.values():
        if generator.random() < share:
            chosen = generator.sample(criterion.level_ids, generator.choice([1, 1, 1, 2]))
            levels[criterion.id] = tuple(level for level in criterion.level_ids if level in chosen)
    return levels


def list_completions(book, levels):
    """Yield every completion: open answers stay open, or become any set of their possible levels."""
    choices = []
    for criterion in book.criteria.values():
        possible = levels.get(criterion.id, criterion.level_ids)
        states = [
            subset
            for size in range(1, len(possible) + 1)
            for subset in itertools.combinations(possible, size)
        ]
        choices.append(
            [(criterion.id, state) for state in (states if criterion.id in levels else [None, *states])]
        )
    for chosen in itertools.product(*choices):
        yield {name: state for name, state in chosen if state is not None}
