"""Which numbers can be what they look like."""

from __future__ import annotations

from datetime import date
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def luhn(digits: str) -> bool:
    """Whether the last digit of a card number fits the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and digits.strip("0") != ""


def resident_identity(number: str) -> bool:
    """Whether 18 characters are a number of a Chinese identity card: date of birth and check character."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return number[17].upper() == _CHECKS[total % 11] and born(number[6:14])


def born(day: str) -> bool:
    """Whether eight digits are a date on which somebody living may have been born."""
    try:
        return 1900 <= date(int(day[:4]), int(day[4:6]), int(day[6:])).year < 2100
    except ValueError:
        return False


def social_security(digits: str) -> bool:
    """Whether nine digits may be a US social security number."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def iban(number: str) -> bool:
    """Whether the check digits of an international bank account number fit."""
    bare = number.replace(" ", "").upper()
    return int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1
