"""What operators send from the pages of the console."""

from tests.contract.console_site import token

GROUP = {"cause": "https-503", "partner": "texas", "kind": "locate", "fault": "partner"}
"""The dead letters of the filled site that one cause explains."""


async def send(client, path, status=303, /, **form):
    """Send a form as its page would; where the answer leads, or what it says."""
    answer = await client.post(path, data={"csrf": await token(client), **form}, allow_redirects=False)
    assert answer.status == status, await answer.text()
    return answer.headers.get("Location") or await answer.text()
