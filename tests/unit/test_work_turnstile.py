"""The turnstile: how many of those who came together go on in each turn of the event loop."""

import asyncio

import pytest

from gateway.work.turnstile import Turnstile


class Loop:
    """Counts the turns of the running event loop while somebody works."""

    def __init__(self) -> None:
        self.turn = 0
        asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self.turn += 1
        asyncio.get_running_loop().call_soon(self._next)


async def turns_of(turnstile: Turnstile, callers: int) -> list[tuple[int, int]]:
    """(turn of the loop, caller) in the order in which they went on."""
    went: list[tuple[int, int]] = []
    loop = Loop()

    async def one(number: int) -> None:
        await turnstile.go_through()
        went.append((loop.turn, number))

    await asyncio.gather(*map(one, range(callers)))
    return went


def most_in_a_turn(went: list[tuple[int, int]]) -> int:
    turns = [turn for turn, _ in went]
    return max(turns.count(turn) for turn in turns)


@pytest.mark.parametrize("callers", [1, 4, 5, 64])
async def test_no_more_go_on_in_a_turn_of_the_loop_than_the_turnstile_lets(callers: int) -> None:
    assert most_in_a_turn(await turns_of(Turnstile(4), callers)) == min(callers, 4)


async def test_without_a_bound_all_go_on_in_one_turn() -> None:
    assert most_in_a_turn(await turns_of(Turnstile(1_000), 64)) == 64


async def test_they_go_on_in_the_order_in_which_they_came() -> None:
    assert [number for _, number in await turns_of(Turnstile(4), 64)] == list(range(64))


async def test_who_comes_alone_does_not_wait() -> None:
    turnstile = Turnstile(4)
    for _ in range(3):
        stepping = turnstile.go_through()
        with pytest.raises(StopIteration):
            stepping.send(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_who_is_called_off_while_waiting_holds_nobody_up() -> None:
    turnstile = Turnstile(1)
    waiting = [asyncio.create_task(turnstile.go_through()) for _ in range(8)]
    await asyncio.sleep(0)
    for task in waiting[2:6]:
        task.cancel()
    ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert [type(one) for one in ended] == [type(None)] * 2 + [asyncio.CancelledError] * 4 + [type(None)] * 2
