"""Measured answers beside those that a profile already has: what is new, what agrees, and what does not.

A person's answer is never replaced. An answer that was measured before is, because it was only ever a figure of its day.
"""

from __future__ import annotations

from collections.abc import Iterable

from ragortune.evidence.entries import describe_details
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Answer, Profile, Provenance, QuantityValue
from ragortune.model.measurements import Measurement
from ragortune.support.record import Record
from ragortune.support.text import clean_line, cut_text, join_words

_LONGEST_EVIDENCE = 400
_FITS, _PATH = "knowledge.fits_prompt", "knowledge.access_path"


class MeasuredAnswer(Record, frozen=True):
    """One answer or quantity that was measured, beside what the profile says."""

    name: str
    """Criterion, or `quantities.` and the name of a quantity."""
    value: object
    """As a profile holds it."""
    levels: tuple[str, ...]
    """Levels that it allows; empty for a quantity."""
    measurement: Measurement
    date: str
    """The date for which it holds, YYYY-MM-DD."""
    answered: Answer | QuantityValue | None = None
    """What the profile says; None where it says nothing."""
    agrees: bool = True
    """False where what the profile says cannot be true if what was measured is."""

    @property
    def replaces(self) -> bool:
        """Whether it may be written: nobody has answered, or an older measurement has."""
        return self.answered is None or self.answered.source is Provenance.MEASURED

    @property
    def remark(self) -> str:
        """What is beside the answer of a person who says something else."""
        value = join_words(self.levels, "or") or self.value
        return clean_line(f"measured {self.date}: {value}; {self.measurement.says}", 160)

    @property
    def entry(self) -> dict[str, object]:
        """What a profile holds: the value with its evidence, source and date."""
        answer = Answer((), self.value, Provenance.MEASURED, describe_figures(self.measurement), self.date)
        return {"value": self.value, **describe_details(answer)}


def describe_figures(measurement: Measurement) -> str:
    """Return figures, method, sample and interval on one line, as an answer has them for evidence."""
    parts = [measurement.method, f"n = {measurement.count:,} {measurement.of}"]
    if measurement.interval is not None:
        low, high = (f"{end:.3g}" if abs(end) < 1000 else f"{end:,.0f}" for end in measurement.interval)
        parts.append(f"95% interval {low} to {high}")
    return cut_text(f"{measurement.says} ({'; '.join(parts)})", _LONGEST_EVIDENCE)


def compare_answers(
    measurements: Iterable[Measurement], profile: Profile, vocabulary: Vocabulary, today: str
) -> tuple[MeasuredAnswer, ...]:
    """Return what was measured beside what a profile says; of two probes on one question the later one counts.

    Measurements that have no date of their own are of `today`, YYYY-MM-DD.
    """
    found: dict[str, MeasuredAnswer] = {}
    listed = tuple(measurements)
    # That a search finds the passages does not show that anything has to be searched for.
    fits = any(own.answers.get(_FITS) == "yes" for own in listed)
    for measurement in listed:
        date = measurement.date or today
        for name, value in measurement.answers.items():
            levels = vocabulary.read_profile({name: value}).levels.get(name, ())
            if not levels or (fits and name == _PATH):
                continue
            answer, agrees = profile.known.get(name), True
            if answer is not None and vocabulary.allows_several(name):
                agrees = set(levels) <= set(answer.levels)
            elif answer is not None:
                agrees = not set(levels).isdisjoint(answer.levels)
            found[name] = MeasuredAnswer(name, value, levels, measurement, date, answer, agrees)
        for name, value in measurement.quantities.items():
            measured = vocabulary.read_profile({"quantities": {name: value}}).quantities[name]
            answer, known = profile.known.get(measured.criterion or ""), profile.quantities.get(name)
            if answer is not None and answer.source not in {Provenance.MEASURED, Provenance.DERIVED}:
                continue  # a profile in which the criterion that a person answered and the quantity differ could not be read
            agrees = known is None or (known.low <= measured.high and measured.low <= known.high)
            own = MeasuredAnswer(f"quantities.{name}", value, (), measurement, date, known, agrees)
            found[own.name] = own
    return tuple(found.values())
