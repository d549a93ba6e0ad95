package userpool

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// accessClaims are the claims of Cognito's access tokens. They have no e-mail address and no nickname, and an aud only
// if the client asked for a resource.
type accessClaims struct {
	Subject   string   `json:"sub"`
	Issuer    string   `json:"iss"`
	Version   int      `json:"version"`
	ClientID  string   `json:"client_id"`
	Audience  string   `json:"aud,omitempty"`
	OriginJTI string   `json:"origin_jti"`
	EventID   string   `json:"event_id"`
	Use       tokenUse `json:"token_use"`
	Scope     string   `json:"scope"`
	AuthTime  int64    `json:"auth_time"`
	Expires   int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	JTI       string   `json:"jti"`
	Username  string   `json:"username"`
}

// idClaims are the claims of Cognito's ID tokens.
type idClaims struct {
	AccessHash    string   `json:"at_hash"`
	Subject       string   `json:"sub"`
	Issuer        string   `json:"iss"`
	Audience      string   `json:"aud"`
	Username      string   `json:"cognito:username"`
	Nonce         string   `json:"nonce,omitempty"`
	OriginJTI     string   `json:"origin_jti"`
	EventID       string   `json:"event_id"`
	Use           tokenUse `json:"token_use"`
	AuthTime      int64    `json:"auth_time"`
	Expires       int64    `json:"exp"`
	IssuedAt      int64    `json:"iat"`
	JTI           string   `json:"jti"`
	Nickname      string   `json:"nickname,omitempty"`
	Email         string   `json:"email,omitempty"`
	EmailVerified *bool    `json:"email_verified,omitempty"`
	Padding       string   `json:"custom:padding,omitempty"` // makes the token large, for tests
}

// issue signs the tokens of a grant. The ID token of a refresh has no nonce.
func (p *Pool) issue(ctx context.Context, g grant, nonce string) (tokens, error) {
	u, err := p.db.user(ctx, g.sub)
	if err != nil {
		return tokens{}, err
	}
	now, lifetime := p.now(), p.conf.AccessLifetime
	if asked := p.conf.Behaviour.Knobs().AccessLifetime; asked > 0 {
		lifetime = time.Duration(asked)
	}
	expires, event := now.Add(lifetime).Unix(), uuid.NewString()
	access, err := p.keys.sign(useAccess, accessClaims{
		Subject: g.sub, Issuer: p.Issuer(), Version: 2, ClientID: g.clientID, Audience: g.resource, OriginJTI: g.originJTI, EventID: event,
		Use: useAccess, Scope: g.scope,
		AuthTime: g.signedInAt.Unix(), Expires: expires, IssuedAt: now.Unix(), JTI: uuid.NewString(), Username: u.username(),
	})
	if err != nil {
		return tokens{}, err
	}
	answer := tokens{Access: access, ExpiresIn: int(lifetime.Seconds()), Type: "Bearer"}
	if !g.has("openid") {
		return answer, nil
	}
	claims := idClaims{
		AccessHash: accessHash(access), Subject: g.sub, Issuer: p.Issuer(), Audience: g.clientID, Username: u.username(), Nonce: nonce,
		OriginJTI: g.originJTI, EventID: event, Use: useID, AuthTime: g.signedInAt.Unix(), Expires: expires, IssuedAt: now.Unix(), JTI: uuid.NewString(),
		Padding: strings.Repeat("x", p.conf.Behaviour.Knobs().IDTokenPadding),
	}
	claims.describe(u, g)
	answer.ID, err = p.keys.sign(useID, claims)
	return answer, err
}

// describe adds the claims about the user that the scopes allow.
func (c *idClaims) describe(u user, g grant) {
	email, nickname := described(g.scope)
	if email {
		c.Email, c.EmailVerified = u.email, &u.confirmed
	}
	if nickname {
		c.Nickname = u.nickname
	}
}

// described reports which claims about a user the scopes allow. openid alone allows all; together with others, each
// scope allows only its own.
func described(scope string) (email, nickname bool) {
	alone := scope == "openid"
	scopes := strings.Fields(scope)
	return alone || slices.Contains(scopes, "email"), alone || slices.Contains(scopes, "profile")
}

// accessHash returns the claim at_hash (OpenID Connect Core 1.0, section 3.1.3.6).
func accessHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

func (g grant) has(scope string) bool { return slices.Contains(strings.Fields(g.scope), scope) }
