// A certified OpenID provider, oidc-provider, in the clothes of Amazon Cognito: the same
// paths, a confidential client, access tokens that are JWTs with client_id and token_use, and
// refresh tokens that rotate. Its first line on standard output is
// "provider listening on http://127.0.0.1:PORT issuer ISSUER".
//
//   node provider.mjs REDIRECT LOGOUT SECRET ACCESS_SECONDS
//
// /control counts sign-ins and refreshes: the codes and the refresh tokens that were exchanged.
import http from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider, { interactionPolicy } from "oidc-provider";

const [redirect, logout, secret, accessSeconds] = process.argv.slice(2);
const service = redirect.replace(/\/callback$/, "");
const pool = "local_Certified1";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" };
const accounts = new Map(); // by e-mail address

const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  const issuer = `${base}/${pool}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: [{
      client_id: "web", client_secret: secret, redirect_uris: [redirect], post_logout_redirect_uris: [logout],
      grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], id_token_signed_response_alg: "RS256",
    }],
    scopes: ["openid"],
    claims: { openid: ["sub", "email", "nickname", "token_use", "cognito:username"] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => {
      const account = [...accounts.values()].find((one) => one.sub === sub);
      return account && { accountId: sub, claims: () => ({ sub, email: account.email, nickname: account.nickname, token_use: "id", "cognito:username": sub }) };
    },
    routes: { authorization: "/oauth2/authorize", token: "/oauth2/token", revocation: "/oauth2/revoke", userinfo: "/oauth2/userInfo", end_session: "/oauth2/end", jwks: "/.well-known/jwks.json" },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:pool",
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "openid", accessTokenFormat: "jwt", accessTokenTTL: Number(accessSeconds), jwt: { sign: { alg: "RS256" } } }),
      },
    },
    formats: {
      customizers: {
        jwt: (_, token, parts) => {
          parts.payload.aud = service; // as in Cognito with a resource; this provider makes no token without
          Object.assign(parts.payload, { token_use: "access", username: token.accountId, scope: "openid" });
        },
      },
    },
    extraTokenClaims: () => ({}),
    issueRefreshToken: () => true, // offline_access does not exist in Cognito
    rotateRefreshToken: () => true,
    ttl: { RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600, IdToken: 600 },
    interactions: { url: (_, interaction) => `/login/${interaction.uid}`, policy: interactionPolicy.base() },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid");
      grant.addResourceScope("urn:pool", "openid");
      await grant.save();
      return grant;
    },
    cookies: { keys: ["throw-away"] },
  });
  provider.on("server_error", (_, error) => console.error(error));
  const exchanged = { authorization_code: 0, refresh_token: 0 };
  provider.on("grant.success", (ctx) => exchanged[ctx.oidc.params.grant_type]++);
  const callback = provider.callback();
  server.on("request", async (req, res) => {
    try {
      await serve(req, res);
    } catch (error) {
      res.writeHead(500).end(String(error));
    }
  });

  async function serve(req, res) {
    const url = new URL(req.url, base);
    if (url.pathname === "/control") return res.end(JSON.stringify(exchanged));
    if (url.pathname === "/logout") { // Cognito's own form of a sign-out
      if (url.searchParams.get("logout_uri") !== logout) return res.writeHead(400).end();
      const clear = (req.headers.cookie ?? "").split("; ").map((one) => `${one.split("=")[0]}=; Path=/; Max-Age=0`).filter((one) => one.startsWith("_"));
      return res.writeHead(302, { Location: logout, "Set-Cookie": clear }).end();
    }
    if (url.pathname.startsWith("/login/")) return login(req, res);
    // The issuer has the pool in its path. The pages of Cognito do not.
    if (url.pathname.startsWith(`/${pool}/.well-known/`)) return document(url, res);
    req.url = req.url.replace(`/${pool}`, "");
    await callback(req, res);
  }

  function document(url, res) {
    const answer = url.pathname.endsWith("/jwks.json")
      ? { keys: [{ kty: key.kty, n: key.n, e: key.e, kid: key.kid, use: key.use, alg: key.alg }] }
      : {
          issuer, authorization_endpoint: `${base}/oauth2/authorize`, token_endpoint: `${base}/oauth2/token`,
          jwks_uri: `${issuer}/.well-known/jwks.json`, response_types_supported: ["code"], subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        };
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify(answer));
  }

  // login shows a form, and signs in or up whoever fills it in.
  async function login(req, res) {
    if (req.method === "GET") {
      await provider.interactionDetails(req, res);
      res.setHeader("Content-Type", "text/html");
      return res.end(`<!DOCTYPE html><html lang="en"><title>Sign in</title><main><h1>Sign in</h1><form method="post">
        <label>Email <input id="email" name="email"></label> <label>Nickname <input id="nickname" name="nickname"></label>
        <button>Sign in</button></form></main>`);
    }
    let body = "";
    for await (const chunk of req) body += chunk;
    const form = new URLSearchParams(body);
    const email = form.get("email");
    if (!accounts.has(email)) accounts.set(email, { sub: `sub-${accounts.size + 1}`, email, nickname: form.get("nickname") });
    await provider.interactionFinished(req, res, { login: { accountId: accounts.get(email).sub } }, { mergeWithLastSubmission: false });
  }

  console.log(`provider listening on ${base} issuer ${issuer}`);
});
