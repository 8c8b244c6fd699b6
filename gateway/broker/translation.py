"""The one edge where exceptions of the AMQP client become ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aio_pika import exceptions as amqp
from aiormq.exceptions import ChannelAccessRefused, ConnectionNotAllowed, InvalidFrameError
from pamqp.exceptions import PAMQPException

from gateway.core.errors import GatewayError, Misconfigured, Unavailable

Words = Callable[[], GatewayError]

_OPENING, _CLOSED = "'Connection.OpenOk'", "Connection.Close "
"""What the client says of a virtual host that is not there: it expected the one frame and got the other. The broker's
own words in it are lost."""


def _login() -> GatewayError:
    return Misconfigured("the broker refuses the user or the virtual host", code="broker-login")


TABLE: tuple[tuple[type[Exception], Words], ...] = (
    (
        amqp.ChannelPreconditionFailed,
        lambda: Misconfigured("the broker holds a thing of that name with other arguments", code="broker-topology"),
    ),
    (
        amqp.PublishError,
        lambda: Unavailable("a partner's queue is missing on the broker", code="broker-queue-missing"),
    ),
    (amqp.DeliveryError, lambda: Unavailable("the broker did not take an announcement", code="broker-refused")),
    *(
        (refusal, _login)
        for refusal in (
            amqp.AuthenticationError,
            amqp.ProbableAuthenticationError,
            ConnectionNotAllowed,
            ChannelAccessRefused,
        )
    ),
    (
        ssl.SSLError,
        lambda: Unavailable(
            "the broker's certificate is not trusted, or its TLS is not what we ask for", code="broker-tls"
        ),
    ),
    (TimeoutError, lambda: Unavailable("the broker did not answer in time", code="broker-timeout")),
    *(
        (loss, lambda: Unavailable("the connection to the broker is gone", code="broker-disconnected"))
        # The client raises RuntimeError for a channel or connection that is already gone.
        for loss in (amqp.AMQPError, PAMQPException, OSError, RuntimeError)
    ),
)
"""The first line that fits counts: subclasses stand above their parents."""


def meaning(error: Exception) -> GatewayError | None:
    """What a foreign exception says in our words; None when it is not the broker's. Texts of the broker are not kept:
    they may repeat what we sent."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, InvalidFrameError) and _OPENING in str(error) and _CLOSED in str(error):
        return _login()
    # The client wraps what TLS says in an error of its own.
    said = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    for foreign, words in TABLE:
        if isinstance(said, foreign):
            return words()
    if type(error) is Exception:
        # The client ends what waits on a closing connection with the bare class.
        return Unavailable("the connection to the broker was closed", code="broker-disconnected")
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raises Unavailable or Misconfigured for whatever the AMQP client raises inside."""
    try:
        yield
    except Exception as error:
        ours = meaning(error)
        if ours is None or ours is error:
            raise
        raise ours from error
