// Checks inclusion proofs with @sigstore/verify. One JSON question a line on stdin, one answer a line on stdout.
const { createInterface } = require('node:readline');
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle.js');

const bytes = (text) => Buffer.from(text, 'base64');

function answer(line) {
  const { Index, Size, Leaf, Root, Path } = JSON.parse(line);
  const entry = {
    canonicalizedBody: bytes(Leaf),
    inclusionProof: { logIndex: String(Index), hashes: Path.map(bytes) },
  };
  try {
    verifyMerkleInclusion(entry, { logSize: BigInt(Size), logHash: bytes(Root) });
    return 'ok';
  } catch (error) {
    return error.code ?? 'failed';
  }
}

const answers = [];
createInterface({ input: process.stdin })
  .on('line', (line) => answers.push(answer(line)))
  .on('close', () => process.stdout.write(answers.map((one) => `${one}\n`).join('')));
