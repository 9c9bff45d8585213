"""Own accelerators: how many are needed for the load, and how fast they answer."""

from __future__ import annotations

from ragortune.costs import formulas
from ragortune.costs.inputs import Inputs
from ragortune.model import PriceRow
from ragortune.model.quantities import Quantity, measure, round_up
from ragortune.support.record import Record

_SMALL = 8.03e9
"""Parameters of the reference model from which others are scaled."""
_SMALL_LAYERS, _SMALL_WIDTH, _SMALL_CACHE = 32.0, 4096.0, 131_072.0
_GROWTH, _CACHE_GROWTH = 1 / 3, 0.4225
"""Exponents: layers and width grow with the cube root of the parameters; the cache fits models of 8B and 70B."""
_ROOM = 1.2
"""Memory for weights and working space, relative to the weights."""
_EACH = measure(1.0, "request")


class Machines(Record, frozen=True):
    """Accelerators that serve an own model."""

    count: Quantity
    """Number of accelerators."""
    prefill: Quantity
    """Time to read a prompt."""
    token_time: Quantity
    """Time to write one token at the load of the peak."""
    capacity: Quantity
    """Rate of requests that the accelerators can serve at the given utilisation and peak factor."""


def _grow(parameters: Quantity, exponent: float) -> Quantity:
    return (parameters / measure(_SMALL, "parameters")).apply(lambda ratio: ratio**exponent)


def cache_bytes(parameters: Quantity) -> Quantity:
    """Return the bytes of keys and values of one token, for models with grouped attention."""
    return _grow(parameters, _CACHE_GROWTH) * measure(_SMALL_CACHE, "bytes/token")


def measure_machines(inputs: Inputs, accelerator: PriceRow, prompt: Quantity, answer: Quantity) -> Machines:
    """Return the number of accelerators that serve the peak load, and their speed; F10 and F11.

    Layers and width are those of a dense model of that size, scaled from one of 8B.
    """
    parameters, one = inputs.number("own_parameters"), measure(1.0, "times")
    memory = inputs.price(accelerator, "memory")
    weights = parameters * formulas.WEIGHT
    group = round_up(weights * _ROOM / memory)
    speed, bandwidth = (inputs.price(accelerator, name) * group for name in ("peak", "bandwidth"))
    tokens, written = prompt * _EACH, answer * _EACH
    grown = _grow(parameters, _GROWTH)
    shape = grown * _SMALL_LAYERS, grown * _SMALL_WIDTH
    utilised = inputs.constant("serving-prefill-mfu")
    prefill = formulas.estimate_prefill(parameters, tokens, shape, speed, utilised)
    sequence = cache_bytes(parameters) * (tokens + written / 2.0)
    # Batch size: the requests whose caches fit the memory, at least one and up to the limit of a server.
    room = memory * group - weights * _ROOM
    batch = (room / sequence).at_most(inputs.constant("serving-batch")).at_least(one)
    reach = bandwidth * inputs.constant("serving-bandwidth-use")
    service = formulas.estimate_service(prefill, written, weights / batch, sequence, reach)
    active, peak_factor = inputs.number("active_hours"), inputs.number("peak_factor")
    peak = inputs.number("requests_per_day") / active * peak_factor
    utilisation = inputs.constant("serving-utilisation")
    needed = formulas.count_groups(peak, service, utilisation) * group
    count = needed.at_least(inputs.number("own_accelerators").at_least(group))
    groups = count / group
    usual = formulas.estimate_usual_step(parameters, sequence, reach, answer * (peak / groups))
    full = formulas.estimate_step(parameters, sequence * batch, reach)
    capacity = groups / service * utilisation / peak_factor * active
    return Machines(count, prefill, usual.at_most(full), capacity)
