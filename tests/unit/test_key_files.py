"""The key file: private, durable, under a passphrase when one is set."""

import json
import os
import threading
import traceback
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.errors import Conflict, GatewayError, Misconfigured, Unavailable
from keys import folder as folder_module
from keys.files import FILE_NAME, FileKeys
from keys.keyfile import Stretch
from keys.states import KeyState, KeyUse

CHEAP = Stretch(iterations=1, lanes=1, memory_kib=128)
PASSPHRASE = "synthetic passphrase"


def clock():
    return datetime(2026, 3, 1, tzinfo=UTC)


def created(folder, passphrase=None):
    return FileKeys.create(folder, clock, os.urandom, passphrase, stretch=CHEAP)


def loaded(folder, passphrase=None):
    return FileKeys.load(folder, passphrase, clock=clock, random=os.urandom, stretch=CHEAP)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


@pytest.fixture(params=[None, PASSPHRASE], ids=["in the clear", "under a passphrase"])
def passphrase(request):
    return request.param


def test_created_keys_load_again(folder, passphrase):
    keys = created(folder, passphrase)
    assert [facts.id for facts in keys.list()] == [
        "kek:records:2026-03:1",
        "kek:federal-tax:2026-03:1",
        "index:search:2026-03:1",
        "token-pepper:api-keys:2026-03:1",
        "note-signing:audit-log:2026-03:1",
        "receipt-signing:receipts:2026-03:1",
        "token-signing:access-tokens:2026-03:1",
    ]
    again = loaded(folder, passphrase)
    assert again.ring == keys.ring
    assert again.sealer().open("records", "c", keys.sealer().seal("records", "c", b"plain")) == b"plain"
    assert again.signer("log.test").public_key == keys.signer("log.test").public_key == keys.public_keys()[0]
    assert again.indexer().index("d", "v") == keys.indexer().index("d", "v")
    assert again.hasher().digest("t") == keys.hasher().digest("t")


PUBLIC = {
    KeyUse.NOTE_SIGNING: ("audit-log", lambda keys: set(keys.public_keys()), lambda keys: keys.signer("l").public_key),
    KeyUse.RECEIPT_SIGNING: (
        "receipts",
        lambda keys: set(keys.receipt_signer().public_keys()),
        lambda keys: keys.receipt_signer().sign(b"{}")[0],
    ),
    KeyUse.TOKEN_SIGNING: (
        "access-tokens",
        lambda keys: {key["kid"] for key in json.loads(keys.access_tokens().published())["keys"]},
        lambda keys: keys.ring.active(KeyUse.TOKEN_SIGNING, "access-tokens").facts.id,
    ),
}
"""Label, what is published, and who signs now."""


@pytest.mark.parametrize("use", PUBLIC)
@pytest.mark.parametrize("ahead", [True, False], ids=["prepared", "control: rotated at once"])
def test_a_key_that_waits_to_sign_is_published_before_it_signs(folder, use, ahead):
    keys, (label, published, signing) = created(folder), PUBLIC[use]
    first = signing(keys)
    if ahead:
        keys.prepare(label, use)
    known = published(keys)
    assert signing(keys) == first
    keys.rotate(label, use)
    assert (signing(keys) in known) is ahead
    assert first in published(keys)


def test_the_file_and_its_directory_are_for_the_owner_alone(folder):
    created(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_touch_is_refused(folder, mode):
    created(folder)
    (folder / FILE_NAME).chmod(mode)
    with pytest.raises(Misconfigured, match=f"mode 0{mode:o}") as caught:
        loaded(folder)
    assert caught.value.problem == "key-file-shared"


def test_a_directory_that_others_may_touch_is_refused(folder):
    created(folder)
    folder.chmod(0o750)
    with pytest.raises(Misconfigured, match="mode 0750"):
        loaded(folder)
    with pytest.raises(Misconfigured):
        created(folder)


def test_control_without_the_check_a_shared_file_would_load(folder, monkeypatch):
    created(folder)
    (folder / FILE_NAME).chmod(0o644)
    monkeypatch.setattr(folder_module, "_refuse_shared", lambda *_: None)
    assert loaded(folder).list()


def test_a_link_in_place_of_the_file_is_refused(folder, tmp_path):
    created(folder)
    (folder / FILE_NAME).rename(tmp_path / "elsewhere")
    (folder / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured):
        loaded(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(folder):
    created(folder)
    os.chown(folder / FILE_NAME, 65_534, 65_534)
    with pytest.raises(Misconfigured, match="another user"):
        loaded(folder)


def test_keys_are_not_made_over_other_keys(folder):
    keys = created(folder)
    with pytest.raises(Misconfigured, match="there already"):
        created(folder)
    assert loaded(folder).ring == keys.ring


def test_a_missing_file_is_named(folder):
    with pytest.raises(Misconfigured, match=FILE_NAME):
        loaded(folder)


def test_a_wrong_passphrase_is_said_without_details(folder):
    created(folder, PASSPHRASE)
    with pytest.raises(Misconfigured) as caught:
        loaded(folder, "wrong passphrase")
    assert caught.value.problem == "bad-passphrase"
    shown = "".join(traceback.format_exception(caught.value))
    assert "InvalidTag" not in shown
    assert "wrong passphrase" not in str(caught.value)


def test_a_protected_file_without_its_passphrase_and_an_open_file_with_one_are_refused(tmp_path):
    created(tmp_path / "a", PASSPHRASE)
    created(tmp_path / "b")
    with pytest.raises(Misconfigured, match="needs its passphrase"):
        loaded(tmp_path / "a")
    with pytest.raises(Misconfigured, match="not under a passphrase"):
        loaded(tmp_path / "b", PASSPHRASE)


def test_a_protected_file_shows_no_key(folder):
    keys = created(folder, PASSPHRASE)
    content = (folder / FILE_NAME).read_bytes()
    assert b"kek:" not in content
    assert not any(key.material in content for key in keys.ring.keys)


def spoiled_documents(good):
    document = json.loads(good)
    yield b""
    yield b"null"
    yield b"\xff\xfe"
    yield good[:-10]
    for change in ({"version": 2}, {"extra": 1}, {"ring": {"keys": [{"id": "x"}]}}):
        yield json.dumps(document | change).encode()
    first = document["ring"]["keys"][0]
    for change in ({"material": "AAAA"}, {"use": "other"}, {"state": "lost"}, {"created_at": "2026-03-01T00:00:00"}):
        document["ring"]["keys"][0] = first | change
        yield json.dumps(document).encode()


def test_a_malformed_file_is_refused_without_its_content(folder):
    created(folder)
    path = folder / FILE_NAME
    material = json.loads(path.read_bytes())["ring"]["keys"][0]["material"]
    for document in spoiled_documents(path.read_bytes()):
        path.write_bytes(document)
        with pytest.raises(Misconfigured) as caught:
            loaded(folder)
        assert material not in "".join(traceback.format_exception(caught.value))


def test_a_change_anywhere_in_a_protected_file_is_refused(folder):
    created(folder, PASSPHRASE)
    path = folder / FILE_NAME
    good = path.read_bytes()
    for place in range(0, len(good), 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(Misconfigured):
            loaded(folder, PASSPHRASE)


def test_a_file_cannot_ask_for_memory_or_time_without_end(folder):
    created(folder, PASSPHRASE)
    path = folder / FILE_NAME
    path.write_bytes(path.read_bytes().replace(b'"memory_kib":128', b'"memory_kib":99999999'))
    with pytest.raises(Misconfigured, match="malformed"):
        loaded(folder, PASSPHRASE)


def test_a_rotation_is_kept_and_old_bytes_open(folder, passphrase):
    keys = created(folder, passphrase)
    sealed = keys.sealer().seal("records", "c", b"plain")
    assert keys.rotate("records").id == "kek:records:2026-03:2"
    again = loaded(folder, passphrase)
    assert [facts.state for facts in again.list() if facts.label == "records"] == [
        KeyState.DECRYPT_ONLY,
        KeyState.ACTIVE,
    ]
    assert again.sealer().open("records", "c", sealed) == b"plain"


def test_a_running_process_opens_what_another_one_sealed_after_a_rotation(folder):
    serving = created(folder).sealer()
    other = loaded(folder)
    other.rotate("records")
    assert serving.open("records", "c", other.sealer().seal("records", "c", b"plain")) == b"plain"


def test_the_file_is_read_again_only_when_it_has_changed(folder, monkeypatch):
    keys = created(folder)
    monkeypatch.setattr("keys.files.read_private", lambda _: pytest.fail("read without need"))
    assert keys.reload() == keys.ring


def test_a_new_label_gets_its_key_once(folder):
    keys = created(folder)
    assert keys.new("tax").id == "kek:tax:2026-03:1"
    with pytest.raises(Conflict):
        keys.new("tax")
    assert loaded(folder).sealer().seal("tax", "c", b"plain")


def test_the_number_counts_within_the_month(folder):
    created(folder)
    later = FileKeys.load(folder, None, clock=lambda: clock() + timedelta(days=40), random=os.urandom)
    assert later.rotate("records").id == "kek:records:2026-04:1"


def test_changes_of_two_processes_are_both_kept(folder):
    created(folder)
    makers = [loaded(folder) for _ in range(4)]
    threads = [threading.Thread(target=maker.new, args=(f"label-{number}",)) for number, maker in enumerate(makers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {facts.label for facts in loaded(folder).list()} >= {f"label-{number}" for number in range(4)}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_while_writing_leaves_the_old_keys(folder, monkeypatch, step):
    keys = created(folder)

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.os if step == "fsync" else folder_module.Path, step, fail)
        with pytest.raises(Unavailable, match="No space left"):
            keys.rotate("records")
    assert [facts.id for facts in loaded(folder).list()].count("kek:records:2026-03:1") == 1
    assert loaded(folder).rotate("records").id == "kek:records:2026-03:2"


def test_a_directory_in_place_of_the_file_is_refused(folder):
    created(folder)
    (folder / FILE_NAME).unlink()
    (folder / FILE_NAME).mkdir(mode=0o700)
    with pytest.raises(Misconfigured, match="not what it should be"):
        loaded(folder)


def test_keys_whose_directory_has_gone_cannot_change(folder):
    keys = created(folder)
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(Misconfigured, match="cannot be opened"):
        keys.rotate("records")


def test_every_refusal_is_one_of_ours(folder, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(GatewayError):
            created(place)
        with pytest.raises(GatewayError):
            loaded(place)
    assert not folder.exists()
