"""Protected messages of the profiles ``cms`` and ``cms-cbc``: the attacks on them, many made with stock ``openssl``."""

from dataclasses import replace

import pytest
from cryptography.hazmat import asn1

from gateway.core.protection import GATEWAY, Algorithm, MessageRefused, Profile, Use
from keys.wire import cms, cms_enveloped
from keys.wire.cms_enveloped import CmsRecipient, encrypt, encrypt_cbc
from keys.wire.cms_forms import (
    AUTH_ENVELOPED_DATA,
    ENVELOPED_DATA,
    SIGNED_DATA,
    AuthEnvelopedData,
    EnvelopedData,
    SignedData,
    content_info,
    content_of,
)
from keys.wire.cms_signed import Verified, sign
from keys.wire.protection import _recipient, _signer
from tests.contract.openssl_cms import OpenSsl, padding_of
from tests.unit.wire_site import CMS_KINDS, PLAIN, WIRE, expected, key, message, note, public, signers, taken

KINDS = pytest.mark.parametrize(("profile", "algorithm"), CMS_KINDS, ids=str)
ATTACKS = 8


class Smith:
    """Makes messages from Ohio to the gateway in which one thing is wrong."""

    def __init__(self, profile, algorithm, folder):
        self.profile, self.algorithm, self.openssl = profile, algorithm, OpenSsl(folder)
        self.cbc = profile is Profile.CMS_CBC
        self.to = key(GATEWAY, Use.ENCRYPT, algorithm)
        self.signer = _signer(WIRE, signers(profile, "ohio")[0])

    def recipient(self, one=None) -> CmsRecipient:
        return _recipient(WIRE, public(one or self.to))

    def signed(self, content=PLAIN):
        return sign(content, note(), self.signer, legacy=self.cbc)

    def around(self, sealing):
        """The message whose encrypted part ``sealing`` makes of its content."""
        return self.signed(sealing(PLAIN)) if self.cbc else sealing(self.signed())

    def by_openssl(self, cipher, *options):
        return self.around(lambda content: self.openssl.encrypt(content, self.to, cipher, *options))

    def ours(self, content):
        return (encrypt_cbc if self.cbc else encrypt)(content, self.recipient())

    @property
    def cipher(self):
        return "-aes-256-cbc" if self.cbc else "-aes-256-gcm"

    def tag_flipped(self):
        made = bytearray(message(self.profile, self.algorithm))
        made[-1] ^= 1
        return bytes(made)

    def other_recipient(self):
        other = self.recipient(key(GATEWAY, Use.ENCRYPT, self.algorithm, 9))
        return self.around(lambda content: (encrypt_cbc if self.cbc else encrypt)(content, other))

    def stripped(self):
        return encrypt_cbc(PLAIN, self.recipient()) if self.cbc else encrypt(PLAIN, self.recipient())

    def old_padding(self):
        """PKCS #1 v1.5 for RSA; for curves what is as old there: a derivation with SHA-1. Both are what openssl does
        when it is told nothing."""
        return self.by_openssl(self.cipher)

    def truncated(self):
        return message(self.profile, self.algorithm)[:-7]

    def indefinite(self):
        return self.by_openssl(self.cipher, *padding_of(self.algorithm), "-stream")

    def doubled(self):
        """Two recipients, and both are us."""
        form, kind = (EnvelopedData, ENVELOPED_DATA) if self.cbc else (AuthEnvelopedData, AUTH_ENVELOPED_DATA)

        def twice(content):
            whole = content_of(form, kind, self.ours(content))
            one = whole.recipients.as_list()[0]
            fields = {name: getattr(whole, name) for name in ("version", "content", "tag") if hasattr(whole, name)}
            return content_info(kind, form(recipients=asn1.SetOf([one, one]), **fields))

        return self.around(twice)

    def triple_des(self):
        return self.by_openssl("-des3", *padding_of(self.algorithm))

    def attacks(self):
        return {
            "tag flip": self.tag_flipped(),
            "wrong recipient": self.other_recipient(),
            "stripped signature": self.stripped(),
            "v1.5 where OAEP is required": self.old_padding(),
            "truncated": self.truncated(),
            "BER with indefinite length": self.indefinite(),
            "a recipient twice": self.doubled(),
            "3DES": self.triple_des(),
        }


