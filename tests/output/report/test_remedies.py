"""What is advised against every warning."""

from __future__ import annotations

import re
from pathlib import Path

from focusstack.first_pass import judge, rejection, remarks
from focusstack.output import maps
from focusstack.output.report.remedies import OTHERWISE, REMEDIES, remedy


def test_every_warning_has_a_remedy_of_its_own() -> None:
    """Sentences of the modules that warn: each must be known here."""
    sources = [Path(str(m.__file__)).read_text() for m in (judge, rejection, remarks, maps)]
    said = [
        "another scene, or no overlap", "its links to the rest break", "too blurred to be placed",
        "too little detail to be placed", "exposed beyond repair", "cannot be placed",
        "exposure could not be compared and is left as it is",
        "exposure could not be compared and is taken from EXIF",
        "the exposure recorded in EXIF is not the one measured", "common exposure is",
        "is clipped in every frame", "of the common area", "something moved between frames",
    ]  # fmt: skip
    for sentence in said:
        assert any(sentence in source for source in sources), f"no longer said: {sentence}"
        patterns = [p for p, _ in REMEDIES if re.search(p, _as_warning(sentence))]
        assert patterns, sentence
        assert remedy(_as_warning(sentence)) != OTHERWISE
    assert remedy("what nobody has said before") == OTHERWISE


def _as_warning(sentence: str) -> str:
    """With the words around it that the pattern asks for."""
    if sentence == "common exposure is":
        return "the common exposure is 1.0 EV below the reference's"
    return "a.jpg alone takes 9 % of the common area" if "common area" in sentence else sentence
