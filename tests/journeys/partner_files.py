"""Partner files for tests: four states, a tribe, employers, agencies and the directory, all on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
AGREEMENTS = (EXAMPLES / "partners" / "agreements.toml").read_text(encoding="utf-8")
MAILBOX = 'adapter = "mailbox"'
QUICK_RETRY = """
[partner.retry]
waits = ["200ms", "200ms", "200ms", "400ms", "400ms", "1s", "1s", "1s", "2s", "2s", "2s", "2s", "5s", "5s", "5s"]
jitter = 0.0
[partner.breaker]
failures = 1000
rest = "500ms"
longest_rest = "1s"
"""
CASES = ("case-transfer", "locate")
WHO: Mapping[str, tuple[str, str, str, Mapping[str, str]]] = {
    # key: role, program, locator, format by kind
    "ohio": ("state", "IV-D", "39", {"case-transfer": "csenet", "locate": "csenet", "new-hire": "w4"}),
    "michigan": ("state", "IV-D", "26", dict.fromkeys(CASES, "csenet")),
    "texas": ("state", "IV-D", "48", {**dict.fromkeys(CASES, "xml"), "new-hire": "w4"}),
    "california": ("state", "IV-D", "06", dict.fromkeys(CASES, "json")),
    "tribe-90830": ("tribe", "IV-D", "90830", dict.fromkeys(CASES, "json")),
    "acme": ("employer", "employer", "990000001", {}),
    "globex": ("employer", "employer", "990000002", {}),
    "ohio-tanf": ("agency", "IV-A", "TANF-OH", {"case-transfer": "xml"}),
    "ohio-medicaid": ("agency", "XIX", "MEDICAID-OH", {"case-transfer": "json"}),
    "ohio-vital-records": ("agency", "vital-records", "VITAL-OH", {"case-transfer": "xml"}),
    "ndnh": ("directory", "NDNH", "NDNH", {"new-hire": "w4"}),
}
PULLING = ("tribe-90830", "acme", "globex")


def https(port: int, key: str, timeout: int = 2) -> str:
    """An endpoint on this machine; the time-out is shorter than the leases of the tests."""
    return (
        f'adapter = "https"\nurl = "http://127.0.0.1:{port}/{key}"\nallow_http = true\nallow_private = true\n'
        f"timeout_seconds = {timeout}\nconnect_timeout_seconds = {timeout}"
    )


def partner(key: str, endpoint: str, more: str = "", top: str = "", cases: str | None = None) -> str:
    """One ``[[partner]]`` table. ``more`` are further tables of it, ``top`` further keys, ``cases`` is another format
    for cases."""
    role, program, locator, formats = WHO[key]
    chosen = {kind: cases if cases and kind in CASES else name for kind, name in formats.items()}
    lines = [f'{kind} = "{name}"' for kind, name in chosen.items()]
    return "\n".join(
        [
            f'[[partner]]\nkey = "{key}"\nname = "Synthetic {key}"\nrole = "{role}"\nprogram = "{program}"',
            f'locators = ["{locator}"]\n{top}\n[partner.endpoint]\n{endpoint}\n[partner.formats]',
            *lines,
            more or QUICK_RETRY,
        ]
    )


def everybody(port: int, **changed: str) -> str:
    """All partners and agreements; whoever pushes does so to ``port``. ``changed`` are tables that stand in for the
    usual ones (underscores for hyphens in their names)."""
    tables = {key: partner(key, MAILBOX if key in PULLING else https(port, key)) for key in WHO}
    tables |= {name.replace("_", "-"): text for name, text in changed.items()}
    return "\n".join([*tables.values(), AGREEMENTS])
