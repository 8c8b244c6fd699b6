"""What failures of the channel ``sftp`` mean: whose they are, and whether another attempt may help."""

from __future__ import annotations

from collections.abc import Callable

import asyncssh

from adapters.reach import AddressRefused, NotResolved
from gateway.core.errors import DeliveryFailed, Permanent, Transient


def translated(error: Exception) -> DeliveryFailed:
    """Our error for one of the client's; its text is dropped, because the server writes it."""
    for kinds, meaning in _ERRORS:
        if isinstance(error, kinds):
            return meaning()
    return Transient("the exchange with the partner's server failed", code="sftp-failed")


_ERRORS: tuple[tuple[tuple[type[Exception], ...], Callable[[], DeliveryFailed]], ...] = (
    (
        (asyncssh.HostKeyNotVerifiable,),
        lambda: Permanent("the server shows another host key than the pinned one", code="host-key-mismatch"),
    ),
    (
        (asyncssh.PermissionDenied, asyncssh.IllegalUserName),
        lambda: Permanent("the server refuses our key", code="login-refused"),
    ),
    (
        (asyncssh.KeyExchangeFailed, asyncssh.ProtocolNotSupported),
        lambda: Permanent("the server offers no host key or cipher that we accept", code="ssh-negotiation"),
    ),
    (
        (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory),
        lambda: Permanent("the directory is not there", code="sftp-directory-missing"),
    ),
    (
        (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect),
        lambda: Permanent("we may not write into the directory", code="sftp-denied"),
    ),
    (
        (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded),
        lambda: Transient("the server has no room", code="sftp-full"),
    ),
    ((TimeoutError,), lambda: Transient("the server did not answer in time", code="sftp-timeout")),
    (
        (
            asyncssh.DisconnectError,
            asyncssh.SFTPNoConnection,
            asyncssh.SFTPConnectionLost,
            ConnectionResetError,
            BrokenPipeError,
        ),
        lambda: Transient("the server closed the connection", code="sftp-closed"),
    ),
    ((AddressRefused,), lambda: Permanent("the server has a private address", code="address-refused")),
    ((NotResolved,), lambda: Transient("the server's name is not found", code="dns-failed")),
    ((OSError,), lambda: Transient("the server cannot be reached", code="connect-failed")),
)
