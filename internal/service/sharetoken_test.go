package service

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func TestShareTokens(t *testing.T) {
	t.Parallel()
	one, other := newShareToken(), newShareToken()
	if len(one) < 26 || strings.Trim(string(one), "abcdefghijklmnopqrstuvwxyz234567") != "" || one == other || one.hash() == other.hash() {
		t.Errorf("tokens %q and %q", one, other)
	}
	if id := newShareID(); !photo.ValidShareID(id) || strings.HasPrefix(string(one), id) {
		t.Errorf("ID %q", id)
	}
}

// A sealed text says nothing, and only the share that sealed it opens it.
func TestSeal(t *testing.T) {
	t.Parallel()
	id := photo.ID{1, 2, 3}
	one, other := newShareToken().sealer(), newShareToken().sealer()
	text := one.seal(sealedPhoto, id[:])
	if again := one.seal(sealedPhoto, id[:]); again != text {
		t.Errorf("sealed as %s and %s", text, again)
	}
	if other.seal(sealedPhoto, id[:]) == text || strings.Contains(text, id.String()[:6]) {
		t.Errorf("sealed as %s", text)
	}
	if b, ok := one.open(sealedPhoto, text); !ok || !bytes.Equal(b, id[:]) {
		t.Errorf("opened: %x, %t", b, ok)
	}
	if _, ok := one.open(sealedCursor, text); ok {
		t.Error("a photo was opened as a cursor")
	}
	if _, ok := other.open(sealedPhoto, text); ok {
		t.Error("another share opened it")
	}
	for i := range text {
		changed := []byte(text)
		changed[i] ^= 1
		if b, ok := one.open(sealedPhoto, string(changed)); ok && !bytes.Equal(b, id[:]) {
			t.Errorf("opened with a change at %d: %x", i, b)
		}
	}
}

func FuzzOpenSealed(f *testing.F) {
	s := shareToken("a").sealer()
	f.Add(s.seal(sealedPhoto, []byte("x")))
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if b, ok := s.open(sealedPhoto, text); ok && s.seal(sealedPhoto, b) != text {
			t.Errorf("%q was opened", text)
		}
	})
}

func TestShareLimit(t *testing.T) {
	t.Parallel()
	l := newShareLimit(3)
	one, other := store.ShareHash{1}, store.ShareHash{2}
	for i := range 4 {
		err := l.take(one)
		if (err != nil) != (i == 3) {
			t.Errorf("request %d: %v", i, err)
		}
		if busy, ok := err.(*BusyError); ok && (!busy.Share || busy.RetryAfter < time.Second || photo.KindOf(err) != photo.KindUnavailable) { //nolint:errorlint // take returns nothing else
			t.Errorf("%+v", busy)
		}
	}
	if err := l.take(other); err != nil {
		t.Errorf("another share: %v", err)
	}
	for i := range keptLimits {
		_ = l.of(store.ShareHash{3, byte(i), byte(i >> 8)})
	}
	if n := len(l.limits); n > keptLimits {
		t.Errorf("%d shares are counted", n)
	}
	if err := l.take(one); err == nil {
		t.Error("a share that is busy was forgotten")
	}
}
