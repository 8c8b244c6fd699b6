"""The oldest versions of libraries that may run: below each one lies a published weakness that reaches us.

What is installed is looked at when a process or a command starts, because a lock file can be old and an image older.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from gateway.core.errors import Misconfigured

FLOORS: Mapping[str, str] = {
    "aiohttp": "3.14.1",  # CVE-2025-69223, CVE-2026-34517, CVE-2026-54278: bodies that unpack without end
    "asyncssh": "2.23.1",  # CVE-2026-54591: files written outside of their directory
    "cryptography": "50.0.0",  # CVE-2026-69247 class: error texts that tell paddings apart
    "joserfc": "1.8.0",  # confusion of algorithms and keys
    "lxml": "6.1.3",  # external parameter entities open local files
}
"""Package -> the least version. A package that is not installed is not used."""
_RELEASE = re.compile(r"\d+(?:\.\d+)*")

Versions = Callable[[str], str]
"""The installed version of a package. Raises PackageNotFoundError."""


def refuse_old_libraries(floors: Mapping[str, str] = FLOORS, installed: Versions = version) -> None:
    """Raises Misconfigured (``dependency-floor``) that names every library below its floor."""
    old = []
    for package, least in floors.items():
        try:
            found = installed(package)
        except PackageNotFoundError:
            continue
        if _release(found) < _release(least):
            old.append(f"{package} {found} is older than {least}")
    if old:
        raise Misconfigured(
            f"Libraries with known weaknesses are installed: {'; '.join(old)}.", code="dependency-floor"
        )


def _release(text: str) -> tuple[int, ...]:
    """The numbers of a version without zeros at the end; what is no version is older than everything."""
    match = _RELEASE.match(text)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
