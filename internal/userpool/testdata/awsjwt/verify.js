// Reads {userPoolId, clientId, jwks, tokens: {NAME: {use, token}}} from standard input and
// writes {NAME: VERDICT}: "ok", or the name of the error with which Amazon's verifier refuses the token.
import { readFileSync } from "node:fs";
import { CognitoJwtVerifier } from "aws-jwt-verify";

const { userPoolId, clientId, jwks, tokens } = JSON.parse(readFileSync(0, "utf8"));
const verdicts = {};
for (const [name, { use, token }] of Object.entries(tokens)) {
  const verifier = CognitoJwtVerifier.create({ userPoolId, clientId, tokenUse: use });
  verifier.cacheJwks(jwks);
  try {
    verifier.verifySync(token);
    verdicts[name] = "ok";
  } catch (error) {
    verdicts[name] = error.constructor.name;
  }
}
console.log(JSON.stringify(verdicts));
