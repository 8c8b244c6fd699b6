"""What opens the keys: passphrase of the key file, PIN of the token, from settings or systemd credentials."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from gateway.core.errors import Misconfigured
from gateway.settings import Keys
from keys.token import TokenAddress

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts the credentials of a service (systemd.exec, section Credentials)."""
LONGEST = 4096


def passphrase(settings: Keys) -> str | None:
    """None: the key file is in the clear. Raises Misconfigured when the credential is not there."""
    return _secret(settings.passphrase, settings.credential)


def token_address(settings: Keys) -> TokenAddress | None:
    """None: there is no token. Raises Misconfigured when its PIN is not told."""
    token = settings.token
    if token is None:
        return None
    pin = _secret(token.pin, token.pin_credential)
    if pin is None:
        raise Misconfigured("The token needs its PIN: set `pin` or `pin_credential`.", code="no-token")
    return TokenAddress(token.module, token.label, pin)


def _secret(told: SecretStr | None, name: str | None) -> str | None:
    if told is not None:
        return told.get_secret_value()
    return None if name is None else _credential(name)


def _credential(name: str) -> str:
    """The text of a credential, without a final line end."""
    folder = os.environ.get(CREDENTIALS)
    if folder is None:
        raise Misconfigured(
            f"{CREDENTIALS} is not set: no credentials were given to this process.", code="no-credential"
        )
    if not name or Path(name).name != name or name.startswith("."):
        raise Misconfigured("A credential is named by a plain file name.", code="no-credential")
    try:
        with (Path(folder) / name).open("rb") as file:
            text = file.read(LONGEST).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"There is no credential {name}.", code="no-credential") from None
    if not text:
        raise Misconfigured(f"The credential {name} is empty.", code="no-credential")
    return text
