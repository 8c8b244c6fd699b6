"""Made-up bytes for the readers of protected messages: refused, never a defect."""

import pytest

from keys.wire import cms_signed
from keys.wire.cms_enveloped import encrypt
from keys.wire.protection import _recipient, _signer
from tests.unit.wire_site import (
    CMS_KINDS,
    GATEWAY,
    KINDS,
    PLAIN,
    WIRE,
    Profile,
    Use,
    expected,
    key,
    message,
    note,
    public,
    signers,
    taken,
)


def mutated(dice, valid):
    """A few changes of a message: bits, bytes, pieces left out, put in or repeated."""
    made = bytearray(valid)
    for _ in range(dice.choice((1, 1, 2, 5))):
        at, change = dice.randrange(len(made)), dice.randrange(5)
        if change == 0:
            made[at] ^= 1 << dice.randrange(8)
        elif change == 1:
            made[at] = dice.randrange(256)
        elif change == 2:
            del made[at : at + dice.randrange(1, 30)]
        elif change == 3:
            made[at:at] = dice.randbytes(dice.randrange(1, 5))
        else:
            start = dice.randrange(len(made))
            made[at : at + 8] = made[start : start + 8]
        made = made or bytearray(b"0")
    return bytes(made)


@pytest.mark.parametrize(("profile", "algorithm"), KINDS, ids=str)
@pytest.mark.claim("A34", control="test_control_a_reader_that_lets_its_own_errors_out_is_seen")
def test_made_up_messages_are_refused_and_are_no_defect(profile, algorithm, claim):
    dice, valid, want = claim.dice(), message(profile, algorithm), expected(profile, algorithm)
    number = claim.size(push=150, night=20_000)
    changed = [one for _ in range(number) if (one := mutated(dice, valid)) != valid]
    through = [one for one in changed if taken(profile, one, want)]
    if profile is Profile.CMS_CBC:  # its certificates lie outside of the signature, and nobody reads them
        assert {WIRE.unprotect(profile, one, want).plain for one in through} <= {PLAIN}
    else:
        assert through == []
    claim.measured(f"{profile} {algorithm}: {number} changed messages, no defect, none read as another")


@pytest.mark.claim("A34", control="test_control_a_reader_that_lets_its_own_errors_out_is_seen")
def test_made_up_signatures_inside_good_encryption_are_refused_and_are_no_defect(claim):
    profile, algorithm = CMS_KINDS[0]
    dice, want = claim.dice(), expected(profile, algorithm)
    signed = cms_signed.sign(PLAIN, note(), _signer(WIRE, signers(profile, "ohio")[0]))
    to = _recipient(WIRE, public(key(GATEWAY, Use.ENCRYPT, algorithm)))
    number = claim.size(push=150, night=20_000)
    made = [encrypt(mutated(dice, signed), to) for _ in range(number)]
    through = [one for one in made if taken(profile, one, want)]
    assert {WIRE.unprotect(profile, one, want).plain for one in through} <= {PLAIN}
    claim.measured(f"signed inside {profile}: {number} changed, no defect, none read as another")


def test_control_a_reader_that_lets_its_own_errors_out_is_seen(monkeypatch):
    def careless(form, der):
        return cms_signed.asn1.decode_der(form, der)

    monkeypatch.setattr("keys.wire.cms_forms.parsed", careless)
    with pytest.raises(ValueError, match="asn1"):
        taken(*CMS_KINDS[0][:1], b"0\x80", expected(*CMS_KINDS[0]))
