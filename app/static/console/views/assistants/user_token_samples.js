/**
 * Programs that sign who a visitor is, with what each language has built in. As they are, they
 * print a token; their secret is in the environment variable USER_TOKEN_SECRET.
 */

const php = `<?php
function user_token(string $sub, ?string $name = null, ?string $email = null): string {
    $part = fn(string $text) => rtrim(strtr(base64_encode($text), '+/', '-_'), '=');
    $claims = ['sub' => $sub, 'name' => $name, 'email' => $email, 'exp' => time() + 3600];
    $signed = $part('{"alg":"HS256","typ":"JWT"}') . '.' . $part(json_encode($claims));
    $secret = getenv('USER_TOKEN_SECRET');
    return $signed . '.' . $part(hash_hmac('sha256', $signed, $secret, true));
}

echo user_token('member-17', '김하나');
`;

const python = `import base64, hmac, json, os, time

def user_token(sub, name=None, email=None):
    part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = {"sub": sub, "name": name, "email": email, "exp": int(time.time()) + 3600}
    header = {"alg": "HS256", "typ": "JWT"}
    signed = b".".join(part(json.dumps(one).encode()) for one in (header, claims))
    secret = os.environ["USER_TOKEN_SECRET"].encode()
    return (signed + b"." + part(hmac.digest(secret, signed, "sha256"))).decode()

print(user_token("member-17", "김하나"))
`;

const node = `import { createHmac } from "node:crypto";

function userToken(sub, name = null, email = null) {
  const part = (data) => Buffer.from(JSON.stringify(data)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const signed = [{ alg: "HS256", typ: "JWT" }, { sub, name, email, exp }].map(part).join(".");
  const hmac = createHmac("sha256", process.env.USER_TOKEN_SECRET).update(signed);
  return \`\${signed}.\${hmac.digest("base64url")}\`;
}

console.log(userToken("member-17", "김하나"));
`;

/** @type {Record<string, string>} by the language's name */
export const samples = { PHP: php, Python: python, "Node.js": node };
