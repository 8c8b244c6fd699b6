"""The edge where exceptions of the AMQP client become ours."""

import inspect

import aiormq.exceptions
import pytest
from aio_pika import exceptions as amqp

from gateway.broker.translation import meaning, translated
from gateway.core.errors import Misconfigured, Unavailable


def bare(kind: type[Exception]) -> Exception:
    """An instance without the client's constructor, which wants frames."""
    return kind.__new__(kind)


FOREIGN = sorted(
    {
        kind
        for module in (amqp, aiormq.exceptions)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception)
    },
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_no_exception_of_the_client_is_left_over(kind: type[Exception]) -> None:
    assert isinstance(meaning(bare(kind)), Unavailable | Misconfigured)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (amqp.ChannelPreconditionFailed, "broker-topology"),
        (amqp.PublishError, "broker-queue-missing"),
        (amqp.DeliveryError, "broker-refused"),
        (amqp.ProbableAuthenticationError, "broker-login"),
        (aiormq.exceptions.ConnectionNotAllowed, "broker-login"),
        (amqp.AMQPConnectionError, "broker-disconnected"),
        (amqp.ChannelInvalidStateError, "broker-disconnected"),
        (ConnectionResetError, "broker-disconnected"),
        (TimeoutError, "broker-timeout"),
        (Exception, "broker-disconnected"),
    ],
)
def test_each_says_who_must_act(kind: type[Exception], problem: str) -> None:
    ours = meaning(bare(kind))
    assert ours is not None
    assert ours.problem == problem


def test_a_defect_of_ours_is_not_dressed_up() -> None:
    assert meaning(KeyError("x")) is None
    with pytest.raises(KeyError), translated():
        raise KeyError("x")


def test_our_own_errors_pass_as_they_are() -> None:
    error = Unavailable("x", code="broker-queue-missing")
    with pytest.raises(Unavailable) as raised, translated():
        raise error
    assert raised.value is error
