// Package cognito verifies the access tokens of an Amazon Cognito user pool, or of the
// local user pool, which makes tokens of the same form.
//
// It is for a service that anybody may call. A forged token costs at most a check of its
// signature. It does not cause a request to the provider each time. The package does not
// sign users in; internal/auth does.
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

// Limits for access tokens.
const (
	leeway   = time.Minute // how far this machine's clock and the pool's may differ
	maxToken = 16 << 10    // bytes; Cognito's access tokens have one to two thousand
)

// Config says which tokens a [Verifier] accepts.
type Config struct {
	Issuer     string           // of the tokens; either issuer of a Cognito pool stands for both
	ClientIDs  []string         // app clients whose tokens are accepted
	Resource   string           // the service's address; tokens that are only for others (RFC 8707) are refused; empty: not checked
	Keys       Keys             // nil: the issuer's published keys
	HTTPClient *http.Client     // fetches the published keys; nil: one with a time limit
	Now        func() time.Time // nil: time.Now
}

// Keys returns the public key with a key ID. It is false if there is none.
type Keys func(id string) (*rsa.PublicKey, bool)

// Claims are the claims of a valid access token.
type Claims struct {
	Pool      string // names the user pool; the same for both issuers of a Cognito pool
	Subject   string // names the user within the pool; never changes
	Username  string // not fit to be shown: a UUID, or a provider's name and a number
	ClientID  string
	Scopes    []string
	ExpiresAt time.Time
}

// Verifier verifies access tokens. It is safe for concurrent use.
type Verifier struct {
	issuers  []string // the configured one first
	pool     string
	clients  []string
	resource string
	parser   *jwt.Parser
	keys     func(context.Context) jwt.Keyfunc
}

// New returns a verifier. It makes no request: keys are fetched when the first token
// needs them. So a service can start while its provider is down.
func New(c Config) (*Verifier, error) {
	address, err := url.Parse(c.Issuer)
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("issuer %q is not a URL", c.Issuer)
	}
	if len(c.ClientIDs) == 0 || slices.Contains(c.ClientIDs, "") {
		return nil, errors.New("no app client is named whose tokens are accepted")
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
			// iat is not checked: Cognito's can be a second in the future.
		),
	}, nil
}

// keySource returns the function that finds the key of a token.
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

// poolOf returns a name for the pool that stays the same when its issuer changes. A
// Cognito pool has two issuers, and the issuer of a local pool contains its port. Pool IDs
// are unique, because those of Cognito begin with their region.
func poolOf(address *url.URL) string {
	if id, ok := issuer.Pool(address.String()); ok {
		return id
	}
	if id := path.Base(address.Path); httpkit.IsLoopback(address.Hostname()) && id != "." && id != "/" {
		return id
	}
	return address.String()
}

// accessClaims is the payload of an access token (Amazon Cognito Developer Guide,
// "Understanding the access token").
type accessClaims struct {
	jwt.RegisteredClaims
	Use      string `json:"token_use"`
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Scope    string `json:"scope"`
}

// Verify checks signature, issuer, expiry, use and client of an access token. The error
// is of photo.KindNotSignedIn, with the reason as its message, if the token is not valid.
// It is of photo.KindUnavailable if the token cannot be checked now. No error contains
// the token.
func (v *Verifier) Verify(ctx context.Context, token string) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, refuse(errors.New("too long"), "this is not an access token")
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
		return Claims{}, refuse(nil, "an ID token was sent instead of an access token")
	case c.Use == "":
		return Claims{}, refuse(nil, "the access token has no token_use, which those of Amazon Cognito have")
	case c.Use != "access":
		return Claims{}, refuse(nil, "this is not an access token")
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

// explain returns an error with a message for users in place of the parser's.
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
		return refuse(err, "this is not an access token")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refuse(err, "the access token has expired")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse(err, "the access token was not signed by "+v.issuers[0])
	}
	return refuse(err, "the access token is not valid")
}

// refuse returns the error for a token that is not valid.
func refuse(err error, msg string) error {
	return &photo.Error{Kind: photo.KindNotSignedIn, Msg: msg, Hint: "sign in again: photos login", Err: err}
}
