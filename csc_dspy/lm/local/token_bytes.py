"""What each token of a vocabulary writes, in bytes: alone it may end inside a character."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE: Final = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE: Final = "▁"
_PRINTABLE: Final = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x100))


class TokenBytes:
    """The bytes of tokens, by the tokenizer's way of spelling them."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        decoder = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
        self._by_bytes = "ByteLevel" in repr(decoder)

    def __getitem__(self, token: int) -> bytes:
        spelled = str(self._tokenizer.convert_ids_to_tokens(token))
        letters = _letters()
        if self._by_bytes and all(letter in letters for letter in spelled):
            return bytes(letters[letter] for letter in spelled)
        if found := _BYTE.fullmatch(spelled):
            return bytes([int(found[1], 16)])
        return spelled.replace(_SPACE, " ").encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _letters() -> dict[str, int]:
    """The letters that stand for bytes in byte-level vocabularies: themselves where they can be seen."""
    seen = {byte for some in _PRINTABLE for byte in some}
    hidden = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(hidden)}
