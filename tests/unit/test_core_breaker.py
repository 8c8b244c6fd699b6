"""The circuit breaker: a state machine against a plain model, and the cases that outages are made of."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.core.breaker import Breaker, BreakerState
from gateway.core.model import BreakerPolicy

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
POLICY = BreakerPolicy(failures=3, rest=timedelta(seconds=10), longest_rest=timedelta(seconds=35))


def opened(now=START, policy=POLICY):
    breaker = Breaker(policy, since=now)
    for _ in range(policy.failures):
        breaker = breaker.failed(now, breaker.generation)
    return breaker


def test_so_many_failures_in_a_row_open_it_and_a_success_between_them_starts_anew():
    breaker = Breaker(POLICY, since=START).failed(START, 0).failed(START, 0).succeeded(START, 0)
    assert (breaker.state, breaker.failures) == (BreakerState.CLOSED, 0)
    breaker = breaker.failed(START, 0).failed(START, 0)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.failed(START, 0).state is BreakerState.OPEN


def test_an_open_breaker_permits_nothing_until_its_rest_is_over_then_one_probe():
    breaker = opened()
    assert breaker.at(START + timedelta(seconds=9.999)).permits == 0
    assert breaker.at(START + timedelta(seconds=10)).permits == 1


def test_a_clock_that_is_set_back_by_hours_does_not_keep_it_open_for_hours():
    breaker = opened()
    assert breaker.at(START - timedelta(hours=5)).permits == 1
    failed = breaker.at(START - timedelta(hours=5)).failed(START - timedelta(hours=5), breaker.generation)
    assert failed.permits == 0
    assert failed.at(START - timedelta(hours=5) + failed.rest).permits == 1


def test_a_stale_success_closes_neither_an_open_nor_a_half_open_breaker():
    breaker = opened()
    assert breaker.succeeded(START, 0) is breaker
    half_open = breaker.at(breaker.probe_at)
    assert half_open.succeeded(breaker.probe_at, 0) is half_open
    assert half_open.failed(breaker.probe_at, 0) is half_open


def test_each_failed_probe_doubles_the_rest_up_to_the_longest_and_a_success_forgets_it():
    breaker, rests = opened(), []
    for _ in range(4):
        rests.append(breaker.rest.total_seconds())
        now = breaker.probe_at
        breaker = breaker.at(now).failed(now, breaker.generation)
    assert rests == [10, 20, 35, 35]
    now = breaker.probe_at
    closed = breaker.at(now).succeeded(now, breaker.generation)
    assert (closed.state, closed.failures, closed.rest, closed.probe_at) == (BreakerState.CLOSED, 0, timedelta(), None)
    again = closed
    for _ in range(POLICY.failures):
        again = again.failed(now, again.generation)
    assert again.rest == POLICY.rest


def test_a_probe_that_told_nothing_leaves_the_next_one_permitted():
    half_open = opened().at(START + timedelta(seconds=10))
    assert half_open.at(START + timedelta(days=1)) is half_open
    assert half_open.permits == 1


class Outage(RuleBasedStateMachine):
    """Attempts begin when the breaker permits and end in any order, long after the breaker has moved on or at once."""

    @initialize(failures=st.integers(1, 4))
    def begin(self, failures):
        self.now = START
        self.policy = BreakerPolicy(failures, timedelta(seconds=10), timedelta(seconds=35))
        self.breaker = Breaker(self.policy, since=self.now)
        self.running = []

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.breaker = self.breaker.at(self.now)

    @rule()
    def begin_attempt(self):
        self.breaker = self.breaker.at(self.now)
        permits = self.breaker.permits
        if permits is None or len(self.running) < permits:
            self.running.append(self.breaker.generation)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), reached=st.sampled_from([True, False, None]))
    def end_attempt(self, data, reached):
        generation = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        before = self.breaker
        if reached is None:  # called off, or a fault of ours: says nothing about the partner
            return
        self.breaker = (before.succeeded if reached else before.failed)(self.now, generation)
        if generation != before.generation:
            assert self.breaker is before, "a stale result changed the breaker"
        elif before.state is BreakerState.HALF_OPEN:
            self.probed(before, reached=reached)

    def probed(self, before, *, reached):
        if reached:
            assert self.breaker.state is BreakerState.CLOSED
            return
        assert self.breaker.state is BreakerState.OPEN
        assert self.breaker.rest == min(before.rest * 2, self.policy.longest_rest)
        assert self.breaker.generation == before.generation + 1

    @invariant()
    def its_members_agree(self):
        if not hasattr(self, "breaker"):
            return
        breaker = self.breaker
        assert (breaker.state is BreakerState.CLOSED) == (breaker.probe_at is None)
        assert breaker.state is not BreakerState.CLOSED or breaker.failures < self.policy.failures
        assert breaker.rest <= self.policy.longest_rest

    @invariant()
    def only_one_probe_runs_at_a_time(self):
        if getattr(self, "breaker", None) and self.breaker.state is BreakerState.HALF_OPEN:
            assert sum(generation == self.breaker.generation for generation in self.running) <= 1


Outage.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOutage = Outage.TestCase
