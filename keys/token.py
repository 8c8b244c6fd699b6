"""Keys in a PKCS#11 token (a hardware security module, SoftHSM): made there, not extractable, used by name.

Key-encryption keys are AES-256 for wrapping and unwrapping only (CKM_AES_KEY_WRAP, RFC 3394: the bytes are those of a
key in memory). Signing keys are ECDSA P-256. Needs the extra ``pkcs11`` (python-pkcs11).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gateway.core.errors import Misconfigured, Tampered, Unavailable
from keys.ring import KEY_BYTES

T = TypeVar("T")
KEY_BITS = 8 * KEY_BYTES
CURVE = "secp256r1"
POINT_BYTES = 65
"""An uncompressed point of P-256; the token gives it in an OCTET STRING with two bytes before it."""


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Which module, which token in it, and the PIN of its user."""

    module: Path
    label: str
    pin: str = field(repr=False)


class Token:
    """Implements :class:`keys.vault.Vault`, and signs. One session, one call at a time; a session that was lost is
    opened again once. Calls block: about half a millisecond in SoftHSM, more over a network."""

    def __init__(self, address: TokenAddress) -> None:
        """Raises Misconfigured when the library is not installed or the module cannot be loaded; the token itself is
        reached at the first use."""
        try:
            import pkcs11  # noqa: PLC0415 - an optional extra, for those who have a token
        except ImportError:
            raise Misconfigured("a token needs the extra `pkcs11`", code="no-token") from None
        self._p, self._address = pkcs11, address
        self._lock = threading.Lock()
        self._session: Any = None
        self._handles: dict[tuple[str, str], Any] = {}
        try:
            self._module = pkcs11.lib(str(address.module))
        except (pkcs11.PKCS11Error, RuntimeError, OSError):
            raise Misconfigured(f"{address.module} is no PKCS#11 module", code="no-token") from None

    def make(self, key_id: str) -> bytes:
        """A key-encryption key; answers no bytes. See :class:`keys.vault.Vault`."""
        self.destroy(key_id)
        self._do(lambda: self._generate(key_id))
        return b""

    def make_signing(self, key_id: str) -> bytes:
        """A signing key, as :meth:`make`."""
        self.destroy(key_id)
        self._do(lambda: self._generate_pair(key_id))
        return b""

    def wrapping(self, key_id: str) -> TokenWrapping:
        return TokenWrapping(self, key_id)

    def destroy(self, key_id: str) -> None:
        """All objects of this id, with what stands for them here."""

        def gone() -> None:
            for found in self._session.get_objects({self._p.Attribute.LABEL: key_id}):
                found.destroy()

        self._handles = {at: handle for at, handle in self._handles.items() if at[1] != key_id}
        self._do(gone)

    def wrap(self, key_id: str, data_key: bytes) -> bytes:
        return self._do(lambda: self._wrap(key_id, data_key))

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Some modules say "general error" of a changed wrap: then a wrap of our own tells whose fault it is."""
        try:
            return self._do(lambda: self._unwrap(key_id, wrapped))
        except Unavailable:
            probe = bytes(KEY_BYTES)
            if self._do(lambda: self._unwrap(key_id, self._wrap(key_id, probe))) != probe:
                raise
            raise Tampered("a data key was changed or is under another key", code="seal-broken") from None

    def sign(self, key_id: str, message: bytes) -> bytes:
        """ECDSA over SHA-256 of the message: r and s, 32 bytes each (RFC 7518, section 3.4)."""
        digest, mechanism = hashlib.sha256(message).digest(), self._p.Mechanism.ECDSA
        signature = self._do(lambda: self._handle("PRIVATE_KEY", key_id).sign(digest, mechanism=mechanism))
        return bytes(signature)

    def public_point(self, key_id: str) -> bytes:
        """The uncompressed point of a signing key, 65 bytes."""
        encoded = self._do(lambda: self._handle("PUBLIC_KEY", key_id)[self._p.Attribute.EC_POINT])
        return bytes(encoded)[-POINT_BYTES:]

    def _generate(self, key_id: str) -> None:
        p, flags = self._p, self._p.MechanismFlag
        kept = {p.Attribute.SENSITIVE: True, p.Attribute.EXTRACTABLE: False}
        made = self._session.generate_key(
            p.KeyType.AES,
            KEY_BITS,
            label=key_id,
            store=True,
            capabilities=flags.WRAP | flags.UNWRAP,
            template=kept,
        )
        if made[p.Attribute.EXTRACTABLE] or not made[p.Attribute.SENSITIVE]:
            made.destroy()
            raise Misconfigured("the token makes keys that can be taken out of it", code="no-token")

    def _generate_pair(self, key_id: str) -> None:
        from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415 - as above

        p = self._p
        curve = {p.Attribute.EC_PARAMS: encode_named_curve_parameters(CURVE)}
        parameters = self._session.create_domain_parameters(p.KeyType.EC, curve, local=True)
        kept = {p.Attribute.SENSITIVE: True, p.Attribute.EXTRACTABLE: False}
        flags = p.MechanismFlag.SIGN | p.MechanismFlag.VERIFY
        parameters.generate_keypair(store=True, label=key_id, capabilities=flags, private_template=kept)

    def _wrap(self, key_id: str, data_key: bytes) -> bytes:
        p = self._p
        data = self._session.create_object(
            {p.Attribute.CLASS: p.ObjectClass.SECRET_KEY, p.Attribute.VALUE: data_key, **self._passing()}
        )
        try:
            return bytes(self._handle("SECRET_KEY", key_id).wrap_key(data, mechanism=p.Mechanism.AES_KEY_WRAP))
        finally:
            data.destroy()

    def _unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        p = self._p
        data = self._handle("SECRET_KEY", key_id).unwrap_key(
            p.ObjectClass.SECRET_KEY,
            p.KeyType.AES,
            wrapped,
            mechanism=p.Mechanism.AES_KEY_WRAP,
            template=self._passing(),
        )
        try:
            return bytes(data[p.Attribute.VALUE])
        finally:
            data.destroy()

    def _passing(self) -> dict[Any, Any]:
        """A data key that is in the token for a moment only."""
        a = self._p.Attribute
        return {a.KEY_TYPE: self._p.KeyType.AES, a.TOKEN: False, a.SENSITIVE: False, a.EXTRACTABLE: True}

    def _handle(self, kind: str, key_id: str) -> Any:  # noqa: ANN401 - objects of the library have no common type
        at = (kind, key_id)
        if at not in self._handles:
            wanted = getattr(self._p.ObjectClass, kind)
            self._handles[at] = self._session.get_key(object_class=wanted, label=key_id)
        return self._handles[at]

    def _do(self, work: Callable[[], T]) -> T:
        """Under the lock and in a session. Raises Unavailable when the token does not do it."""
        p = self._p
        with self._lock:
            for attempt in (1, 2):
                try:
                    self._open()
                    return work()
                except (p.WrappedKeyInvalid, p.WrappedKeyLenRange):
                    raise Tampered("a data key was changed or is under another key", code="seal-broken") from None
                except p.NoSuchKey:
                    raise Unavailable("the token does not have the key", code="key-unavailable") from None
                except (p.SessionHandleInvalid, p.SessionClosed, p.UserNotLoggedIn, p.KeyHandleInvalid):
                    self._session = None
                    self._handles.clear()
                    if attempt == 2:  # noqa: PLR2004 - the second of two
                        raise Unavailable("the token lost its session", code="token-unavailable") from None
                except p.PKCS11Error as problem:
                    raise Unavailable(f"the token says {type(problem).__name__}", code="token-unavailable") from None
        raise AssertionError

    def _logged_in(self, token: Any) -> Any:  # noqa: ANN401 - as above
        """A login counts for all sessions of a process with the token: somebody else here may have made it."""
        try:
            return token.open(rw=True, user_pin=self._address.pin)
        except self._p.UserAlreadyLoggedIn:
            return token.open(rw=True)

    def _open(self) -> None:
        if self._session is None:
            p = self._p
            try:
                token = self._module.get_token(token_label=self._address.label)
                self._session = self._logged_in(token)
            except (p.PinIncorrect, p.PinLenRange, p.PinInvalid):
                raise Misconfigured("the token does not take the PIN", code="no-token") from None
            except (p.NoSuchToken, p.MultipleTokensReturned):
                raise Misconfigured("the module has no such token, or several", code="no-token") from None


class TokenWrapping:
    """Implements :class:`keys.vault.Wrapping` with a key of a token."""

    def __init__(self, token: Token, key_id: str) -> None:
        self._token, self._key_id = token, key_id

    def wrap(self, data_key: bytes) -> bytes:
        return self._token.wrap(self._key_id, data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._token.unwrap(self._key_id, wrapped)