@KINDS
@pytest.mark.claim("A40", "A28", control="test_control_without_the_count_of_recipients_and_the_signature_attacks_pass")
def test_every_attack_on_a_signed_and_encrypted_file_is_refused(profile, algorithm, tmp_path, claim):
    attacks = Smith(profile, algorithm, tmp_path).attacks()
    want = expected(profile, algorithm)
    assert len(attacks) == ATTACKS
    assert [name for name, made in attacks.items() if taken(profile, made, want)] == []
    claim.measured(f"{profile} {algorithm}: 0 of {ATTACKS} attacks accepted")


@KINDS
def test_control_with_nothing_wrong_the_same_hands_make_good_messages(profile, algorithm, tmp_path):
    smith = Smith(profile, algorithm, tmp_path)
    want = expected(profile, algorithm)
    assert WIRE.unprotect(profile, smith.around(smith.ours), want).plain == PLAIN
    made = smith.by_openssl(smith.cipher, *padding_of(algorithm))
    assert WIRE.unprotect(profile, made, want).plain == PLAIN


@KINDS
def test_control_without_the_count_of_recipients_and_the_signature_attacks_pass(
    profile, algorithm, tmp_path, monkeypatch
):
    smith, want = Smith(profile, algorithm, tmp_path), expected(profile, algorithm)
    doubled, stripped = smith.doubled(), smith.stripped()
    assert not taken(profile, doubled, want)
    monkeypatch.setattr(cms_enveloped, "_content_key", first_that_is_us)
    assert taken(profile, doubled, want)
    assert not taken(profile, stripped, want)
    monkeypatch.setattr(cms, "verify", lambda content, *_: Verified(content, "", None, None, None))
    assert taken(profile, stripped, want)


def first_that_is_us(recipients, find):
    one, opener = next((one, o) for one in recipients.as_list() for o in cms_enveloped._openers(one, find))
    return cms_enveloped._ContentKey(cms_enveloped._unwrapped(one, opener), opener.id)


def test_control_without_the_table_of_paddings_the_private_key_would_be_tried_on_the_old_one(tmp_path, monkeypatch):
    old, want = Smith(Profile.CMS, Algorithm.RSA, tmp_path).old_padding(), expected(Profile.CMS, Algorithm.RSA)
    assert why(Profile.CMS, old, want) == "algorithm"
    monkeypatch.setattr(cms_enveloped, "TRANSPORTS", _Everything())
    assert why(Profile.CMS, old, want) == "open"


def why(profile, sent, want):
    with pytest.raises(MessageRefused) as refused:
        WIRE.unprotect(profile, sent, want)
    return refused.value.reason


class _Everything:
    def __contains__(self, _identifier):
        return True


def test_the_signature_of_a_cbc_message_is_checked_before_anything_is_decrypted(monkeypatch):
    decrypted = []
    monkeypatch.setattr(cms, "decrypt_cbc", lambda *given: decrypted.append(given) or (b"", ""))
    want, made = expected(Profile.CMS_CBC, Algorithm.RSA), message(Profile.CMS_CBC, Algorithm.RSA)
    sealed = encrypted_bytes(made)
    for at in range(made.index(sealed), made.index(sealed) + len(sealed)):
        changed = bytes((*made[:at], made[at] ^ 1, *made[at + 1 :]))
        assert not taken(Profile.CMS_CBC, changed, want)
    assert decrypted == []
    WIRE.unprotect(Profile.CMS_CBC, made, want)
    assert len(decrypted) == 1


def encrypted_bytes(made):
    """What the signature of a CBC message is over, as it stands in it."""
    return content_of(SignedData, SIGNED_DATA, made).content.content


@KINDS
def test_a_message_signed_by_a_stranger_is_refused(profile, algorithm):
    stranger = tuple(key("michigan", Use.VERIFY, one.algorithm) for one in signers(profile, "ohio"))
    made = WIRE.protect(profile, PLAIN, note(), public(key(GATEWAY, Use.ENCRYPT, algorithm)), stranger).body
    with pytest.raises(MessageRefused) as refused:
        WIRE.unprotect(profile, made, expected(profile, algorithm))
    assert refused.value.problem == "wire-key-unknown"


@KINDS
def test_a_message_that_we_signed_for_one_partner_is_not_good_for_another(profile, algorithm):
    made = message(profile, algorithm)
    want = expected(profile, algorithm)
    other = replace(want, ends=replace(want.ends, recipient="somebody.example/else"))
    with pytest.raises(MessageRefused) as refused:
        WIRE.unprotect(profile, made, other)
    assert refused.value.problem == "message-misdirected"
