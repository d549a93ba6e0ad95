package auth

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"photos/internal/issuer"
	"photos/internal/text"
)

// Account is who signed in, as the ID token says.
type Account struct {
	Subject string `json:"subject"` // the provider's stable key; not a name
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
}

// Label is what people are shown: never the subject alone when there is a name, and
// never Cognito's user name, which is a UUID or LoginWithAmazon_amzn1.account.….
func (a Account) Label() string {
	switch {
	case a.Name != "" && a.Email != "":
		return text.Cut(a.Name, 80) + " <" + text.Cut(a.Email, 120) + ">"
	case a.Email != "":
		return text.Cut(a.Email, 120)
	case a.Name != "":
		return text.Cut(a.Name, 80)
	}
	return "account " + text.Cut(a.Subject, 80)
}

// leeway is allowed between the provider's clock, as far as it is known, and ours.
const leeway = time.Minute

// idClaims are those Cognito adds to the standard ones.
type idClaims struct {
	Use      string `json:"token_use"`
	Nickname string `json:"nickname"`
	Name     string `json:"name"`
	Email    string `json:"email"`
}

// verifyID checks an ID token as OpenID Connect Core 1.0, section 3.1.3.7, asks: RS256
// signature by a key of the provider, issuer, audience, expiry, nonce; and that it is
// an ID token by Cognito's own claim. now is by the provider's clock.
func verifyID(ctx context.Context, rt http.RoundTripper, p Provider, clientID string, token Secret, nonce string, now time.Time) (Account, error) {
	if token.IsZero() {
		return Account{}, badID("there is none", nil)
	}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(ctx, newClient(rt)), p.JWKSURI)
	verifier := oidc.NewVerifier(p.Issuer, keys, &oidc.Config{
		ClientID: clientID, SupportedSigningAlgs: []string{oidc.RS256}, SkipIssuerCheck: true, // it is checked below
		Now: func() time.Time { return now.Add(-leeway) },
	})
	id, err := verifier.Verify(ctx, token.Reveal())
	if interrupted(ctx) {
		return Account{}, context.Canceled
	}
	if err != nil {
		return Account{}, badID("it does not verify", err)
	}
	if !issuer.Same(id.Issuer, p.Issuer) {
		return Account{}, badID("it was made by "+text.Quote(id.Issuer), nil)
	}
	if !slices.Equal(id.Audience, []string{clientID}) {
		return Account{}, badID("it is for other clients too", nil)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return Account{}, badID("it belongs to another sign-in (nonce)", nil)
	}
	var claims idClaims
	err = id.Claims(&claims)
	if err == nil && claims.Use == "" {
		return Account{}, &Error{Kind: Untrusted, Msg: "the provider's ID token has no token_use, which those of Amazon Cognito have",
			Hint: "is " + p.Issuer + " a Cognito user pool? Other providers are not supported"}
	}
	if err != nil || claims.Use != "id" {
		return Account{}, badID("it is not an ID token (token_use)", nil)
	}
	name := claims.Nickname
	if name == "" {
		name = claims.Name
	}
	return Account{Subject: id.Subject, Name: name, Email: claims.Email}, nil
}

// badID keeps the cause, which names claims and keys but never the token itself.
func badID(why string, err error) error {
	return &Error{Kind: Untrusted, Msg: "the provider's ID token is refused: " + why, Err: err,
		Hint: "check the issuer and client id; if the machine's clock is wrong, set it"}
}
