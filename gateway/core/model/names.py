"""The names that things go by: ids, keys, kinds, formats, rules and places in a record."""

from __future__ import annotations

from typing import NewType

PartnerKey = NewType("PartnerKey", str)
AgreementKey = NewType("AgreementKey", str)
SubmissionId = NewType("SubmissionId", str)
RecordId = NewType("RecordId", str)
DeliveryId = NewType("DeliveryId", str)
EntryId = NewType("EntryId", str)
JobId = NewType("JobId", str)
Kind = NewType("Kind", str)
"""What a record is: ``case-transfer``, ``locate``, ``new-hire``, ... one XSD each; the catalog names them."""
FormatName = NewType("FormatName", str)
"""How a partner writes a kind: ``xml``, ``json``, ``csenet``, ``w4``, ``newhire-csv-nc``, ..."""
RuleCode = NewType("RuleCode", str)
Digest = NewType("Digest", str)
Path = NewType("Path", str)
"""Where a value stands in the canonical form: ``Participant[2]/PersonName/PersonSurName``; repeated elements always
carry their 1-based index."""
