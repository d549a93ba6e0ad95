package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// share creates a share, for an hour unless it says something else.
func (u user) share(s api.NewShare) api.CreatedShare {
	u.s.t.Helper()
	if s.ExpiresAt.IsZero() {
		s.ExpiresAt = time.Now().Add(time.Hour)
	}
	var made api.CreatedShare
	u.json(http.MethodPost, api.PathShares, nil, s).into(&made)
	return made
}

func (u user) shares() []api.Share {
	u.s.t.Helper()
	var list api.Shares
	u.call(http.MethodGet, api.PathShares, nil, nil).into(&list)
	return list.Shares
}

func TestShares(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.as("ada"), s.as("bob")
	ids := ada.album(3)
	fixed := ada.share(api.NewShare{Photos: []photo.ID{ids[2], ids[0], ids[2]}, Title: "  Trip "})
	if fixed.State != api.ShareActive || fixed.Title != "Trip" || fixed.Photos == nil || *fixed.Photos != 2 || fixed.Live || fixed.Originals {
		t.Errorf("created %+v", fixed)
	}
	token, below := strings.CutPrefix(fixed.Address, s.web.URL+api.PathShared)
	if !below || len(token) < 26 || strings.Contains(fixed.Address, fixed.ID) {
		t.Errorf("the address is %s", fixed.Address)
	}
	following := ada.share(api.NewShare{Live: true, Search: "beach", Originals: true})
	if following.Photos != nil || following.Search != "beach" || following.By != photo.ByUploaded || !following.Live || !following.Originals {
		t.Errorf("created %+v", following)
	}
	list := ada.shares()
	if len(list) != 2 || list[0].ID != following.ID || list[1].ID != fixed.ID || *list[1].Photos != 2 {
		t.Errorf("listed %+v", list)
	}
	if a := ada.call(http.MethodGet, api.PathShares, nil, nil); strings.Contains(string(a.body), token) {
		t.Errorf("the list has the secret of an address: %s", a.body)
	}
	if got := bob.shares(); len(got) != 0 {
		t.Errorf("another user has %+v", got)
	}
	bob.call(http.MethodDelete, api.PathShares+"/"+fixed.ID, nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	for range 2 {
		ada.call(http.MethodDelete, api.PathShares+"/"+fixed.ID, nil, nil).has(http.StatusNoContent, nil)
	}
	if list := ada.shares(); list[1].State != api.ShareRevoked || list[1].RevokedAt.IsZero() || list[0].State != api.ShareActive {
		t.Errorf("after one was revoked: %+v", list)
	}
}

// A client that did not get the answer repeats the request, and has one link.
func TestShareIsMadeOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.as("ada"), s.as("bob")
	ids := ada.album(3)
	bob.album(3)
	const key = "a-key_of_22_characters"
	create := func(u user, key string, s api.NewShare) (made api.CreatedShare) {
		t.Helper()
		if s.ExpiresAt.IsZero() {
			s.ExpiresAt = time.Now().Add(time.Hour)
		}
		u.json(http.MethodPost, api.PathShares, header{api.HeaderKey: key}, s).into(&made)
		return made
	}
	first := create(ada, key, api.NewShare{Photos: ids[:2], Title: "Trip"})
	again := create(ada, key, api.NewShare{Photos: ids[:2], Title: " Trip ", ExpiresAt: time.Now().Add(48 * time.Hour)})
	if again.Address != first.Address || again.ID != first.ID || !again.ExpiresAt.Equal(first.ExpiresAt.Time) || *again.Photos != 2 {
		t.Errorf("repeated: %+v, want %+v", again, first)
	}
	if list := ada.shares(); len(list) != 1 {
		t.Errorf("there are %d links", len(list))
	}
	addresses := map[string]string{first.Address: "the first"}
	for what, made := range map[string]api.CreatedShare{
		"other photos":                   create(ada, key, api.NewShare{Photos: ids[1:], Title: "Trip"}),
		"another order":                  create(ada, key, api.NewShare{Photos: []photo.ID{ids[1], ids[0]}, Title: "Trip"}),
		"another title":                  create(ada, key, api.NewShare{Photos: ids[:2]}),
		"with originals":                 create(ada, key, api.NewShare{Photos: ids[:2], Title: "Trip", Originals: true}),
		"a filter":                       create(ada, key, api.NewShare{Live: true, Search: "x", Title: "Trip"}),
		"another order of the filter":    create(ada, key, api.NewShare{Live: true, Search: "x", By: photo.ByTaken, Title: "Trip"}),
		"another filter":                 create(ada, key, api.NewShare{Live: true, Search: "y", Title: "Trip"}),
		"another key":                    create(ada, key+"2", api.NewShare{Photos: ids[:2], Title: "Trip"}),
		"no key":                         create(ada, "", api.NewShare{Photos: ids[:2], Title: "Trip"}),
		"no key again":                   create(ada, "", api.NewShare{Photos: ids[:2], Title: "Trip"}),
		"the same request of other user": create(bob, key, api.NewShare{Live: true, Search: "x", Title: "Trip"}),
	} {
		if other := addresses[made.Address]; other != "" {
			t.Errorf("%s has the link of %s", what, other)
		}
		addresses[made.Address] = what
	}
	ada.call(http.MethodDelete, api.PathShares+"/"+first.ID, nil, nil).has(http.StatusNoContent, nil)
	if ended := create(ada, key, api.NewShare{Photos: ids[:2], Title: "Trip"}); ended.State != api.ShareRevoked || ended.Address != first.Address {
		t.Errorf("repeated after it was revoked: %+v", ended)
	}
	for _, wrong := range []string{"short", strings.Repeat("a", 65), "a key with blanks in it, of 40 characters", "schlüssel-schlüssel-schlüssel"} {
		body := api.NewShare{Photos: ids, ExpiresAt: time.Now().Add(time.Hour)}
		ada.json(http.MethodPost, api.PathShares, header{api.HeaderKey: wrong}, body).refused(http.StatusBadRequest, photo.KindUsage)
	}
}

func TestSharesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.as("ada"), s.as("bob")
	mine, theirs := ada.album(1)[0], bob.album(2)[1]
	hour := time.Now().Add(time.Hour)
	for what, tt := range map[string]struct {
		share  api.NewShare
		status int
		kind   photo.Kind
	}{
		"no photo":                 {api.NewShare{ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"no end":                   {api.NewShare{Photos: []photo.ID{mine}}, http.StatusBadRequest, photo.KindUsage},
		"an end in the past":       {api.NewShare{Photos: []photo.ID{mine}, ExpiresAt: time.Now().Add(-time.Minute)}, http.StatusBadRequest, photo.KindUsage},
		"a photo of somebody else": {api.NewShare{Photos: []photo.ID{mine, theirs}, ExpiresAt: hour}, http.StatusNotFound, photo.KindNotFound},
		"a photo that never was":   {api.NewShare{Photos: []photo.ID{{9}}, ExpiresAt: hour}, http.StatusNotFound, photo.KindNotFound},
		"photos and a filter":      {api.NewShare{Photos: []photo.ID{mine}, Search: "x", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"live photos":              {api.NewShare{Photos: []photo.ID{mine}, Live: true, Search: "x", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"live without a filter":    {api.NewShare{Live: true, Search: " ", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"a wrong filter":           {api.NewShare{Live: true, Search: "taken:x", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"the trash":                {api.NewShare{Live: true, Search: "is:trashed", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"an unknown order":         {api.NewShare{Live: true, Search: "x", By: "name", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"a long title":             {api.NewShare{Photos: []photo.ID{mine}, Title: strings.Repeat("é", 101), ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"a title of two lines":     {api.NewShare{Photos: []photo.ID{mine}, Title: "a\nb", ExpiresAt: hour}, http.StatusBadRequest, photo.KindUsage},
		"many photos":              {api.NewShare{Photos: many(photo.MaxShared + 1), ExpiresAt: hour}, http.StatusRequestEntityTooLarge, photo.KindTooLarge},
	} {
		a := ada.json(http.MethodPost, api.PathShares, nil, tt.share)
		if a.status != tt.status || a.problem().Kind != tt.kind {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if list := ada.shares(); len(list) != 0 {
		t.Errorf("something was shared: %+v", list)
	}
}

func many(n int) []photo.ID {
	ids := make([]photo.ID, n)
	for i := range ids {
		ids[i] = photo.ID{1, byte(i), byte(i >> 8)}
	}
	return ids
}
