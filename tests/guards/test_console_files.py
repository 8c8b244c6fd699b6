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


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_name_no_other_place_and_no_inline_style_or_script(template):
    text = template.read_text("utf-8")
    assert not re.search(r"https?:|//cdn|\sstyle=|<style|javascript:|\son[a-z]+=|hx-on|js:", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "nonce=" in script
        assert "src=" in script


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_only_our_own_plots_are_written_unescaped(template):
    marked = re.findall(r"\{\{([^}]*)\|\s*safe", template.read_text("utf-8"))
    assert {name.strip() for name in marked} <= {"svg", "plot"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_posted_form_carries_a_token_and_every_htmx_element_a_nonce(template):
    text = template.read_text("utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        assert "m.token(visit)" in form or 'name="csrf"' in form
    for element in re.findall(r"<[a-z]+[^>]*\shx-[^>]*>", text):
        assert 'hx-nonce="{{ visit.nonce }}"' in element


@pytest.mark.parametrize("template", [t for t in TEMPLATES if t.parent.name == "live"], ids=lambda path: path.name)
def test_live_regions_carry_no_htmx_attributes_and_no_forms(template):
    text = template.read_text("utf-8")
    assert "hx-" not in text
    assert "<form" not in text


def test_no_case_or_person_can_be_asked_for_in_an_address():
    for template in TEMPLATES:
        for form in re.findall(r'<form[^>]*method="get".*?</form>', template.read_text("utf-8"), re.DOTALL):
            assert "case_id" not in form
            assert 'name="id"' not in form


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
