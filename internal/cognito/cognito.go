// Package cognito verifies the access tokens of an Amazon Cognito user pool, or of
// the local user pool, which makes the same ones.
//
// It is for a service that anybody may call: what a forged token costs is a
// signature check at most, and never a request to the provider each. Signing in
// is not its business.
package cognito

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"photos/internal/httpkit"
	"photos/internal/issuer"
	"photos/internal/photo"
)

// Limits of what is accepted.
const (
	leeway   = time.Minute // how far our clock and the pool's may be apart
	maxToken = 16 << 10    // bytes; Cognito's access tokens have one to two thousand
)

// Config says whose tokens are good.
type Config struct {
	Issuer     string           // of the tokens; of a Cognito pool, either form accepts both
	ClientIDs  []string         // app clients whose tokens are accepted
	Resource   string           // the service's address: tokens bound to others alone (RFC 8707) are refused; empty: not looked at
	Keys       Keys             // nil: the issuer's published keys
	HTTPClient *http.Client     // fetches those; nil: one with a time limit
	Now        func() time.Time // nil: time.Now
}

// Keys finds the public key with a key ID.
type Keys func(id string) (*rsa.PublicKey, bool)

// Claims are what a good access token says.
type Claims struct {
	Pool      string // names the user pool, whichever of its issuer's forms is used
	Subject   string // names the user within the pool, for good
	Username  string // not for people: a UUID, or a provider's name and a number
	ClientID  string
	Scopes    []string
	ExpiresAt time.Time
}

// Verifier verifies access tokens. It may be used by many goroutines.
type Verifier struct {
	issuers  []string // the configured one first
	pool     string
	clients  []string
	resource string
	parser   *jwt.Parser
	keys     func(context.Context) jwt.Keyfunc
}

// New makes a verifier. It asks nothing of the network: keys are fetched when the
// first token needs them, so a service starts while its provider is down.
func New(c Config) (*Verifier, error) {
	address, err := url.Parse(c.Issuer)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("issuer %q is not a URL", c.Issuer)
	}
	if len(c.ClientIDs) == 0 || slices.Contains(c.ClientIDs, "") {
		return nil, errors.New("no app client named whose tokens to accept")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Verifier{
		issuers:  issuer.Forms(c.Issuer),
		pool:     poolOf(address),
		clients:  slices.Clone(c.ClientIDs),
		resource: c.Resource,
		keys:     keySource(c),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
			jwt.WithExpirationRequired(),
			jwt.WithLeeway(leeway),
			jwt.WithTimeFunc(c.Now),
			// iat is not looked at: Cognito's can lie a second in the future.
		),
	}, nil
}

// keySource returns where the key of a token is looked up.
func keySource(c Config) func(context.Context) jwt.Keyfunc {
	find := newKeySet(c).find
	if c.Keys != nil {
		find = c.Keys.find
	}
	return func(ctx context.Context) jwt.Keyfunc {
		return func(t *jwt.Token) (any, error) {
			id, _ := t.Header["kid"].(string)
			return find(ctx, id)
		}
	}
}

func (k Keys) find(_ context.Context, id string) (*rsa.PublicKey, error) {
	if key, ok := k(id); ok {
		return key, nil
	}
	return nil, fmt.Errorf("no key %.40q", id)
}

// poolOf names a pool independently of what may change about its issuer: Cognito has two
// forms of it, and a local pool's issuer contains its port. Pool IDs are unique: those of
// Cognito begin with their region.
func poolOf(address *url.URL) string {
	if id, ok := issuer.Pool(address.String()); ok {
		return id
	}
	if id := path.Base(address.Path); httpkit.IsLoopback(address.Hostname()) && id != "." && id != "/" {
		return id
	}
	return address.String()
}

// accessClaims is an access token's payload (Amazon Cognito Developer Guide,
// "Understanding the access token").
type accessClaims struct {
	jwt.RegisteredClaims
	Use      string `json:"token_use"`
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Scope    string `json:"scope"`
}

// Verify checks signature, issuer, expiry, use and client of an access token. A
// token that is no good is photo.KindNotSignedIn with the reason as message;
// photo.KindUnavailable means that it could not be checked now. No error has the
// token in its text.
func (v *Verifier) Verify(ctx context.Context, token string) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, refuse(errors.New("too long"), "this is no access token")
	}
	var c accessClaims
	if _, err := v.parser.ParseWithClaims(token, &c, v.keys(ctx)); err != nil {
		return Claims{}, v.explain(err)
	}
	switch {
	case c.Issuer == "":
		return Claims{}, refuse(nil, "the access token is not valid")
	case !slices.Contains(v.issuers, c.Issuer):
		return Claims{}, refuse(nil, "the access token was not made by "+v.issuers[0])
	case c.Use == "id":
		return Claims{}, refuse(nil, "an ID token was sent where an access token is wanted")
	case c.Use == "":
		return Claims{}, refuse(nil, "the access token has no token_use, which those of Amazon Cognito have")
	case c.Use != "access":
		return Claims{}, refuse(nil, "this is no access token")
	case !slices.Contains(v.clients, c.ClientID):
		return Claims{}, refuse(nil, "the access token was made for another app client")
	case v.resource != "" && len(c.Audience) > 0 && !slices.Contains(c.Audience, v.resource):
		return Claims{}, refuse(nil, "the access token was made for another service")
	case c.Subject == "":
		return Claims{}, refuse(nil, "the access token names no user")
	}
	return Claims{
		Pool:      v.pool,
		Subject:   c.Subject,
		Username:  c.Username,
		ClientID:  c.ClientID,
		Scopes:    strings.Fields(c.Scope),
		ExpiresAt: c.ExpiresAt.Time,
	}, nil
}

// explain says for people what the parser found.
func (v *Verifier) explain(err error) error {
	switch {
	case photo.KindOf(err) == photo.KindUnavailable, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &photo.Error{
			Kind: photo.KindUnavailable,
			Msg:  "the access token cannot be checked now: the sign-in provider does not answer",
			Hint: "try again in a moment",
			Err:  err,
		}
	case errors.Is(err, jwt.ErrTokenMalformed):
		return refuse(err, "this is no access token")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refuse(err, "the access token has expired")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse(err, "the access token was not signed by "+v.issuers[0])
	}
	return refuse(err, "the access token is not valid")
}

func refuse(err error, msg string) error {
	return &photo.Error{Kind: photo.KindNotSignedIn, Msg: msg, Hint: "sign in again: photos login", Err: err}
}
