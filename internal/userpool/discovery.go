package userpool

import "net/http"

// jwks serves the published keys.
func (p *Pool) jwks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, p.keys.public())
}

// discovery serves the document of OpenID Connect Discovery 1.0, section 3. Like
// Cognito's, it does not say that S256 is supported.
func (p *Pool) discovery(w http.ResponseWriter, _ *http.Request) {
	base := p.conf.BaseURL
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                p.Issuer(),
		"authorization_endpoint":                base + "/oauth2/authorize",
		"token_endpoint":                        base + "/oauth2/token",
		"userinfo_endpoint":                     base + "/oauth2/userInfo",
		"revocation_endpoint":                   base + "/oauth2/revoke",
		"end_session_endpoint":                  base + "/logout",
		"jwks_uri":                              p.Issuer() + wellKnown + "jwks.json",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "email", "phone", "profile"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	})
}
