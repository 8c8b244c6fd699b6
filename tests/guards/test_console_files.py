"""The console's files: nothing from elsewhere, nothing that the content security policy forbids, exact versions."""

import json
import os
import re
from pathlib import Path

import pytest

from gateway.web.console.assets import AssetError, copies, copy, rewritten
from gateway.web.console.vendor import HTMX, USWDS

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "gateway" / "web" / "console"
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
MODULES = ROOT / "node_modules"

fetched = pytest.mark.skipif(
    not MODULES.exists() and os.environ.get("CI") != "true",
    reason="the front-end packages are not fetched (make assets)",
)


def foreign_or_inline(text):
    yield from re.findall(r"https?:|//cdn|\sstyle=|<style|javascript:|\son[a-z]+=|hx-on|js:", text)
    yield from (one for one in re.findall(r"<script[^>]*>", text) if not ("nonce=" in one and "src=" in one))


def unescaped(text):
    yield from {name.strip() for name in re.findall(r"\{\{([^}]*)\|\s*safe", text)} - {"svg", "plot"}


def without_token_or_nonce(text):
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        if not ("m.token(visit)" in form or 'name="csrf"' in form):
            yield form
    yield from (
        one for one in re.findall(r"<[a-z]+[^>]*\shx-[^>]*>", text) if 'hx-nonce="{{ visit.nonce }}"' not in one
    )


def asking_for_a_person(text):
    for form in re.findall(r'<form[^>]*method="get".*?</form>', text, re.DOTALL):
        yield from (word for word in ("case_id", 'name="id"') if word in form)


FORBIDDEN = {
    foreign_or_inline: "<script nonce='x'>",
    unescaped: "{{ note | safe }}",
    without_token_or_nonce: '<form method="post"></form>',
    asking_for_a_person: '<form method="get"><input name="id"></form>',
}
"""What finds the things that no template may hold, each with one of them."""


@pytest.mark.parametrize("find", FORBIDDEN, ids=lambda find: find.__name__)
def test_no_template_holds_what_none_may(find):
    assert [(path.name, *find(path.read_text("utf-8"))) for path in TEMPLATES] == [(path.name,) for path in TEMPLATES]
    assert list(find(FORBIDDEN[find])) != []


def test_live_regions_carry_no_htmx_attributes_and_no_forms():
    live = {path.name: path.read_text("utf-8") for path in TEMPLATES if path.parent.name == "live"}
    assert live
    assert [name for name, text in live.items() if "hx-" in text or "<form" in text] == []


def test_versions_are_exact_and_the_lock_file_names_no_registry():
    package = json.loads((ROOT / "package.json").read_text())
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    lock = (ROOT / "package-lock.json").read_text()
    assert "://" not in lock
    assert "resolved" not in lock
    locked = json.loads(lock)["packages"]
    assert all("integrity" in one for path, one in locked.items() if path)
    assert f"htmx-{locked['node_modules/htmx.org']['version']}" == HTMX
    assert f"uswds-{locked['node_modules/@uswds/uswds']['version']}" == USWDS
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()


@fetched
def test_the_vendor_folder_holds_what_the_packages_hold_and_nothing_else(tmp_path):
    vendor = tmp_path / "vendor"
    count = copy(MODULES, vendor)
    present = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    listed = {name: source for source, name in copies(MODULES)}
    assert present == {*listed, "THIRD_PARTY.txt"}
    assert count == len(present) == 58
    for name, source in listed.items():
        content = (vendor / name).read_bytes()
        if source.name == "uswds.min.js":
            assert content.startswith(b"window.uswdsRequire=function r(")
            content = b"!" + content.removeprefix(b"window.uswdsRequire=")
        assert content == source.read_bytes(), name


@fetched
def test_everything_that_the_stylesheet_refers_to_is_copied():
    listed = {name for _, name in copies(MODULES)}
    stylesheet = (MODULES / "@uswds" / "uswds" / "dist" / "css" / "uswds.min.css").read_text()
    wanted = {one.split("#")[0] for one in re.findall(r"url\(\.\./([^)]+)\)", stylesheet)}
    assert {f"{USWDS}/{one}" for one in wanted} <= listed


@pytest.mark.parametrize("bundle", [b"!function x(", b"!function r(a){},{},[27]);", b""])
def test_another_bundle_of_the_design_system_is_refused(bundle):
    with pytest.raises(AssetError):
        rewritten(bundle)
