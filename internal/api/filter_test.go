package api_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/api"
	"photos/internal/photo"
)

// fullFilter sets every field. The test below fails when a new field is forgotten here.
func fullFilter() photo.Filter {
	return photo.Filter{
		Search: "bay & sunset=1 +ø", Since: time.Date(2024, 5, 31, 18, 0, 0, 123456000, time.FixedZone("", 9*3600)), Until: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		By: photo.ByTaken, Undescribed: true, Trash: true, IDPrefix: "0123abcd",
	}
}

// Every field of a filter, alone and together with the others, comes back from the wire.
func TestFilterRoundTrip(t *testing.T) {
	t.Parallel()
	full := reflect.ValueOf(fullFilter())
	filters := map[string]photo.Filter{"none": {}, "all": fullFilter()}
	for i := range full.NumField() {
		name := full.Type().Field(i).Name
		if full.Field(i).IsZero() {
			t.Errorf("fullFilter does not set %s", name)
		}
		var f photo.Filter
		reflect.ValueOf(&f).Elem().Field(i).Set(full.Field(i))
		filters[name] = f
	}
	for name, f := range filters {
		q, err := url.ParseQuery(api.EncodeFilter(f).Encode())
		if err != nil {
			t.Fatal(err)
		}
		got, err := api.DecodeFilter(q)
		if want := photo.WallClock(f.Since); !photo.WallClock(got.Since).Equal(want) {
			t.Errorf("%s: since shows %v, want %v", name, got.Since, want)
		}
		if d := cmp.Diff(f, got); d != "" || err != nil || len(q) > 0 {
			t.Errorf("%s: error %v, left over %v (-want +got):\n%s", name, err, q, d)
		}
	}
}

// A parameter that is given but blank never means every photo.
func TestFilterRefusesBlankValues(t *testing.T) {
	t.Parallel()
	for key := range api.EncodeFilter(fullFilter()) {
		for _, blank := range []string{"", " ", "\t\n", "\u00a0\u3000"} {
			_, err := api.DecodeFilter(url.Values{key: {blank}})
			if photo.KindOf(err) != photo.KindUsage || !strings.Contains(err.Error(), key) || photo.HintOf(err) != "leave it out" {
				t.Errorf("%s=%q: error %v, hint %q", key, blank, err, photo.HintOf(err))
			}
		}
		if _, err := api.DecodeFilter(url.Values{key: {"1", "1"}}); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%s twice: error %v", key, err)
		}
	}
}
