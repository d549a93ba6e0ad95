package accesskey_test

import (
	"regexp"
	"strings"
	"testing"

	"photos/internal/accesskey"
)

func TestNew(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^photos_[a-z2-7]{39}$`) // as documented for secret scanners
	seen := map[string]bool{}
	for range 1000 {
		key := accesskey.New()
		if !form.MatchString(key) || !accesskey.Valid(key) || !accesskey.Looks(key) || seen[key] {
			t.Fatalf("not a good key: %d characters, valid %t, seen %t", len(key), accesskey.Valid(key), seen[key])
		}
		seen[key] = true
	}
}

// TestKeysWithMistakesAreNotValid changes, adds and removes each character of a key.
func TestKeysWithMistakesAreNotValid(t *testing.T) {
	t.Parallel()
	key := accesskey.New()
	for i := range key {
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567ABC01_ " {
			if wrong := key[:i] + string(c) + key[i+1:]; wrong != key && accesskey.Valid(wrong) {
				t.Errorf("valid with %q at %d", c, i)
			}
		}
		if accesskey.Valid(key[:i]) || accesskey.Valid(key[:i]+key[i+1:]) {
			t.Errorf("valid without the character at %d", i)
		}
	}
	for _, wrong := range []string{"", key + "a", key + "\n", " " + key, strings.ToUpper(key), "photos_"} {
		if accesskey.Valid(wrong) {
			t.Errorf("%d characters are valid", len(wrong))
		}
	}
}

// FuzzValid checks that every valid key has the documented form, and that any text can be hashed.
func FuzzValid(f *testing.F) {
	form := regexp.MustCompile(`^photos_[a-z2-7]{39}$`)
	f.Add(accesskey.New())
	f.Add("photos_")
	f.Add("photos_\xff\n")
	f.Fuzz(func(t *testing.T, token string) {
		accesskey.Hash(token)
		if accesskey.Valid(token) && !form.MatchString(token) {
			t.Errorf("%q is valid", token)
		}
	})
}

func TestHash(t *testing.T) {
	t.Parallel()
	one, other := accesskey.New(), accesskey.New()
	again := strings.Clone(one)
	if accesskey.Hash(one) != accesskey.Hash(again) || accesskey.Hash(one) == accesskey.Hash(other) {
		t.Error("equal keys have different hashes, or different keys have equal ones")
	}
}
