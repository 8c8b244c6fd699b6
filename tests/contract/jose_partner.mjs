// A partner with npm `jose`: opens the messages of the gateway, and makes one for it. JSON in, JSON out.
import { readFileSync } from "node:fs";
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, importJWK } from "jose";

const { message, partner, gateway, plain, inner, outer } = JSON.parse(readFileSync(0, "utf8"));

const opening = await importJWK(partner.opening, "ECDH-ES+A256KW");
const { plaintext, protectedHeader } = await compactDecrypt(message, opening, {
  keyManagementAlgorithms: ["ECDH-ES+A256KW"],
  contentEncryptionAlgorithms: ["A256GCM"],
});
const verifying = await importJWK(gateway.verifying, gateway.verifying.kty === "RSA" ? "PS256" : "ES256");
const verified = await compactVerify(plaintext, verifying, { algorithms: ["ES256", "PS256"] });

const signing = await importJWK(partner.signing, inner.alg);
const signed = await new CompactSign(Buffer.from(plain, "base64")).setProtectedHeader(inner).sign(signing);
const sealing = await importJWK(gateway.sealing, "ECDH-ES+A256KW");
const answer = await new CompactEncrypt(Buffer.from(signed)).setProtectedHeader(outer).encrypt(sealing);

process.stdout.write(
  JSON.stringify({
    opened: Buffer.from(verified.payload).toString("base64"),
    outer: protectedHeader,
    inner: verified.protectedHeader,
    answer,
  }),
);
