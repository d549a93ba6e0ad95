// Package oidc obtains and checks tokens from an OpenID Connect provider that behaves
// like Amazon Cognito. It keeps no state, starts no server and stores nothing, so a
// command line and a web server can both use it.
//
// A sign-in takes these steps:
//
//  1. [FetchResource] asks a service who signs its users in (RFC 9728).
//  2. [Discover] asks that provider for its endpoints (OpenID Connect Discovery 1.0).
//  3. [Client.AuthorizationURL] says where the browser goes (RFC 6749, section 4.1.1,
//     with PKCE, RFC 7636).
//  4. [Client.Redeem] exchanges the code that the browser brings back for tokens.
//  5. [Client.VerifyID] checks the ID token and says who signed in.
//
// Later, [Client.Refresh] obtains a new access token and [Client.Revoke] ends the
// session (RFC 7009).
package oidc
