package userpool_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"photos/internal/userpool"
)

// claimed is a token with the use that a caller claims for it.
type claimed struct {
	Use   string `json:"use"`
	Token string `json:"token"`
}

// TestAmazonsOwnVerifier verifies the pool's tokens with aws-jwt-verify, which Amazon publishes for those of Cognito. It
// accepts only issuers of Cognito, so the pool has one.
func TestAmazonsOwnVerifier(t *testing.T) {
	need(t, "apt-get install nodejs npm", "node")
	need(t, "apt-get install nodejs npm", "npm")
	t.Parallel()
	r := start(t, func(c *userpool.Config) {
		c.PoolID, c.IssuerBase = "eu-west-1_LocalPool", "https://cognito-idp.eu-west-1.amazonaws.com"
	})
	good := r.session(t)
	_, web := r.token(t, redemption(r.code(t, authorization("client_id", "web", "redirect_uri", callback+"?from=web")),
		"client_id", "web", "client_secret", "s3cret+/%", "redirect_uri", callback+"?from=web"))
	r.behaviour.Set(userpool.Knobs{ClockOffset: userpool.Duration(-2 * time.Hour)})
	old := r.session(t)
	r.behaviour.Set(userpool.Knobs{})
	stranger := start(t)
	tokens := map[string]claimed{
		"access":                 {"access", good.Access},
		"ID":                     {"id", good.ID},
		"access as ID":           {"id", good.Access},
		"ID as access":           {"access", good.ID},
		"another client's":       {"access", web.Access},
		"another client's ID":    {"id", web.ID},
		"expired":                {"access", old.Access},
		"another pool's":         {"access", stranger.session(t).Access},
		"claims changed":         {"access", withClaim(t, good.Access, "username", "admin")},
		"signature changed":      {"access", good.Access[:len(good.Access)-8] + "AAAAAAAA"},
		"not signed":             {"access", unsigned(good.Access)},
		"signed with public key": {"access", signedWithPublicKey(t, r, good.Access)},
	}
	want := map[string]string{
		"access": "ok", "ID": "ok",
		"access as ID": "CognitoJwtInvalidTokenUseError", "ID as access": "CognitoJwtInvalidTokenUseError",
		"another client's": "CognitoJwtInvalidClientIdError", "another client's ID": "CognitoJwtInvalidClientIdError",
		"expired": "JwtExpiredError", "another pool's": "ParameterValidationError",
		"claims changed": "JwtInvalidSignatureError", "signature changed": "JwtInvalidSignatureError",
		"not signed": "JwtParseError", "signed with public key": "JwtInvalidSignatureAlgorithmError",
	}
	if diff := cmp.Diff(want, amazonsVerdicts(t, r, tokens)); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// amazonsVerdicts installs the verifier in the version of the lock file and returns its results.
func amazonsVerdicts(t *testing.T, r *rig, tokens map[string]claimed) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "awsjwt")
	if err := os.CopyFS(dir, os.DirFS("testdata/awsjwt")); err != nil {
		t.Fatal(err)
	}
	question, err := json.Marshal(map[string]any{
		"userPoolId": r.PoolID(), "clientId": "cli", "tokens": tokens,
		"jwks": json.RawMessage(r.get(t, http.DefaultClient, "/"+r.PoolID()+"/.well-known/jwks.json", nil).body),
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, nil, "npm", "ci", "--ignore-scripts")
	var verdicts map[string]string
	if err := json.Unmarshal(run(t, dir, question, "node", "verify.js"), &verdicts); err != nil {
		t.Fatal(err)
	}
	return verdicts
}

func run(t *testing.T, dir string, input []byte, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var talk bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(input), &talk
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &talk)
	}
	return out
}

// withClaim returns a token with a changed claim and the old signature.
func withClaim(t *testing.T, token, name, value string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	claims[name] = value
	if payload, err = json.Marshal(claims); err != nil {
		t.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, ".")
}

func unsigned(token string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
}

// signedWithPublicKey returns a token with an HMAC whose secret is the published key (algorithm confusion).
func signedWithPublicKey(t *testing.T, r *rig, token string) string {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	kid := parsed.Signatures[0].Header.KeyID
	public, _ := r.Keys()(kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: public.N.Bytes()}, new(jose.SignerOptions).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(parsed.UnsafePayloadWithoutVerification())
	if err != nil {
		t.Fatal(err)
	}
	forged, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return forged
}
