"""What the console is told: settings of the process turned into those of the console, and its provider."""

from __future__ import annotations

import ssl
from datetime import timedelta

from adapters.approved import client_context
from gateway.core.errors import Misconfigured
from gateway.core.model import PartnerKey
from gateway.core.roles import Role
from gateway.settings import Console, Oidc, Settings
from gateway.web.console.devices import Asking
from gateway.web.console.provider import Provider, ProviderSettings
from gateway.web.console.rights import NARROWED, known_role
from gateway.web.console.settings import BANNER, ConsoleSettings
from gateway.web.console.single_sign_on import SingleSignOn
from keys.device_certificates import DeviceCertificates
from keys.id_tokens import JoseIdTokens


def console_settings(chosen: Console, *, secure: bool, restricted: bool = False) -> ConsoleSettings:
    """``secure``: browsers reach the console over TLS of ours. ``restricted``: approved algorithms only."""
    return ConsoleSettings(
        environment=chosen.environment,
        secure=secure,
        idle=timedelta(minutes=chosen.idle_minutes),
        absolute=timedelta(hours=chosen.login_hours),
        fresh=timedelta(minutes=chosen.fresh_minutes),
        bad_attempts=chosen.bad_attempts,
        attempts_within=timedelta(minutes=chosen.attempts_within_minutes),
        lockout=timedelta(minutes=chosen.lockout_minutes),
        second_factor=chosen.second_factor,
        local_accounts=chosen.local_accounts,
        origin=chosen.origin,
        provider=chosen.oidc.name if chosen.oidc else "",
        banner=BANNER if chosen.banner is None else chosen.banner,
        restricted=restricted,
    )


def asking(chosen: Console) -> Asking:
    """How the console asks for certificates of computers. Raises Misconfigured for a file of authorities that cannot be
    read."""
    if chosen.device_ca is None:
        return Asking(None, chosen.proxies, chosen.networks)
    try:
        pem = chosen.device_ca.read_bytes()
    except OSError as error:
        raise Misconfigured(f"console.device_ca cannot be read: {error.strerror}.") from None
    return Asking(DeviceCertificates(pem).read, chosen.proxies, chosen.networks)


def sso(settings: Settings) -> SingleSignOn | None:
    """The provider, when there is one. Raises Misconfigured for a role that is none."""
    chosen = settings.console.oidc
    tls = client_context(restricted=True) if settings.crypto.restricted else None
    return None if chosen is None else SingleSignOn(Provider(_provider(chosen, tls)), JoseIdTokens())


def _provider(chosen: Oidc, tls: ssl.SSLContext | None) -> ProviderSettings:
    secret = chosen.client_secret
    return ProviderSettings(
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        scopes=chosen.scopes,
        algorithms=chosen.algorithms,
        name_claim=chosen.name_claim,
        surname_claim=chosen.surname_claim,
        role_claim=chosen.role_claim,
        roles=[(value, *_role(role)) for value, role in chosen.roles.items()],
        break_glass=chosen.break_glass,
        amr=chosen.amr,
        acr=chosen.acr,
        timeout=timedelta(seconds=chosen.timeout_seconds),
        tls=tls,
    )


def _role(told: str) -> tuple[Role, PartnerKey | None]:
    """``auditor``, or ``partner-admin:ohio``."""
    name, _, partner = told.partition(":")
    role = known_role(name)
    if role is None or bool(partner) != (role in NARROWED):
        raise Misconfigured(f"console.oidc.roles: a role is one of {', '.join(Role)}, partner-admin with :<partner>.")
    return role, PartnerKey(partner) if partner else None
