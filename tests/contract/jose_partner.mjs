// A partner with npm `jose`: opens the messages of the gateway, and makes one for it. JSON in, JSON out.
import { readFileSync } from "node:fs";
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, errors, importJWK } from "jose";

const { messages, partner, gateway, plain, inner, outer } = JSON.parse(readFileSync(0, "utf8"));

const opening = await importJWK(partner.opening, "ECDH-ES+A256KW");
const verifying = await importJWK(gateway.verifying, gateway.verifying.kty === "RSA" ? "PS256" : "ES256");

async function opened(message) {
  const { plaintext, protectedHeader } = await compactDecrypt(message, opening, {
    keyManagementAlgorithms: ["ECDH-ES+A256KW"],
    contentEncryptionAlgorithms: ["A256GCM"],
  });
  const verified = await compactVerify(plaintext, verifying, { algorithms: ["ES256", "PS256"] });
  return { payload: verified.payload, outer: protectedHeader, inner: verified.protectedHeader };
}

async function answer() {
  const signing = await importJWK(partner.signing, inner.alg);
  const signed = await new CompactSign(Buffer.from(plain, "base64")).setProtectedHeader(inner).sign(signing);
  const sealing = await importJWK(gateway.sealing, "ECDH-ES+A256KW");
  return new CompactEncrypt(Buffer.from(signed)).setProtectedHeader(outer).encrypt(sealing);
}

async function told(message) {
  try {
    const { payload, ...headers } = await opened(message);
    return { opened: Buffer.from(payload).toString("base64"), ...headers, answer: await answer() };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { refused: error.code };
    throw error;
  }
}

process.stdout.write(JSON.stringify(await Promise.all(messages.map(told))));
