package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestSecretPrintsNothing formats, encodes and logs secrets.
func TestSecretPrintsNothing(t *testing.T) {
	t.Parallel()
	const value = "eyJ-very-secret"
	inside := struct {
		hidden Secret
		List   []Secret
	}{NewSecret(value), []Secret{NewSecret(value)}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+"\n", NewSecret(value), inside)
	}
	encoded, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "token", NewSecret(value), "inside", inside)
	if printed := out.String(); strings.Contains(printed, "very-secret") || strings.Contains(printed, fmt.Sprintf("%x", value)) {
		t.Errorf("printed:\n%s", printed)
	}
	if got := NewSecret(value); got.Reveal() != value || !got.Equal(NewSecret(value)) || got.Equal(Secret{}) || got.IsZero() {
		t.Error("the secret is not what was put in")
	}
}
