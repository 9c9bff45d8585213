"""What tuning costs: each training run, new labels and upkeep, hosting of the tuned model, what is paid once."""

from __future__ import annotations

from ragortune.costs import formulas
from ragortune.costs.candidates import Candidate, Tools
from ragortune.costs.inputs import Scene
from ragortune.costs.lines import Line, Part
from ragortune.model.quantities import Quantity, measure


def price_tuning(scene: Scene, candidate: Candidate, tools: Tools) -> Part:
    """Return the part of a bill that every option with this tuned model has."""
    job = price_training_job(scene, candidate, tools)
    lines, investments = _tuning_lines(scene, candidate, job), _tuning_investments(scene, job)
    return Part(scene.number("requests_per_day"), tuple(lines), tuple(investments))


def price_training_job(scene: Scene, candidate: Candidate, tools: Tools) -> Quantity:
    """Return what tuning once costs, with all runs until one is kept."""
    runs = scene.number("training_runs")
    tokens = scene.keep("training tokens", lambda: _count_training(scene))
    row = candidate.model
    if row is not None and "train" in row.values:
        return formulas.price_training(tokens, runs, scene.price(row, "train"))
    if row is not None:
        return runs * scene.number("training_hours") * scene.price(row, "train_hour")
    accelerator = tools.accelerator
    trains_all = scene.inputs.names_of("own_tuning") == ("full",)
    time = formulas.estimate_training_time(
        scene.number("own_parameters"),
        tokens,
        scene.constant("training-flops-full" if trains_all else "training-flops-adapter"),
        scene.price(accelerator, "peak"),
        scene.price(accelerator, "mfu"),
    )
    return runs * time * scene.price(accelerator, "hour")


def _count_training(scene: Scene) -> Quantity:
    return formulas.count_training_tokens(
        scene.number("examples"), scene.number("example_tokens"), scene.number("epochs")
    )


def _tuning_lines(scene: Scene, candidate: Candidate, job: Quantity) -> list[Line]:
    rate = scene.number("retrainings_per_year")
    lines = [
        Line("training", job * rate),
        *scene.keep("upkeep", lambda: _upkeep_lines(scene, rate)),
    ]
    if candidate.model is not None:
        one = measure(1.0, "times")
        lines.insert(0, Line("hosting", formulas.price_machines(one, scene.price(candidate.model, "host"))))
    return lines


def _upkeep_lines(scene: Scene, rate: Quantity) -> list[Line]:
    labels = scene.number("examples") * scene.number("label_cost") * scene.number("relabelled")
    upkeep = scene.number("tuning_upkeep_days") * scene.number("engineer_day")
    return [Line("new labels", labels * rate), Line("upkeep of the tuned model", upkeep * rate)]


def _tuning_investments(scene: Scene, job: Quantity) -> list[tuple[str, Quantity]]:
    return [
        ("labels", scene.number("examples") * scene.number("label_cost")),
        ("first training", job),
        ("engineering of tuning", scene.number("tuning_days") * scene.number("engineer_day")),
    ]
