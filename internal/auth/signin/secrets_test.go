package signin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

func TestTokensDoNotPrint(t *testing.T) {
	t.Parallel()
	const value = "eyJ-very-secret"
	inside := struct {
		token auth.Secret
		List  []auth.Secret
		Token oidc.Token
	}{auth.NewSecret(value), []auth.Secret{auth.NewSecret(value)}, oidc.Token{Value: auth.NewSecret(value)}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", auth.NewSecret(value))
		fmt.Fprintf(&out, verb+"\n", inside)
		fmt.Fprintf(&out, verb+"\n", Fixed{auth.NewSecret(value)})
	}
	text, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "token", auth.NewSecret(value), "inside", inside)
	if printed := out.String(); strings.Contains(printed, "very-secret") || strings.Contains(printed, fmt.Sprintf("%x", value)) {
		t.Errorf("printed:\n%s", printed)
	}
}
