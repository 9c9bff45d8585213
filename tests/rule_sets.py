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
    Rule,
    Rulebook,
    RuleTests,
    Scale,
    Selection,
    Strength,
)

FACT = "derived.fact"
WEIGHTS = ((0.35, 0.7, 1.2, 2.0), (1.0, 2.0, 3.0, 4.0), (1.01, 2.0, 3.333, 4.0))
"""Weights of the four words: the shipped ones, some that often tie, and some without a common divisor."""


def make_rulebook(generator, criteria=4, rules=9):
    """Return a rule set with interactions, exceptions and gates, drawn at random.

    Some criteria let several levels hold at once, some rules read a fact that is derived, and scores tie now and then.
    """
    levels = {f"team.q{number}": draw_levels(generator) for number in range(criteria)}
    several = {name for name in levels if generator.random() < 0.4}
    readable = {**levels, FACT: ["low", "high"]}
    drawn = [draw_rule(generator, number, readable, several) for number in range(rules)]
    weights = generator.choice(WEIGHTS)
    scale = Scale(
        *weights,
        intercept_rag=generator.choice([-1.0, -0.35, 0.0, 0.5]),
        intercept_fine_tuning=generator.choice([-2.2, -1.0, 0.0]),
        unconfirmed=1.2,
        firm_from=0.8,
        ask_from=0.02,
    )
    return Rulebook(
        name="random",
        version="1",
        digest="sha256:0",
        scale=scale,
        criteria={
            name: make_criterion(name, own, several=name in several, fixed=generator.random() < 0.2)
            for name, own in levels.items()
        },
        rules={rule.id: rule for rule in drawn},
        sources={},
        options={},
        derived={FACT: make_criterion(FACT, readable[FACT])},
    )


def make_criterion(name, levels, *, several=False, fixed=False):
    listed = tuple(Level(level, "") for level in levels)
    return Criterion(name, "", "", "", listed, nominal=several, several=several, fixed=fixed)


def draw_levels(generator):
    return [f"l{place}" for place in range(generator.randint(2, 3))]


def draw_rule(generator, number, levels, several):
    names = generator.sample(list(levels), generator.choice([1, 1, 1, 2, 2, 3]))
    split = generator.randint(1, len(names)) if generator.random() < 0.5 else len(names)
    conditions = {name: draw_condition(generator, levels[name], name in several) for name in names}
    effects, gates = [], []
    if generator.random() < 0.3:
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
        when={name: conditions[name] for name in names[:split]},
        because="",
        sources=(),
        exceptions=(),
        remedy="",
        tests=RuleTests(),
        unless={name: conditions[name] for name in names[split:]},
        effects=tuple(effects),
        gates=tuple(gates),
    )


def draw_condition(generator, levels, several):
    wanted = tuple(generator.sample(levels, generator.randint(1, 2)))
    return Selection(main=wanted) if several and generator.random() < 0.4 else wanted


def draw_answers(generator, book, share=0.5):
    """Return random answers: one level, or more where a team is between them or where several hold; facts as well."""
    levels = {}
    for criterion in book.readable.values():
        if generator.random() < share:
            count = 1 if criterion.id == FACT else generator.choice([1, 1, 1, 2])
            chosen = generator.sample(criterion.level_ids, count)
            levels[criterion.id] = tuple(
                chosen if criterion.several else sorted(chosen, key=criterion.level_ids.index)
            )
    return levels


def list_answers(criterion):
    """Return every answer to a criterion: levels alone, and more than one; of several that hold, each as the main one."""
    subsets = [
        subset
        for size in range(1, len(criterion.level_ids) + 1)
        for subset in itertools.combinations(criterion.level_ids, size)
    ]
    if not criterion.several:
        return subsets
    return [(main, *(own for own in subset if own != main)) for subset in subsets for main in subset]


def list_completions(book, levels):
    """Yield every completion: open answers stay open or get any answer, and where a team is between levels it finds out.

    Answers of which several levels hold are known, and facts stay as they are.
    """
    choices = []
    for criterion in book.criteria.values():
        known = levels.get(criterion.id)
        if known is None:
            answers = [None, *list_answers(criterion)]
        elif criterion.several:
            answers = [known]
        else:
            answers = [own for own in list_answers(criterion) if set(own) <= set(known)]
        choices.append([(criterion.id, answer) for answer in answers])
    facts = {name: own for name, own in levels.items() if name not in book.criteria}
    for chosen in itertools.product(*choices):
        yield facts | {name: answer for name, answer in chosen if answer is not None}
