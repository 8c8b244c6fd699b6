"""The agency's own provider, which vouches for operators."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from gateway.core.loopback import is_loopback
from gateway.settings.part import Part


class Oidc(Part):
    """A provider that vouches for operators (OpenID Connect Core 1.0, code flow with PKCE)."""

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$")
    """Exactly as its ID tokens name it. https, but for a provider on this machine."""
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    """None: a public client, with PKCE alone."""
    name: str = "your agency"
    """What the button on the login page says."""
    scopes: str = "openid profile"
    algorithms: tuple[Literal["ES256", "ES384", "PS256", "RS256", "EdDSA"], ...] = ("ES256", "PS256", "RS256")
    """Signatures of ID tokens that are taken; never ``none`` or a shared secret."""
    name_claim: str = "preferred_username"
    surname_claim: str = "family_name"
    """Marks readings of records that name somebody so; an account keeps the last one that was told."""
    role_claim: str = "groups"
    """A text or a list of texts."""
    roles: dict[str, str] = Field(min_length=1)
    """Value of the role claim -> role; ``partner-admin:<partner>`` for a partner admin. The first that fits counts."""
    break_glass: frozenset[str] = frozenset()
    """Values of the role claim whose holders may read content in an emergency, where their role may not."""
    amr: frozenset[str] = frozenset({"mfa"})
    """One of these authentication methods (RFC 8176) must be in the token, or one of ``acr``."""
    acr: frozenset[str] = frozenset()
    """Authentication contexts that are enough; they are also asked for."""
    timeout_seconds: float = Field(default=5, gt=0)

    @model_validator(mode="after")
    def _private(self) -> Oidc:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ValueError("the issuer must be reached by https")
        if not self.amr and not self.acr:
            raise ValueError("say by amr or acr how a second factor shows in the token")
        return self
