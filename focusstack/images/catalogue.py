"""A picture's number in a collection: carried in EXIF and XMP, where catalogues look for it."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from xml.sax.saxutils import escape, unescape

from focusstack.images import ifd, tags
from focusstack.images.metadata import Metadata

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'
    '</x:xmpmeta><?xpacket end="w"?>'
)
"""XMP that says nothing (ISO 16684-1, 7.3)."""

_IDENTIFIER = re.compile(rb"<dc:identifier>.*?</dc:identifier>", re.DOTALL)


def with_catalogue(metadata: Metadata | None, number: str) -> Metadata:
    """Return metadata that name a picture's number in a collection.

    It becomes DocumentName of EXIF (TIFF 6.0, section 12) and ``dc:identifier`` of XMP.

    Parameters
    ----------
    metadata : Metadata or None
        What a frame carries.
    number : str
        Any text.

    Examples
    --------
    >>> found = with_catalogue(None, "ZMB <7>")
    >>> found.xmp.decode().partition("dc:identifier>")[2].partition("</")[0]
    'ZMB &lt;7&gt;'
    """
    given = metadata or Metadata()
    exif = ifd.serialise(ifd.Directory(), "<") if given.exif is None else given.exif
    return replace(given, exif=_set_text(exif, number), xmp=_set_identifier(given.xmp, number))


def catalogue_of(metadata: Metadata) -> str:
    """Return a picture's number in a collection as XMP names it; empty if it names none.

    Examples
    --------
    >>> catalogue_of(with_catalogue(None, "ZMB <7>"))
    'ZMB <7>'
    """
    found = _IDENTIFIER.search(metadata.xmp or b"")
    if found is None:
        return ""
    text = re.sub(rb"<[^>]*>", b"", found.group(0)).decode("utf-8", "replace")
    return unescape(text).strip()[:300]


def _set_text(exif: bytes, number: str) -> bytes:
    """EXIF whose DocumentName is a text; everything else keeps its place."""
    order, start = ifd.header(exif)
    places, following = ifd.records(exif, start, order)
    out = exif + b"\0" * (len(exif) % 2)
    text = number.encode() + b"\0\0\0\0"
    lines = {tag: exif[at : at + 12] for tag, at in places.items()}
    lines[tags.DOCUMENT] = struct.pack(
        order + "HHII", tags.DOCUMENT, ifd.ASCII, len(text), len(out)
    )
    out += text + b"\0" * (len(text) % 2)
    body = b"".join(lines[tag] for tag in sorted(lines))
    out = out[:4] + struct.pack(order + "I", len(out)) + out[8:]
    return out + struct.pack(order + "H", len(lines)) + body + struct.pack(order + "I", following)


def _set_identifier(xmp: bytes | None, number: str) -> bytes:
    """XMP whose identifier is a text."""
    told = f"<dc:identifier>{escape(number)}</dc:identifier>".encode()
    packet = xmp if xmp and b"</rdf:RDF>" in xmp else _PACKET.encode()
    if _IDENTIFIER.search(packet):
        return _IDENTIFIER.sub(lambda _: told, packet)
    space = b'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    part = b'<rdf:Description rdf:about="" ' + space + b">" + told + b"</rdf:Description>"
    head, _, tail = packet.rpartition(b"</rdf:RDF>")
    return head + part + b"</rdf:RDF>" + tail
