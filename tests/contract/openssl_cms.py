"""``openssl cms`` as a partner would use it. Its plaintext goes to a temporary file that gets its name only when the
program ended well: it writes what it decrypted before it has checked the tag."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from gateway.core.protection import Algorithm, WireKey
from tests.unit.wire_site import WIRE

AGREE = ("-keyopt", "ecdh_kdf_md:sha256")
OAEP = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256")
PSS = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32")


class Failed(Exception):
    """The program did not end well."""


@dataclass(frozen=True, slots=True)
class OpenSsl:
    folder: Path

    def run(self, *arguments: str, given: bytes) -> bytes:
        (self.folder / "given").write_bytes(given)
        temporary, final = self.folder / "made.part", self.folder / "made"
        final.unlink(missing_ok=True)
        command = ["openssl", "cms", *arguments, "-binary", "-in", "given", "-out", temporary.name]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
        if ended.returncode:
            raise Failed(ended.stderr.decode())
        temporary.replace(final)
        return final.read_bytes()

    def certificate(self, key: WireKey) -> str:
        path = self.folder / f"{key.id}.crt"
        path.write_text(WIRE.public_text(key.material))
        return path.name

    def private(self, key: WireKey) -> str:
        path = self.folder / f"{key.id}.key"
        loaded = load_der_private_key(key.private, None)
        path.write_bytes(loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path.name

    def sign(self, content: bytes, by: WireKey, *options: str) -> bytes:
        who = ("-signer", self.certificate(by), "-inkey", self.private(by), "-md", "sha256")
        return self.run("-sign", "-nodetach", "-outform", "DER", *who, *options, given=content)

    def verify(self, signed: bytes, by: WireKey) -> bytes:
        return self.run("-verify", "-inform", "DER", "-CAfile", self.certificate(by), "-purpose", "any", given=signed)

    def encrypt(self, content: bytes, to: WireKey, cipher: str, *options: str) -> bytes:
        recipient = ("-recip", self.certificate(to), *options)
        return self.run("-encrypt", "-outform", "DER", cipher, *recipient, given=content)

    def decrypt(self, message: bytes, to: WireKey) -> bytes:
        who = ("-inkey", self.private(to), "-recip", self.certificate(to))
        return self.run("-decrypt", "-inform", "DER", *who, given=message)


def padding_of(algorithm: Algorithm) -> tuple[str, ...]:
    """How the content key is given to a key of this kind."""
    return OAEP if algorithm is Algorithm.RSA else AGREE
