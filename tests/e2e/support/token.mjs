// JSON Web Tokens as a site would make them, with node's own crypto.
import { createHmac, generateKeyPairSync, sign } from "node:crypto";

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const now = () => Math.floor(Date.now() / 1000);

// alg: HS256 (key: secret), RS256 or ES256 (key: private key); none gives an empty signature.
export function token(alg, key, claims, header = {}) {
  const input = `${part({ alg, typ: "JWT", ...header })}.${part({ exp: now() + 300, ...claims })}`;
  let signature = Buffer.alloc(0);
  if (alg === "HS256") signature = createHmac("sha256", key).update(input).digest();
  else if (alg === "RS256") signature = sign("sha256", Buffer.from(input), key);
  else if (alg === "ES256") signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

export function keyPair(kind, kid) {
  const options = kind === "rsa" ? { modulusLength: 2048 } : { namedCurve: "P-256" };
  const { privateKey, publicKey } = generateKeyPairSync(kind, options);
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, use: "sig" };
  const pem = publicKey.export({ format: "pem", type: "spki" });
  return { privateKey, jwk, pem };
}
