"""Measured answers compared with those of a profile: which are new, which agree, and which contradict it.

A person's answer is never replaced; an earlier measurement is.
"""

from __future__ import annotations

from collections.abc import Sequence

from ragortune.evidence.profile import Vocabulary
from ragortune.model import Answer, Profile, Provenance, QuantityValue
from ragortune.model.measurements import Measurement
from ragortune.support.record import Record
from ragortune.support.text import clean_line, cut_text, join_words

_LONGEST_EVIDENCE = 400
_NEAR = 1.2
"""Factor up to which two numbers agree: a share or an hour is never measured twice to the last digit."""
_FITS, _PATH = "knowledge.fits_prompt", "knowledge.access_path"


class MeasuredAnswer(Record, frozen=True):
    """One answer or quantity that was measured, beside what the profile says."""

    name: str
    """Criterion, or `quantities.` and the name of a quantity."""
    value: object
    """As a profile holds it."""
    levels: tuple[str, ...]
    """The levels that the value stands for; empty for a quantity."""
    measurement: Measurement
    date: str
    """The date for which it holds, YYYY-MM-DD."""
    answered: Answer | QuantityValue | None = None
    """What the profile says, if anything."""
    agrees: bool = True
    """False if the profile's answer and the measured one cannot both be true."""

    @property
    def replaces(self) -> bool:
        """Whether it may be written: the profile has no answer, or one that was measured."""
        return self.answered is None or self.answered.source is Provenance.MEASURED

    @property
    def remark(self) -> str:
        """The comment behind a person's answer that contradicts it."""
        ends = self.value.values() if isinstance(self.value, dict) else (self.value,)
        value = join_words(self.levels, "or") or " to ".join(map(str, ends))
        return clean_line(f"measured {self.date}: {value}; {self.measurement.says}", 160)

    @property
    def entry(self) -> dict[str, object]:
        """The entry for a profile: value, evidence, source and date."""
        ends = self.value if isinstance(self.value, dict) and not self.levels else {"value": self.value}
        source = {"source": Provenance.MEASURED.value, "as_of": self.date}
        return {**ends, "evidence": describe_figures(self.measurement), **source}


def describe_figures(measurement: Measurement) -> str:
    """Return figures, method, sample size and interval on one line, as the evidence of an answer."""
    parts = [measurement.method, f"n = {measurement.count:,} {measurement.of}"]
    if measurement.interval is not None:
        low, high = (f"{end:.3g}" if abs(end) < 1000 else f"{end:,.0f}" for end in measurement.interval)
        parts.append(f"95% interval {low} to {high}")
    return cut_text(f"{measurement.says} ({'; '.join(parts)})", _LONGEST_EVIDENCE)


def compare_answers(
    measurements: Sequence[Measurement], profile: Profile, vocabulary: Vocabulary, today: str
) -> tuple[MeasuredAnswer, ...]:
    """Return all measured answers, each with the profile's; if two probes answer one criterion, the later one counts.

    Measurements without a date are dated `today`, YYYY-MM-DD.
    """
    found: dict[str, MeasuredAnswer] = {}
    # Where all the material fits the prompt, a search that works does not show that one is needed.
    fits = any(measurement.answers.get(_FITS) == "yes" for measurement in measurements)
    for measurement in measurements:
        date = measurement.date or today
        for name, levels in vocabulary.read_profile(measurement.answers).levels.items():
            if fits and name == _PATH:
                continue
            answer = profile.known.get(name)
            shared = set(levels).intersection(answer.levels if answer else levels)
            agrees = len(shared) == len(levels) if vocabulary.allows_several(name) else bool(shared)
            value = measurement.answers[name]
            found[name] = MeasuredAnswer(name, value, levels, measurement, date, answer, agrees)
        quantities = vocabulary.read_profile({"quantities": measurement.quantities}).quantities
        for name, measured in quantities.items():
            answer, known = profile.known.get(measured.criterion or ""), profile.quantities.get(name)
            if answer is not None and answer.source not in {Provenance.MEASURED, Provenance.DERIVED}:
                continue  # a profile whose quantity contradicts the person's answer could not be read
            agrees = known is None or (
                known.low <= _NEAR * measured.high and measured.low <= _NEAR * known.high
            )
            key, value = f"quantities.{name}", measurement.quantities[name]
            found[key] = MeasuredAnswer(key, value, (), measurement, date, known, agrees)
    return tuple(found.values())
