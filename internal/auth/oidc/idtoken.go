package oidc

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"photos/internal/auth"
	"photos/internal/issuer"
	"photos/internal/text"
)

// Account says who signed in, from the claims of the ID token.
type Account struct {
	Subject string `json:"subject"` // the provider's stable key; not a name
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
}

// Label returns the name to show for the account, fit for a terminal. It prefers name
// and email to the subject. It never uses Cognito's user name, which is a UUID or
// LoginWithAmazon_amzn1.account.….
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

// leeway is how far the provider's clock, corrected by the known difference, may differ
// from this machine's.
const leeway = time.Minute

// idClaims are the claims beyond the registered ones that this package reads.
type idClaims struct {
	Use      string `json:"token_use"`
	Nickname string `json:"nickname"`
	Name     string `json:"name"`
	Email    string `json:"email"`
}

// VerifyID checks the ID token as OpenID Connect Core 1.0, section 3.1.3.7, requires:
// an RS256 signature by a key of the provider, the issuer, the audience, the expiry and
// the nonce. It also requires that Cognito's token_use claim is "id". Errors are of kind
// Untrusted, or context.Canceled.
func (c Client) VerifyID(ctx context.Context, tokens Tokens, nonce string) (Account, error) {
	if tokens.ID.IsZero() {
		return Account{}, badID("there is none", nil)
	}
	now := c.now().Add(tokens.ClockOff) // by the provider's clock
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(ctx, newHTTPClient(c.HTTP)), c.Provider.JWKSURI)
	verifier := oidc.NewVerifier(c.Provider.Issuer, keys, &oidc.Config{
		ClientID: c.ID, SupportedSigningAlgs: []string{oidc.RS256}, SkipIssuerCheck: true, // checkClaims does it
		Now: func() time.Time { return now.Add(-leeway) },
	})
	id, err := verifier.Verify(ctx, tokens.ID.Reveal())
	if auth.Interrupted(ctx) {
		return Account{}, context.Canceled
	}
	if err != nil {
		return Account{}, badID("it does not verify", err)
	}
	if err := c.checkClaims(id, nonce); err != nil {
		return Account{}, err
	}
	return c.account(id)
}

// checkClaims checks issuer, audience and nonce.
func (c Client) checkClaims(id *oidc.IDToken, nonce string) error {
	switch {
	case !issuer.Same(id.Issuer, c.Provider.Issuer):
		return badID("it was made by "+text.Quote(id.Issuer), nil)
	case !slices.Equal(id.Audience, []string{c.ID}):
		return badID("it is also for other clients", nil)
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return badID("it belongs to another sign-in (nonce)", nil)
	}
	return nil
}

// account returns the account that the claims name, if the token is an ID token.
func (c Client) account(id *oidc.IDToken) (Account, error) {
	var claims idClaims
	err := id.Claims(&claims)
	if err == nil && claims.Use == "" {
		return Account{}, &auth.Error{Kind: auth.Untrusted, Msg: "the provider's ID token has no token_use, which those of Amazon Cognito have",
			Hint: "is " + c.Provider.Issuer + " a Cognito user pool? Other providers are not supported"}
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

// badID returns the error for an ID token that is refused. The cause names claims and
// keys but never the token itself.
func badID(why string, err error) error {
	return &auth.Error{Kind: auth.Untrusted, Msg: "the provider's ID token is refused: " + why, Err: err,
		Hint: "check the issuer and client id; if the machine's clock is wrong, set it"}
}
