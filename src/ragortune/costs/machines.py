"""Own accelerators: how many carry the load, and how fast they answer."""

from __future__ import annotations

from ragortune.costs import formulas
from ragortune.costs.inputs import Scene
from ragortune.model import PriceRow
from ragortune.model.quantities import Quantity, larger_of, map_quantity, measure, round_up, smaller_of
from ragortune.support.record import Record

_SMALL = 8.03e9
"""Parameters of the model whose shape is known best; others are scaled from it."""
_SMALL_LAYERS, _SMALL_WIDTH, _SMALL_CACHE = 32.0, 4096.0, 131_072.0
_GROWTH, _CACHE_GROWTH = 1 / 3, 0.4225
"""Layers and width grow with the cube root; the cache fits models of 8 and 70 billion parameters."""
_ROOM = 1.2
"""Memory of weights and working space, over the weights alone."""
_EACH = measure(1.0, "request")


class Machines(Record, frozen=True):
    """What carries an own model."""

    count: Quantity
    """Accelerators."""
    group: Quantity
    """Accelerators that hold the model once."""
    service: Quantity
    """Time that one request takes of a group."""
    prefill: Quantity
    """Time to read a prompt."""
    batch: Quantity
    """Requests that are answered together."""
    sequence: Quantity
    """Bytes of keys and values of one request."""
    reach: Quantity
    """Memory bandwidth of a group that is reached."""


def shape_of(parameters: Quantity) -> tuple[Quantity, Quantity]:
    """Return layers and width of a dense model of that size, scaled from an 8B model."""
    size = parameters / measure(_SMALL, "parameters")
    grown = map_quantity(lambda ratio: ratio**_GROWTH, size)
    return grown * _SMALL_LAYERS, grown * _SMALL_WIDTH


def cache_bytes(parameters: Quantity) -> Quantity:
    """Return the bytes of keys and values of one token, for models with grouped attention."""
    size = parameters / measure(_SMALL, "parameters")
    return map_quantity(lambda ratio: ratio**_CACHE_GROWTH, size) * measure(_SMALL_CACHE, "bytes/token")


def measure_machines(scene: Scene, accelerator: PriceRow, prompt: Quantity, answer: Quantity) -> Machines:
    """Return how many accelerators carry the peak, and how fast they answer; F10 and F11."""
    parameters = scene.number("own_parameters")
    memory = scene.price(accelerator, "memory")
    weights = parameters * formulas.WEIGHT
    group = round_up(weights * _ROOM / memory)
    speed, bandwidth = (scene.price(accelerator, name) * group for name in ("peak", "bandwidth"))
    tokens, written = prompt * _EACH, answer * _EACH
    prefill = formulas.estimate_prefill(
        parameters, tokens, shape_of(parameters), speed, scene.constant("serving-prefill-mfu")
    )
    sequence = cache_bytes(parameters) * (tokens + written / 2.0)
    batch = fit_batch(memory * group - weights * _ROOM, sequence, scene.constant("serving-batch"))
    reach = bandwidth * scene.constant("serving-bandwidth-use")
    service = formulas.estimate_service(prefill, written, weights / batch, sequence, reach)
    groups = formulas.count_groups(_read_peak(scene), service, scene.constant("serving-utilisation"))
    fewest = larger_of(scene.number("own_accelerators"), group)
    return Machines(larger_of(groups * group, fewest), group, service, prefill, batch, sequence, reach)


def find_capacity(scene: Scene, machines: Machines) -> Quantity:
    """Return the requests a second that all accelerators carry while answers stay prompt."""
    return machines.count / machines.group / machines.service * scene.constant("serving-utilisation")


def _read_peak(scene: Scene) -> Quantity:
    """Return the requests a second in the busiest time."""
    return scene.keep(
        "peak",
        lambda: scene.number("requests_per_day") / scene.number("active_hours") * scene.number("peak_factor"),
    )


def time_token(scene: Scene, machines: Machines, answer: Quantity) -> Quantity:
    """Return the time to write one token at the load of the peak, which is less than that of full batches."""
    each = _read_peak(scene) / (machines.count / machines.group)
    parameters = scene.number("own_parameters")
    usual = formulas.estimate_usual_step(parameters, machines.sequence, machines.reach, answer * each)
    full = formulas.estimate_step(parameters, machines.sequence * machines.batch, machines.reach)
    return smaller_of(usual, full)


def fit_batch(room: Quantity, sequence: Quantity, most: Quantity) -> Quantity:
    """Return how many requests are answered together: as many as memory holds, at least one, at most some."""
    one = measure(1.0, "times")
    return larger_of(one, smaller_of(most, room / sequence))
