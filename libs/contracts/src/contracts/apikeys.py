"""What an API key looks like: `fd_live_`, 43 random letters and digits, six more that are their checksum. Pure.

The prefix lets secret scanners find a key that leaked; the checksum (CRC-32 in base 62) tells them, and us, a mistyped or
made-up key without a call to anybody.
"""

import re
import zlib

PREFIX = "fd_live_"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH, CHECKSUM_LENGTH = 43, 6
"""43 of 62 letters and digits are 256 bits; 62^6 is more than 2^32."""
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}", re.ASCII)


def api_key(random: str) -> str:
    """The key of these random letters and digits."""
    return PREFIX + random + _checksum(random)


def is_api_key(text: str) -> bool:
    """Whether the text can be a key: its form, and its checksum."""
    if _FORM.fullmatch(text) is None:
        return False
    random, checksum = text[len(PREFIX) : -CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    return _checksum(random) == checksum


def _checksum(random: str) -> str:
    number, digits = zlib.crc32(f"{PREFIX}{random}".encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits
