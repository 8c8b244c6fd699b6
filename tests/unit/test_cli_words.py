"""How the command line tells values to people."""

import io
import os
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
import trustme

from gateway.cli.application import run
from gateway.cli.client import Client
from gateway.cli.out import worded
from gateway.core.errors import Misconfigured, NotFound, TooLarge, Unavailable

LINGERING = 0.3
"""Seconds between an answer and the end of its connection: the gateway takes ten times as long."""
AT = datetime(2026, 3, 2, 12, 30, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (AT, "2026-03-02 12:30:05Z"),
        (AT.astimezone(timezone(timedelta(hours=-5))), "2026-03-02 12:30:05Z"),
        ("2026-03-02T12:30:05.123456Z", "2026-03-02 12:30:05Z"),
        ("2026-03-02T12:30:05+00:00", "2026-03-02 12:30:05Z"),
        ("2026-03-02", "2026-03-02"),
        (None, "-"),
        ([], "-"),
        (0, "0"),
    ],
)
def test_times_have_seconds_and_a_zone_and_nothing_is_a_dash(value, text):
    assert worded(value) == text


@pytest.fixture
def silent():
    """A port where somebody answers, and not in HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"220 ready\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("scheme", "words"),
    [("http", "does not speak HTTP. Does it listen with https://?"), ("https", "does not speak TLS. Does it listen")],
)
def test_a_client_that_met_another_protocol_says_so(silent, scheme, words):
    with pytest.raises(Unavailable, match=words.replace("?", r"\?")):
        Client(f"{scheme}://127.0.0.1:{silent}", "k").get("/v1/submissions")


@pytest.fixture
def hasty(tmp_path):
    """Opens a port of the scheme where somebody reads the head of a request, answers, and closes without its body."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    threads = []

    def opened(scheme, answer):
        server = socket.create_server(("127.0.0.1", 0))

        def serve():
            with server:
                peer, _ = server.accept()
                if scheme == "https":
                    peer = context.wrap_socket(peer, server_side=True)
                with peer:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += peer.recv(1024)
                    peer.sendall(answer)
                    time.sleep(LINGERING)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return Client(f"{scheme}://127.0.0.1:{server.getsockname()[1]}", "k", str(tmp_path / "ca.pem"))

    yield opened
    for thread in threads:
        thread.join()


BIG = 64 * 2**20
"""More than the buffers between two sockets hold."""


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_tells_why_its_file_is_refused_before_all_of_it_is_sent(hasty, scheme):
    body = b'{"type":"/problems/too-large","detail":"The body is larger than allowed"}'
    answer = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
    with pytest.raises(TooLarge, match="The body is larger than allowed"):
        hasty(scheme, answer).send("POST", "/v1/submissions", io.BytesIO(bytes(BIG)), {"Content-Length": str(BIG)})


@pytest.mark.parametrize("field", [b"Gateway-Query", b"gateway-query"])
def test_a_query_is_answered_through_a_proxy_that_writes_names_of_fields_small(
    hasty, monkeypatch, capsysbinary, tmp_path, field
):
    asked = tmp_path / "query.json"
    asked.write_text("{}")
    client = hasty("http", b"HTTP/1.1 200 OK\r\n%s: 0190\r\nContent-Length: 6\r\n\r\nanswer" % field)
    monkeypatch.setattr("sys.argv", ["gateway", "query", str(asked), "--url", client.url, "--key", "k"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 0
    told = capsysbinary.readouterr()
    assert told.out == b"answer"
    assert b"Query 0190 is answered" in told.err


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_whose_gateway_goes_away_while_it_sends_or_answers_says_so(hasty, scheme):
    with pytest.raises(Unavailable, match="it closed the connection"):
        hasty(scheme, b"").send("POST", "/v1/submissions", io.BytesIO(bytes(BIG)), {"Content-Length": str(BIG)})
    with pytest.raises(Unavailable, match="it closed the connection"):
        hasty(scheme, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first").send("GET", "/v1/mailbox/x")


def test_a_client_says_that_nothing_listens_or_that_its_address_is_none():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unavailable, match="nothing listens there"):
        Client(f"http://127.0.0.1:{port}", "k").get("/livez")
    for none in (f"127.0.0.1:{port}", "http://127.0.0.1:port", "http://127.0.0.1:99999", "http://[::1", "https:///v1"):
        with pytest.raises(Misconfigured, match="begins with https"):
            Client(none, "k").get("/livez")
    with pytest.raises(Unavailable, match="no machine of that name"):
        Client(f"http://{'a' * 70}.example", "k").get("/livez")


def test_a_key_from_a_file_of_another_system_is_that_key_without_its_line_end(monkeypatch):
    monkeypatch.setenv("GATEWAY_KEY", "gwk_from-a-file\r")
    assert Client.of("http://127.0.0.1", None).key == "gwk_from-a-file"
    assert Client.of("http://127.0.0.1", "gwk_given\r\n").key == "gwk_given"


@pytest.mark.parametrize("value", ["gwk_secret\rx", "gwk_secret\nx: y", "gwk_secretключ", "gwk_secreté"])
def test_what_no_field_can_hold_is_refused_by_its_name_and_never_quoted(value):
    with pytest.raises(Misconfigured, match="Authorization holds what cannot be sent") as refused:
        Client("http://127.0.0.1", value).get("/livez")
    assert "secret" not in str(refused.value)
    with pytest.raises(Misconfigured, match="Idempotency-Key holds what cannot be sent"):
        Client("http://127.0.0.1", "k").send("POST", "/v1/submissions", b"", {"Idempotency-Key": value})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 308 X\r\nLocation: https://gateway.example/v1\r\n", "leads to https://gateway.example/v1: give"),
        (b"HTTP/1.1 302 X\r\n", "leads to another address"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "What answers there is no gateway"),
    ],
)
def test_an_address_that_is_not_the_gateways_own_is_told(hasty, answer, words):
    with pytest.raises(Misconfigured, match=words):
        hasty("http", answer + b"Content-Length: 6\r\n\r\n<html>").get("/v1/submissions")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_a_repeat_may_mend_ends_with_the_code_that_says_try_again(hasty, monkeypatch, status):
    client = hasty("http", b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)
    monkeypatch.setattr("sys.argv", ["gateway", "status", "x", "--url", client.url, "--key", "k"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 8


@pytest.mark.parametrize("id_", ["é", "x y", "a#b"])
def test_an_id_of_whatever_signs_is_asked_for_like_others(hasty, id_):
    body = b'{"type":"/problems/not-found","detail":"There is no such thing"}'
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
    with pytest.raises(NotFound):
        hasty("http", answer).get(f"/v1/submissions/{id_}")


def test_a_folder_that_may_not_be_written_is_a_sentence_and_no_traceback(monkeypatch, capsys):
    def denied():
        raise PermissionError(13, "Permission denied", "state")

    monkeypatch.setattr("gateway.cli.application.app", denied)
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 3
    assert "state: permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(("place", "words"), [("away/file", "no such file or directory"), (".", "is a directory")])
def test_a_file_that_cannot_be_where_it_is_wanted_is_a_sentence_and_no_traceback(
    monkeypatch, capsys, tmp_path, place, words
):
    monkeypatch.setattr("sys.argv", ["gateway", "sample", "w4", "--out", str(tmp_path / place)])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "way"),
    [
        (("submit", "--format", "w4", "--key", "gwk_x", "--url", "http://127.0.0.1:9"), "write it into a file first"),
        (("validate",), "name its --format"),
        (("convert", "--to", "json"), "name its --format"),
    ],
)
def test_what_can_be_read_only_once_is_not_taken_for_empty(monkeypatch, capsys, command, way):
    out, into = os.pipe()
    os.write(into, b"H4")
    os.close(into)
    try:
        monkeypatch.setattr("sys.argv", ["gateway", command[0], f"/dev/fd/{out}", *command[1:]])
        with pytest.raises(SystemExit) as ended:
            run()
    finally:
        os.close(out)
    assert ended.value.code == 2
    assert f"can be read only once: {way}" in " ".join(capsys.readouterr().err.replace("│", "").split())
