package photo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	lower := strings.Repeat("0f", 32)
	for _, s := range []string{lower, strings.ToUpper(lower)} {
		id, err := photo.ParseID(s)
		if err != nil || id.String() != lower {
			t.Errorf("ParseID(%q) = %v, %v", s, id, err)
		}
	}
	for _, s := range []string{"", lower[:63], lower + "0", strings.Repeat("0g", 32), " " + lower[1:]} {
		if _, err := photo.ParseID(s); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("ParseID(%q): error %v, want one of kind usage", s, err)
		}
	}
}

func TestIsHex(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"cafe1234": true, "CAFE": true, "": false, "./cafe1234": false, "beach.jpg": false, "cafe 12": false} {
		if got := photo.IsHex(s); got != want {
			t.Errorf("IsHex(%q) = %v", s, got)
		}
	}
}

func TestMomentKeepsTheOffset(t *testing.T) {
	t.Parallel()
	oslo := time.FixedZone("", 2*3600)
	wall := time.Date(2024, 5, 31, 18, 4, 5, 123456000, oslo)
	for _, c := range []struct {
		m    photo.Moment
		text string
		sort time.Time
	}{
		{photo.At(wall), "2024-05-31T18:04:05.123456+02:00", wall},
		{photo.AtWallClock(wall), "2024-05-31T18:04:05.123456", time.Date(2024, 5, 31, 18, 4, 5, 123456000, time.UTC)},
		{photo.At(wall.UTC().Truncate(time.Second)), "2024-05-31T16:04:05Z", wall.Truncate(time.Second)},
		{photo.Moment{}, "", time.Time{}},
	} {
		if c.m.String() != c.text || !c.m.Time().Equal(c.sort) {
			t.Errorf("moment %q sorts by %s, want %q and %s", c.m, c.m.Time(), c.text, c.sort)
		}
		var back photo.Moment
		if err := back.UnmarshalText([]byte(c.text)); err != nil || back.String() != c.text {
			t.Errorf("read back %q: %q, %v", c.text, back, err)
		}
	}
}

func FuzzMoment(f *testing.F) {
	f.Add("2024-05-31T18:04:05+02:00")
	f.Add("2024-05-31T18:04:05.5")
	f.Fuzz(func(t *testing.T, s string) {
		var m, again photo.Moment
		if m.UnmarshalText([]byte(s)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(m.String())); err != nil || again.String() != m.String() {
			t.Fatalf("%q reads as %q, which reads as %q (%v)", s, m, again, err)
		}
	})
}

func TestErrorKeepsKindAndHintWhenWrapped(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	inner := &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo", Hint: "photos list shows what you have", Err: cause}
	outer := fmt.Errorf("describe 3f9a: %w", inner)
	got := []string{string(photo.KindOf(outer)), photo.HintOf(outer), outer.Error()}
	want := []string{"not_found", "photos list shows what you have", "describe 3f9a: no such photo: disk on fire"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !errors.Is(outer, cause) {
		t.Error("the cause is lost")
	}
	if k := photo.KindOf(fmt.Errorf("wait: %w", context.Canceled)); k != photo.KindInterrupted {
		t.Errorf("a cancelled wait is of kind %s", k)
	}
	if k := photo.KindOf(cause); k != photo.KindInternal {
		t.Errorf("an unknown error is of kind %s", k)
	}
}
