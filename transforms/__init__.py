"""Engines that read and write the formats of partners. Pure: bytes in, values out, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from gateway.core.catalog import Catalog
from gateway.core.errors import Misconfigured
from gateway.core.model import FormatName
from gateway.core.ports.formats import CanonicalForm, Format
from transforms.ach import AchDedFormat
from transforms.canonical import Canonical
from transforms.csenet import CsenetFormat
from transforms.delimited import DelimitedFormat
from transforms.fhir import FhirFormat
from transforms.files import FixedFile
from transforms.json_format import JsonFormat
from transforms.paths import check_paths
from transforms.w4 import W4Format
from transforms.x12 import X12Format
from transforms.xml_format import XmlFormat

FORMATS: Mapping[str, Callable[[Catalog], Format]] = MappingProxyType(
    {
        "xml": XmlFormat,
        "json": JsonFormat,
        "csenet": CsenetFormat,
        "csenet-out": CsenetFormat.outgoing,
        "csenet-errors": FixedFile.named("csenet-errors"),
        "w4": W4Format,
        "newhire-csv-nc": DelimitedFormat.named("newhire-csv-nc"),
        "newhire-csv-nj": DelimitedFormat.named("newhire-csv-nj"),
        "newhire-csv-ga": DelimitedFormat.named("newhire-csv-ga"),
        "ks-injury-claims": DelimitedFormat.named("ks-injury-claims"),
        "newhire-ma": FixedFile.named("newhire-ma"),
        "newhire-oh": FixedFile.named("newhire-oh"),
        "newhire-ut": FixedFile.named("newhire-ut"),
        "newhire-wa": FixedFile.named("newhire-wa"),
        "newhire-nv": FixedFile.named("newhire-nv"),
        "newhire-sc": FixedFile.named("newhire-sc"),
        "newhire-ne": FixedFile.named("newhire-ne"),
        "newhire-tn": FixedFile.named("newhire-tn"),
        "newhire-wi": FixedFile.named("newhire-wi"),
        "newhire-nc": FixedFile.named("newhire-nc"),
        "newhire-vendor": FixedFile.named("newhire-vendor"),
        "w4-control": FixedFile.named("w4-control"),
        "fcr-input": FixedFile.named("fcr-input"),
        "fcr-input-cp037": FixedFile.named("fcr-input-cp037"),
        "fcr-input-cp1140": FixedFile.named("fcr-input-cp1140"),
        "fcr-output": FixedFile.named("fcr-output"),
        "fpls-answers": FixedFile.named("fpls-answers"),
        "fpls-answers-cp037": FixedFile.named("fpls-answers-cp037"),
        "medical-match": FixedFile.named("medical-match"),
        "multistate-bank-match": FixedFile.named("multistate-bank-match"),
        "directory-match": FixedFile.named("directory-match"),
        "tanf-report": FixedFile.named("tanf-report"),
        "ks-newhire-query": FixedFile.named("ks-newhire-query"),
        "ks-wage-query": FixedFile.named("ks-wage-query"),
        "ks-ui-intercept": FixedFile.named("ks-ui-intercept"),
        "ks-offset-cases": FixedFile.named("ks-offset-cases"),
        "ks-licence-query": FixedFile.named("ks-licence-query"),
        "ks-licence-action": FixedFile.named("ks-licence-action"),
        "ks-wildlife-query": FixedFile.named("ks-wildlife-query"),
        "ks-dividend-query": FixedFile.named("ks-dividend-query"),
        "ks-newhire-match": FixedFile.named("ks-newhire-match"),
        "ks-wage-answer": FixedFile.named("ks-wage-answer"),
        "ks-licence-match": FixedFile.named("ks-licence-match"),
        "ks-licence-nonmatch": FixedFile.named("ks-licence-nonmatch"),
        "ks-licence-result": FixedFile.named("ks-licence-result"),
        "ks-licence-locate": FixedFile.named("ks-licence-locate"),
        "ks-licence-locate-error": FixedFile.named("ks-licence-locate-error"),
        "ks-dividend-answer": FixedFile.named("ks-dividend-answer"),
        "ks-vehicles": FixedFile.named("ks-vehicles"),
        "ks-ui-withholding": FixedFile.named("ks-ui-withholding"),
        "ks-ui-claimants": FixedFile.named("ks-ui-claimants"),
        "ks-offset-collections": FixedFile.named("ks-offset-collections"),
        "ks-tanf-benefits": FixedFile.named("ks-tanf-benefits"),
        "ks-court-payments": FixedFile.named("ks-court-payments"),
        "ks-payment-notices": FixedFile.named("ks-payment-notices"),
        "ks-return-totals": FixedFile.named("ks-return-totals"),
        "ks-coverage-pairs": FixedFile.named("ks-coverage-pairs"),
        "eiwo-order": FixedFile.named("eiwo-order"),
        "eiwo-answer": FixedFile.named("eiwo-answer"),
        "eiwo-result": FixedFile.named("eiwo-result"),
        "eiwo-employers": FixedFile.named("eiwo-employers"),
        "lien": FixedFile.named("lien"),
        "fidm-inquiry": FixedFile.named("fidm-inquiry"),
        "fidm-answer": FixedFile.named("fidm-answer"),
        "insurance-match": FixedFile.named("insurance-match"),
        "federal-offset-cases": FixedFile.named("federal-offset-cases"),
        "federal-offset-cases-cp037": FixedFile.named("federal-offset-cases-cp037"),
        "federal-offset-collections": FixedFile.named("federal-offset-collections"),
        "federal-offset-collections-cp037": FixedFile.named("federal-offset-collections-cp037"),
        "eft-extract": FixedFile.named("eft-extract"),
        "ded-fixed80": FixedFile.named("ded-fixed80"),
        "ach-ded": AchDedFormat,
        "ije-natality": FixedFile.named("ije-natality"),
        "ije-mortality": FixedFile.named("ije-mortality"),
        "bfdr-birth": FhirFormat.named("bfdr-birth"),
        "x12-834": X12Format.named("x12-834"),
        "x12-270": X12Format.named("x12-270"),
        "x12-271": X12Format.named("x12-271"),
        "x12-999": X12Format.named("x12-999"),
        "x12-997": X12Format.named("x12-997"),
        "mmis-ks-coverage": FixedFile.named("mmis-ks-coverage"),
        "mmis-ks-carriers": FixedFile.named("mmis-ks-carriers"),
        "mmis-ks-ended": FixedFile.named("mmis-ks-ended"),
        "mmis-ks-orders": FixedFile.named("mmis-ks-orders"),
        "mmis-ks-availability": FixedFile.named("mmis-ks-availability"),
        "mmis-ks-policies": FixedFile.named("mmis-ks-policies"),
        "mmis-ks-alerts": FixedFile.named("mmis-ks-alerts"),
        "medical-notice-requests": FixedFile.named("medical-notice-requests"),
        "medical-notice-answers-a": FixedFile.named("medical-notice-answers-a"),
        "medical-notice-answers-b": FixedFile.named("medical-notice-answers-b"),
        "icr-extract": FixedFile.named("icr-extract"),
        "icr-results": FixedFile.named("icr-results"),
        "office-directory": FixedFile.named("office-directory"),
        "credit-report": FixedFile.named("credit-report"),
    }
)
"""Format name -> how to make it from the catalog; the catalog has the same names."""


class Formats(Mapping[FormatName, Format]):
    """The formats of a catalog, each made when it is first asked for: a command that reads one waits for one."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._made: dict[FormatName, Format] = {}

    def __getitem__(self, name: FormatName) -> Format:
        made = self._made.get(name)
        if made is None:
            if name not in self._catalog.formats:
                raise KeyError(name)
            made = self._made[name] = self._engine(name)
        return made

    def _engine(self, name: FormatName) -> Format:
        """Raises Misconfigured where the format's own table is missing: a KeyError would say there is no format."""
        try:
            return FORMATS[name](self._catalog)
        except KeyError as missing:
            where = "schemas/files, schemas/csv, schemas/x12 or schemas/fhir"
            raise Misconfigured(f"The format {name} has no table {missing.args[0]}.toml in {where}.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._catalog.formats

    def __iter__(self) -> Iterator[FormatName]:
        return (FormatName(name) for name in FORMATS if name in self._catalog.formats)

    def __len__(self) -> int:
        return len(self._catalog.formats)


def formats(catalog: Catalog) -> Mapping[FormatName, Format]:
    """All formats of the catalog that are not withheld. Misconfigured when the catalog and the table differ."""
    known = {*catalog.formats, *catalog.withheld}
    if known != set(FORMATS):
        odd = sorted(known ^ set(FORMATS))
        raise Misconfigured(f"formats without an engine or without a catalog line: {', '.join(odd)}")
    return Formats(catalog)


def canonical(catalog: Catalog) -> CanonicalForm:
    """The canonical form of all kinds of the catalog. Misconfigured when a path of the catalog is wrong."""
    check_paths(catalog)
    return Canonical(catalog)


def warm(formats: Mapping[FormatName, Format], canonical: CanonicalForm) -> None:
    """Make every engine and every schema ready now instead of when one is first met: for processes that may not stop
    for it later, and must not start with a wrong schema. What explains failing documents (50 ms a kind) still waits
    for the first of them: most processes never meet one.

    Raises Misconfigured for a schema that cannot be used.
    """
    tuple(formats.values())
    canonical.warm()
