"""What the texts of a picture come to."""

from __future__ import annotations


def shown(text):
    """What a matplotlib Text shows, once it has dealt with dollar signs."""
    drawn, is_math = text._preprocess_math(text.get_text())
    assert not is_math
    return drawn
