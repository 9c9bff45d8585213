"""Which part of a document a heading, a label or the header of a column opens.

The words were counted in published design documents; where several fit, the first in the list wins.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ragortune.designdoc.wordings import compile_words
from ragortune.statements import Zone

_ZONE_WORDS: tuple[tuple[Zone, str], ...] = (
    (
        Zone.OTHER_SYSTEM,
        (
            r"decision (?:tree|guide|matrix|framework|table)|(?:industry|related|academic|market|competitive|user|prior) "
            r"(?:research|work|work|benchmarks?|landscape|analysis|art)|industry\b|competit|prior art|real.world examples"
            r"|case stud|when (?:to|should|would|do)\b.{0,40}(?:use|choose|rag|tun|instead)|when rag\b|literature|references"
            r"|further reading|^(?:external |additional |useful |more )?(?:resources|links)$|acknowledg|bibliograph|glossary|related (?:documents?|decisions?|adrs?|links?)|see also|existing (?:tools|products|solutions)"
            r"|state of the art|stand der technik|estado del arte|état de l.art|referencias|quellen|kaynak|参考|相关工作"
        ),
    ),
    (
        Zone.NON_GOAL,
        (
            r"non.?goals?|out.of.scope|not in scope|scope boundar|exclusions?|what (?:this|it|we) (?:is not|are not|do not|"
            r"does not|won.t)|won.t (?:do|have)|not (?:doing|included|covered|planned)|anti.?goals?|we (?:do not|don.t|won.t|will not)"
            r"|nicht.?ziele|außerhalb|fuera del? alcance|no objetivos|hors (?:du )?(?:périmètre|scope|champ)|non.objectifs"
            r"|kapsam dışı|非目标|不在范围|范围外|不做"
        ),
    ),
    (
        Zone.REJECTED,
        (
            r"alternativ|reject|considered|options? (?:we )?(?:evaluated|compared|weighed)|^options?$|pros and cons"
            r"|not (?:chosen|selected|used|picked|taken)|intentionally not|why (?:we )?(?:not|didn.t|don.t|did not|no)\b|dead.?ends?|did(?:n.t| not) work"
            r"|does(?:n.t| not) work|discarded|dismissed|ruled out|abandoned|other (?:approaches|options)|superseded|deprecated"
            r"|historical|verworfen|betrachtete|optionen|descartad|opciones|écart|rejet|envisag|reddedil|elenen|seçenek"
            r"|替代|备选|否决|未采用|考虑过|方案对比"
        ),
    ),
    (
        Zone.FUTURE,
        (
            r"future|roadmap|next (?:steps?|phase|iteration|year|quarter|month|half|release)|what.?s next|\blater\b|(?:phase|stage|milestone|iteration) ?(?:[2-9]|ii+|two|three)\b"
            r"|parking lot|long[- ]term|production (?:target|roadmap|hardening)|path to production|possible (?:extensions?|improvements?)|^(?:potential |possible |suggested |planned |further )?(?:improvements|enhancements|extensions)$|when to (?:upgrade|revisit|migrate|reconsider)|scaling (?:path|plan)|room (?:to|for) (?:grow|improve)|to (?:add|build|improve|explore) (?:over time|later|next)|areas (?:for|of|to) improve|revisit|reconsider|backlog|growth|follow.?ups?\b|\bideas\b|stretch|nice.to.have|open (?:questions?|issues|points)"
            r"|not started|planned|to.?do\b|trigger|upgrade path|évolutions|travaux futurs|perspectives|prochaines|trabajo futuro"
            r"|próximos|mejoras|zukunft|ausblick|nächste schritte|gelecek|sonraki|yol haritası|未来|后续|路线图|下一步|展望"
        ),
    ),
    (
        Zone.DECISION,
        (
            r"^(?:the |our |key |final |architecture |project |main |technical |accepted )*decisions?(?: outcome| summary| record| made|s? \(resolved\))?$"
            r"|^decisions? ?[-:#\u2013\u2014(\d]|chosen|selected|picked|^outcome|what we (?:decided|chose|picked|ship|will do|are doing)|we (?:chose|decided|will use|use)\b|^recommendations?\b|recommended (?:approach|option|solution|architecture|design|strategy|choice)"
            r"|final (?:choice|approach|architecture)|^(?:option|alternative|approach|variant) [a-h\d].{0,90}(?:\brecommended\b|✅|\bpreferred\b|\bour choice\b)|verdict|conclusion|resolution|^proposal|proposed (?:solution|approach|design|change)"
            r"|resolved|why (?:we )?(?:chose|use|picked)|why this (?:approach|design|option|architecture)|entscheidung|empfehlung|decisión|décision|decisão|decisione|決定|\bkarar\b|seçilen|决策|决定|结论|选型"
        ),
    ),
    (
        Zone.REQUIREMENTS,
        (
            r"requirement|constraint|driver|goals?\b|objectives|success|kpis?\b|metrics|targets?\b|\bslas?\b|\bslos?\b|assumptions"
            r"|acceptance|non.?functional|anforderung|\bziele\b|requisitos|objetivos|exigences|objectifs|gereksinim|hedef|需求|目标|约束|指标"
        ),
    ),
    (
        Zone.SUMMARY,
        (
            r"summary|overview|introduction|^abstract$|tl;?dr|objective|purpose|at a glance|in short|what (?:is|it does|this does)|current (?:approach|state|status|design)"
            r"|résumé|resumen|zusammenfassung|überblick|özet|genel bakış|概述|摘要|简介|总览"
        ),
    ),
    (
        Zone.CONSEQUENCES,
        (
            r"consequence|impact|trade.?off|drawback|benefit|\brisks?\b|implication|^positive|^negative|^neutral|^pros?$|^cons?$"
            r"|advantages|limitations|konsequenz|folgen|consecuencia|conséquence|sonuç|后果|影响|优点|缺点"
        ),
    ),
    (
        Zone.ARCHITECTURE,
        (
            r"architect|design|pipeline|component|implementation|how it works|data flow|workflow|stack|technical|infrastructure|approach"
            r"|solution|system|model|training|retrieval|ingestion|deployment|inference|arquitectura|diseño|mimari|架构|设计|^方案|conception|architektur|entwurf|aufbau"
        ),
    ),
)
_HEADING_ZONES = tuple((zone, compile_words(words)) for zone, words in _ZONE_WORDS)
_LABEL_ZONES = tuple(
    (zone, pattern)
    for zone, pattern in _HEADING_ZONES
    if zone not in {Zone.ARCHITECTURE, Zone.SUMMARY, Zone.REQUIREMENTS}
)
_ROW_ZONES = (
    (
        Zone.REJECTED,
        re.compile(
            r"\W*(?:rejected|not (?:chosen|selected)|discarded|ruled out|dismissed|no)\b|.*\(rejected\)",
            re.IGNORECASE,
        ),
    ),
    (
        Zone.DECISION,
        re.compile(
            r"\W*(?:selected|chosen|accepted|adopted|our choice|winner)\W*$|.*\((?:selected|chosen|our choice)\)",
            re.IGNORECASE,
        ),
    ),
    (
        Zone.FUTURE,
        re.compile(
            r"\W*(?:planned|future|later|not started|deferred|backlog|phase [2-9])\W*$", re.IGNORECASE
        ),
    ),
)
_ROW_HEADER = re.compile(
    r"\bwhy (?:we )?(?:not|didn|did not|don|do not)|\breasons? (?:for|of) reject|\breject(?:ed|ion)\b.{0,20}\b(?:because|reason)|\bnot (?:chosen|selected|picked) because",
    re.IGNORECASE,
)
_OPTIONS_TITLE = re.compile(r"\W*(?:options|alternatives|comparison|comparing)\b", re.IGNORECASE)
_GENERAL_TITLE = re.compile(
    r"\b(?:glossary|terminology|cheat.?sheet|decision (?:tree|guide|framework)|choosing (?:between|a)|how to (?:choose|pick|decide)"
    r"|when to (?:use|choose)|introduction to|best practices|reading list|literature review|survey of|comparison of|mistakes)\b"
    r"|\b(?:comparison|explained|basics|agenda|outline|101|tutorial|primer|workshop)\W*$|^\W*(?:gu[ií]a\b|guide pour|leitfaden|technology radar|tech radar|rehber)|\b(?:cuándo usar|quand utiliser|wann (?:man )?\w+|ne zaman)|^\W*(?:workshop|tutorial|course outline)\b|^\W*(?:lecture|lesson|seminar|session|exercise) \d|\b(?:lecture|course) notes\W*$|\bsyllabus\b",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"^(?:\W+|\d+(?:\.\d+)*[.):]?\s+|[A-Z][.)]\s+)+")
_STICKY = frozenset((Zone.REJECTED, Zone.NON_GOAL, Zone.FUTURE, Zone.OTHER_SYSTEM, Zone.TEMPLATE))
STRONG_ZONES = frozenset((Zone.DECISION, Zone.REJECTED, Zone.NON_GOAL, Zone.FUTURE, Zone.OTHER_SYSTEM))
_LONGEST = 160
_MOST_REMEMBERED = 5_000


def zone_of_heading(text: str, parent: Zone | None = None) -> Zone:
    """Return the zone that a heading opens, given the zone it stands in.

    A heading without a meaning of its own stays in the zone of its parent, and inside rejected alternatives, non-goals,
    future work and other systems only another strong word leads out again.
    """
    own = _find_zone(text, _HEADING_ZONES)
    if parent in _STICKY and own not in STRONG_ZONES:
        return parent
    return own or parent or Zone.CONTEXT


@lru_cache(_MOST_REMEMBERED)
def zone_of_label(text: str) -> Zone | None:
    """Return the zone that a label, the sentence before a list or the header of a column puts its text into."""
    return _find_zone(text, _LABEL_ZONES)


def zone_below_title(title: str) -> Zone:
    """Return the zone of what stands right below a title: its summary, unless the whole document weighs or teaches."""
    if _GENERAL_TITLE.search(title):
        return Zone.OTHER_SYSTEM
    return Zone.REJECTED if _OPTIONS_TITLE.match(title) else Zone.SUMMARY


def join_zones(section: Zone, *inner: Zone | None) -> Zone:
    """Return the zone of text in a section, given what its list and its label say, innermost last.

    Only a strong word leads out of rejected alternatives, non-goals, future work and other systems: the `Pros:` of a
    rejected option stay its own.
    """
    for zone in inner:
        if zone is not None and (section not in _STICKY or zone in STRONG_ZONES):
            section = zone
    return section


def zone_of_column(text: str) -> Zone | None:
    """Return the zone that the header of a column gives to whole rows, such as `Why we did not pick it`."""
    return Zone.REJECTED if _ROW_HEADER.search(text[:_LONGEST]) else None


def zone_of_row(cells: tuple[str, ...]) -> Zone | None:
    """Return the zone that a cell such as `Rejected` or `B: Two models (Selected)` gives to its whole row."""
    for cell in cells:
        for zone, pattern in _ROW_ZONES:
            if len(cell) <= _LONGEST and pattern.match(cell):
                return zone
    return None


def _find_zone(text: str, zones: tuple[tuple[Zone, re.Pattern[str]], ...]) -> Zone | None:
    plain = _NUMBERING.sub("", text[:_LONGEST]).strip(" :*_")
    return next((zone for zone, pattern in zones if pattern.search(plain)), None)
