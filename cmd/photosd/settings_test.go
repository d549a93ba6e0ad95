package main

import (
	"strings"
	"testing"

	"photos/internal/photo"
)

// none is an empty environment.
func none(string) string { return "" }

// TestIssuersOfForeignNetworks: keys and sign-in pages come by https, or from this machine.
func TestIssuersOfForeignNetworks(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://id.example.org/pool":  true,
		"http://127.0.0.1:9000/pool":   true,
		"http://localhost:9000/pool":   true,
		"http://[::1]:9000/pool":       true,
		"http://id.example.org/pool":   false,
		"http://10.0.0.1/pool":         false,
		"http://127.0.0.1.example.org": false,
	} {
		for _, args := range [][]string{
			{"--issuer", address, "--client-id", "cli"},
			{"--issuer", "https://id.example.org", "--client-id", "cli", "--domain", address},
		} {
			_, err := parseSettings(args, none)
			if good && err != nil || !good && (photo.KindOf(err) != photo.KindUsage || !strings.Contains(err.Error(), "is not https")) {
				t.Errorf("%v: error %v, accepted: want %t", args, err, good)
			}
		}
	}
}
