"""XML signature wrapping (McIntosh and Austel 2005; Somorovsky et al. 2012): a good signature holds for one record of a
document, and whoever reads the document takes another. And a reader that believes them.

The signatures are real ones (XMLDSig 1.1, exclusive canonicalization, ECDSA with P-256).
"""

from __future__ import annotations

import copy
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from tests.unit.work_site import transfers

DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"ds": DS}
SIGNATURE = f"{{{DS}}}Signature"
RECORD = "{urn:child-support-gateway:case-transfer:1}CaseTransfer"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
KEY = ec.generate_private_key(ec.SECP256R1())
ID = ' Id="signed"'


def record(serial: int, name: str, id_: str = "", inside: str = "") -> str:
    """One record of Michigan for Ohio, with something more at its end."""
    batch = transfers(serial, given_name=name).decode()
    text = batch[batch.index("<CaseTransfer") : batch.rindex("</Batch>")]
    return text.replace("<CaseTransfer", f"<CaseTransfer{id_}", 1).replace(
        "</CaseTransfer>", f"{inside}</CaseTransfer>"
    )


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


def signature(signed: str, inside: str = "") -> str:
    """Over an element that is in the document by its Id, without signatures in it. ``inside`` is an object of it."""
    digest = b64encode(sha256(canonical(etree.fromstring(signed))).digest()).decode()
    info = (
        f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>'
        f'<ds:Reference URI="#signed"><ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"/>'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    r, s = decode_dss_signature(KEY.sign(canonical(etree.fromstring(info)), ec.ECDSA(SHA256())))
    value = b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    object_ = f"<ds:Object>{inside}</ds:Object>" if inside else ""
    return f'<ds:Signature xmlns:ds="{DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue>{object_}</ds:Signature>'


def batch(*parts: str) -> str:
    return f'<Batch xmlns="urn:child-support-gateway:batch:1">{"".join(parts)}</Batch>'


def bent(text: str) -> str:
    """With signatures that hold for nothing."""
    return text.replace("<ds:DigestValue>", "<ds:DigestValue>AAAA")


ORIGINAL = record(1, "ORIGINAL", ID)
ENVELOPED = record(1, "ORIGINAL", ID, signature(ORIGINAL))
DETACHED, ENVELOPING = signature(ORIGINAL), signature(ORIGINAL, ORIGINAL)
WITH_BATCH, BENT = signature(ORIGINAL, batch(ORIGINAL)), bent(DETACHED)
FORGED, ALIKE = record(2, "FORGED"), record(2, "FORGED", ID)
HONEST = ENVELOPED
VECTORS: Mapping[str, str] = {
    "the original in the signature of the forged record": record(2, "FORGED", inside=ENVELOPING),
    "the same with one Id for both": record(2, "FORGED", ID, ENVELOPING),
    "the original, with its signature, in the forged record": record(2, "FORGED", inside=ENVELOPED),
    "the original in the forged record, the signature beside it": record(2, "FORGED", inside=ORIGINAL + DETACHED),
    "the forged record before the original, which holds its signature": batch(FORGED, ENVELOPED),
    "both in a batch, the signature after them": batch(FORGED, ORIGINAL, DETACHED),
    "two with one Id in a batch, the signature before them": batch(DETACHED, ALIKE, ORIGINAL),
    "the original moved into an element of its own": batch(FORGED, f"<Extensions>{ORIGINAL}</Extensions>", DETACHED),
    "the original in the signature, the forged record after it": batch(ENVELOPING, FORGED),
    "the original in a batch in the signature of the forged record": record(2, "FORGED", inside=WITH_BATCH),
    "the original in a batch in the batch": batch(FORGED, batch(ORIGINAL), DETACHED),
    "each with a signature, of which one holds": batch(record(2, "FORGED", inside=BENT), ENVELOPED),
}
"""What stands where -> the document."""


def believed(text: str) -> str | None:
    """The control: what a reader takes that asks whether a signature of the document holds, and then reads the document
    as it always does; None when no signature holds."""
    root = etree.fromstring(text)
    if not any(_holds(found, root) for found in root.iter(SIGNATURE)):
        return None
    taken = root if root.tag == RECORD else root.find(RECORD)
    return None if taken is None else etree.tostring(taken).decode()


def _holds(found: etree._Element, root: etree._Element) -> bool:
    info, value = found.find("ds:SignedInfo", NS), b64decode(found.findtext("ds:SignatureValue", "", NS))
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    try:
        KEY.public_key().verify(encode_dss_signature(r, s), canonical(info), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    wanted = b64decode(info.findtext("ds:Reference/ds:DigestValue", "", NS))
    named = info.find("ds:Reference", NS).get("URI")[1:]
    return any(
        sha256(canonical(_without_signatures(one))).digest() == wanted for one in root.xpath(f"//*[@Id='{named}']")
    )


def _without_signatures(element: etree._Element) -> etree._Element:
    alone = copy.deepcopy(element)
    alone.tail = None
    for child in alone.findall(SIGNATURE):
        alone.remove(child)
    return alone
