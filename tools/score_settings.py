"""Hold what is read from the settings of the casebook, each as a one-paragraph document, against the coded answers.

usage: python tools/score_settings.py [--misses]

Of the answers on which both speak, prints how many agree: exactly (the same level), or within (the coded level is one of
those that were read). Recall is the share of all coded answers on which the reading speaks.
"""

from __future__ import annotations

import argparse
import sys

from ragortune import load_rulebook
from ragortune.designdoc.facts import Listener, find_facts, settle_facts
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.profile import Vocabulary
from ragortune.rulebook import load_phrases


def main() -> int:
    """Print the figures, and with `--misses` every answer that differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--misses", action="store_true", help="print what was read otherwise")
    misses = parser.parse_args().misses
    book = load_rulebook()
    listener = Listener(load_phrases(), book.criteria)
    vocabulary = Vocabulary(book.criteria)
    coded = spoken = exact = within = 0
    for case in book.cases:
        answers = vocabulary.read_profile(case.profile).levels
        settled = settle_facts(find_facts(read_sentences(case.setting).sentences, listener), listener)
        coded += len(answers)
        for name, levels in answers.items():
            read = settled.levels.get(name)
            if read is None:
                continue
            spoken += 1
            exact += read == levels
            within += set(levels) <= set(read)
            if misses and not set(levels) <= set(read):
                quotes = "; ".join(fact.span.quote for fact in settled.answers[name] if fact.span)
                print(f"  {case.id}: {name} is {', '.join(levels)}, read as {', '.join(read)} from: {quotes}")
    print(
        f"Settings of {len(book.cases)} cases: of {spoken} answers on which both speak {exact / spoken:.1%} are the same, "
        f"{within / spoken:.1%} hold the coded one; recall {spoken / coded:.1%} of {coded}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
