"""Where keys are kept, and when they are replaced."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from gateway.settings.part import Part


class TokenSettings(Part):
    """A PKCS#11 token that keeps the keys that seal; needs the extra ``pkcs11``."""

    module: Path
    """The token's library, like ``/usr/lib/softhsm/libsofthsm2.so``."""
    label: str
    pin: SecretStr | None = None
    pin_credential: str | None = None
    """Name of a systemd credential with the PIN."""


class Keys(Part):
    directory: Path = Path("state/keys")
    passphrase: SecretStr | None = None
    credential: str | None = None
    """Name of a systemd credential with the passphrase (``LoadCredentialEncrypted=``)."""
    token: TokenSettings | None = None
    """None: all keys lie in the key file."""
    rotate: bool = True
    """Whether the scheduler replaces keys at their end."""
    sealing_days: int = Field(default=90, ge=1)
    signing_days: int = Field(default=365, ge=1)
    digest_days: int = Field(default=730, ge=1)
    """How long a key stays active: those that seal, those that sign, index key and pepper. A person replaces the log's
    key, index key and pepper; of all it is told before their end."""
    prepare_days: int = Field(default=7, ge=0)
    """So long before the end the follower is made, for copies of the key file to have it in time."""
    rewrap_per_second: int = Field(default=2_000, ge=1)
    """Data keys wrapped anew in a second at most, so that callers feel nothing of it."""

    @model_validator(mode="after")
    def _one_secret(self) -> Keys:
        if self.passphrase is not None and self.credential is not None:
            raise ValueError("passphrase and credential say the same thing twice")
        return self
