"""Keys and personal identifiers in a text: counted by kind, and masked wherever a piece of text is shown."""

from __future__ import annotations

import re
from collections import Counter

_KINDS = {
    "private key": r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    "access key": (
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bsk-[A-Za-z0-9_-]{20,200}|\bgh[pousr]_[A-Za-z0-9]{36,200}|\bglpat-[A-Za-z0-9_-]{20,60}"
        r"|\bxox[abprs]-[A-Za-z0-9-]{10,200}|\bAIza[A-Za-z0-9_-]{35}|\bhf_[A-Za-z0-9]{30,60}|\bnpm_[A-Za-z0-9]{36}"
    ),
    "token": r"\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}",
    "e-mail address": r"\b[A-Za-z0-9][\w.+-]{0,63}@(?!(?:\w{1,60}\.)?example\.)(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b",
    "card number": r"(?<![\w.-])[3-6]\d{3}(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{3,4}(?![\w-])",
    "bank account": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
}
_ANY = re.compile("|".join(f"(?P<kind{place}>{pattern})" for place, pattern in enumerate(_KINDS.values())))
_NAMES = {f"kind{place}": name for place, name in enumerate(_KINDS)}


def count_secrets(text: str) -> Counter[str]:
    """Return how many there are of each kind; none found does not mean that there are no others."""
    return Counter(kind for found in _ANY.finditer(text) if (kind := _kind_of(found)))


def mask_secrets(text: str) -> str:
    """Return a text with the kind in the place of each secret."""
    return _ANY.sub(lambda found: f"[{kind}]" if (kind := _kind_of(found)) else found[0], text)


def _kind_of(found: re.Match[str]) -> str | None:
    """Return the kind; None where the checksum does not hold: Luhn for cards, ISO 7064 for bank accounts."""
    kind = _NAMES[found.lastgroup or ""]
    characters = [character for character in found[0] if character.isalnum()]
    if kind == "card number":
        digits = [int(character) for character in reversed(characters)]
        total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
        return kind if total % 10 == 0 else None
    if kind == "bank account":
        number = "".join(str(int(character, 36)) for character in characters[4:] + characters[:4])
        return kind if int(number) % 97 == 1 else None
    return kind
