package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/accesskey"
	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/service"
)

// key creates an access key and returns a user who calls with it.
func (u user) key(name string, scope photo.KeyScope) user {
	u.s.t.Helper()
	var k api.CreatedAccessKey
	u.json(http.MethodPost, api.PathKeys, nil, api.NewAccessKey{Name: name, Scope: scope}).into(&k)
	if !accesskey.Valid(k.Secret) || k.Name != name || k.Scope != scope {
		u.s.t.Fatalf("created %+v", k.AccessKey)
	}
	return u.s.as(k.Secret)
}

// TestKeyScopes calls every operation with keys of every scope. Exactly the scopes that the
// description of the API names are allowed.
func TestKeyScopes(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	id := ada.album(1)[0].String()
	for _, scope := range []photo.KeyScope{photo.ScopeRead, photo.ScopeUpload, photo.ScopeAll} {
		machine := ada.key(string(scope), scope)
		for _, op := range operations(t) {
			if op.public {
				continue
			}
			a := machine.call(op.method, op.in(id, "u"), tusHeader(nil), nil)
			if allowed := a.status != http.StatusForbidden; allowed != slices.Contains(op.scopes, scope) {
				t.Errorf("%s with a key of scope %s: %d %s", op.id, scope, a.status, a.body)
			}
			if a.status == http.StatusUnauthorized {
				t.Errorf("%s with a key of scope %s: %s", op.id, scope, a.body)
			}
		}
	}
	var keys api.AccessKeys
	ada.call(http.MethodGet, api.PathKeys, nil, nil).into(&keys)
	if len(keys.Keys) != 3 {
		t.Errorf("keys: %+v", keys)
	}
	for _, op := range operations(t) {
		if strings.HasPrefix(op.path, api.PathKeys) && len(op.scopes) > 0 {
			t.Errorf("%s: a key may manage keys", op.id)
		}
	}
}

// A client that did not get the answer repeats the request, and has one key.
func TestKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.as("ada"), s.as("bob")
	const request = "a-key_of_22_characters"
	create := func(u user, request string, k api.NewAccessKey) (made api.CreatedAccessKey) {
		t.Helper()
		u.json(http.MethodPost, api.PathKeys, header{api.HeaderKey: request}, k).into(&made)
		return made
	}
	nas := api.NewAccessKey{Name: "nas", Scope: photo.ScopeRead, ExpiresAt: time.Now().Add(time.Hour)}
	first := create(ada, request, nas)
	nas.ExpiresAt = nas.ExpiresAt.Add(time.Hour)
	if again := create(ada, request, nas); again != first || !accesskey.Valid(first.Secret) {
		t.Errorf("repeated: %+v, want %+v", again.AccessKey, first.AccessKey)
	}
	s.as(first.Secret).call(http.MethodGet, api.PathPhotos, nil, nil).has(http.StatusOK, nil)
	secrets := map[string]string{first.Secret: "the first"}
	for what, made := range map[string]api.CreatedAccessKey{
		"another name":            create(ada, request, api.NewAccessKey{Name: "other", Scope: photo.ScopeRead}),
		"another key":             create(ada, request+"2", api.NewAccessKey{Name: "third", Scope: photo.ScopeRead}),
		"no key":                  create(ada, "", api.NewAccessKey{Name: "fourth", Scope: photo.ScopeRead}),
		"no key again":            create(ada, "", api.NewAccessKey{Name: "fifth", Scope: photo.ScopeRead}),
		"the request of somebody": create(bob, request, nas),
	} {
		if other := secrets[made.Secret]; other != "" {
			t.Errorf("%s has the secret of %s", what, other)
		}
		secrets[made.Secret] = what
	}
	nas.Scope = photo.ScopeAll // another request, so the name is in use
	ada.json(http.MethodPost, api.PathKeys, header{api.HeaderKey: request}, nas).refused(http.StatusConflict, photo.KindConflict)
	nas.Name = "sixth"
	for _, wrong := range []string{"short", strings.Repeat("a", 65), "a key with blanks in it, of 40 characters", "schlüssel-schlüssel-schlüssel"} {
		ada.json(http.MethodPost, api.PathKeys, header{api.HeaderKey: wrong}, nas).refused(http.StatusBadRequest, photo.KindUsage)
	}
}

func TestKeyActsForItsOwner(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.as("ada"), s.as("bob")
	id := ada.album(1)[0]
	reader := ada.key("nas", photo.ScopeRead)
	if got := reader.list(""); len(got) != 1 || got[0].ID != id {
		t.Errorf("the key lists %+v", got)
	}
	if got := bob.key("nas", photo.ScopeAll).list(""); len(got) != 0 {
		t.Errorf("the key of another owner lists %+v", got)
	}
	var me api.Me
	reader.call(http.MethodGet, api.PathMe, nil, nil).into(&me)
	if me.Photos != 1 || !me.ExpiresAt.IsZero() {
		t.Errorf("me: %+v", me)
	}
	var keys api.AccessKeys
	ada.call(http.MethodGet, api.PathKeys, nil, nil).into(&keys)
	if len(keys.Keys) != 1 || time.Since(keys.Keys[0].LastUsedAt.Time) > time.Minute || time.Since(keys.Keys[0].CreatedAt.Time) > time.Minute {
		t.Errorf("keys: %+v", keys)
	}
}

func TestKeyEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	nas := ada.key("nas", photo.ScopeAll)
	if got := nas.list(""); len(got) != 0 {
		t.Errorf("lists %v", got)
	}
	ada.call(http.MethodDelete, api.PathKeys+"/nas", nil, nil).has(http.StatusNoContent, nil)
	ada.call(http.MethodDelete, api.PathKeys+"/nas", nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	for what, token := range map[string]string{"revoked": nas.name, "never made": accesskey.New()} {
		a := s.as(token).call(http.MethodGet, api.PathPhotos, nil, nil)
		p := a.refused(http.StatusUnauthorized, photo.KindNotSignedIn)
		if !strings.Contains(p.Detail, "access key is no longer valid") || strings.Contains(p.Hint, "photos login") {
			t.Errorf("%s: %q, hint %q", what, p.Detail, p.Hint)
		}
		if !strings.Contains(a.header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s: challenge %q", what, a.header.Get("WWW-Authenticate"))
		}
	}
	p := s.as(nas.name[:len(nas.name)-1]).call(http.MethodGet, api.PathPhotos, nil, nil).refused(http.StatusUnauthorized, photo.KindNotSignedIn)
	if !strings.Contains(p.Detail, "checksum") {
		t.Errorf("an incomplete key: %q", p.Detail)
	}
}

// No token of the user pool can begin like a key, and a key is not taken for a token.
func TestKeyIsNotAnAccessToken(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) {
		c.Verify = func(_ context.Context, token string) (service.Identity, error) {
			if strings.HasPrefix(token, accesskey.Prefix) {
				t.Error("a key was verified as an access token")
			}
			return service.Identity{Pool: "pool", Subject: token, Expires: time.Now().Add(time.Hour)}, nil
		}
	})
	for _, token := range []string{accesskey.New(), accesskey.Prefix, accesskey.Prefix + "x"} {
		s.as(token).call(http.MethodGet, api.PathMe, nil, nil).refused(http.StatusUnauthorized, photo.KindNotSignedIn)
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	for what, k := range map[string]api.NewAccessKey{
		"no name":         {Scope: photo.ScopeRead},
		"a path":          {Name: "../x", Scope: photo.ScopeRead},
		"a long name":     {Name: strings.Repeat("x", photo.MaxKeyName+1), Scope: photo.ScopeRead},
		"no scope":        {Name: "nas"},
		"a strange scope": {Name: "nas", Scope: "keys"},
		"expired":         {Name: "nas", Scope: photo.ScopeRead, ExpiresAt: time.Now().Add(-time.Hour)},
	} {
		if a := ada.json(http.MethodPost, api.PathKeys, nil, k); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	ada.key("büro-nas.2", photo.ScopeRead)
	ada.json(http.MethodPost, api.PathKeys, nil, api.NewAccessKey{Name: "büro-nas.2", Scope: photo.ScopeAll}).refused(http.StatusConflict, photo.KindConflict)
	ada.call(http.MethodDelete, api.PathKeys+"/b%C3%BCro-nas.2", nil, nil).has(http.StatusNoContent, nil)
}

// A key of scope upload fills an empty description. It replaces no description and restores
// no photo, in every way to upload.
func TestUploadKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	nas := ada.key("nas", photo.ScopeUpload)
	data, large := jpeg(t, 1, 4000), jpeg(t, 2, 4000)
	nas.upload(data, api.UploadMetadata{ID: idOf(data)}).has(http.StatusCreated, header{api.HeaderOutcome: "uploaded"})
	nas.upload(data, api.UploadMetadata{ID: idOf(data), Description: "Dawn"}).has(http.StatusCreated, header{api.HeaderOutcome: "described"})
	nas.upload(data, api.UploadMetadata{ID: idOf(data), Description: "Noon"}).has(http.StatusCreated, header{api.HeaderOutcome: "exists", api.HeaderKept: "true"})
	nas.upload(large, api.UploadMetadata{}).has(http.StatusCreated, nil)
	var res api.DescriptionsResponse
	nas.json(http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: []api.DescriptionItem{
		{ID: idOf(large), Description: "filled", OnlyIfEmpty: true},
		{ID: idOf(data), Description: "not used", OnlyIfEmpty: true},
		{ID: idOf(large), Description: "changed"},
		{ID: idOf(large), OnlyIfEmpty: true},
	}}).into(&res)
	for i, want := range []photo.Kind{"", "", photo.KindForbidden, photo.KindForbidden} {
		if p := res.Results[i].Problem; (p != nil) != (want != "") || p != nil && p.Kind != want {
			t.Errorf("item %d: %+v, want a problem of kind %q", i, p, want)
		}
	}
	for _, p := range ada.list("") {
		if p.Description != "Dawn" && p.Description != "filled" {
			t.Errorf("the key changed a description to %q", p.Description)
		}
	}
	pending := nas.begin(len(large), api.UploadMetadata{})
	for _, id := range []photo.ID{idOf(data), idOf(large)} {
		ada.call(http.MethodDelete, photoPath(id), nil, nil).has(http.StatusOK, nil)
	}
	inTrash := func(what string, a answer) {
		t.Helper()
		if p := a.refused(http.StatusForbidden, photo.KindForbidden); !strings.Contains(p.Detail, "in the trash") {
			t.Errorf("%s: %q", what, p.Detail)
		}
	}
	inTrash("a duplicate", nas.upload(data, api.UploadMetadata{ID: idOf(data)}))
	inTrash("in one request", nas.upload(data, api.UploadMetadata{}))
	inTrash("the last bytes", nas.append(pending, 0, large))
	nas.call(http.MethodHead, pending, tusHeader(nil), nil).has(http.StatusNotFound, nil)
	if n := len(ada.list("?trash=1")); n != 2 {
		t.Errorf("%d photos are in the trash, want 2", n)
	}
	if blobs, staged := s.blobCount(), s.stagedCount(); blobs != 2 || staged != 0 {
		t.Errorf("%d blobs and %d staged are left, want 2 and 0", blobs, staged)
	}
	ada.upload(data, api.UploadMetadata{ID: idOf(data)}).has(http.StatusCreated, header{api.HeaderOutcome: "restored"})
	ada.key("all", photo.ScopeAll).upload(large, api.UploadMetadata{}).has(http.StatusCreated, header{api.HeaderOutcome: "restored"})
}

// A disabled owner is refused at the next request, with a token in the cache and with a key.
// Another process changes the row.
func TestDisabledOwner(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, bob := s.as("ada"), s.as("bob")
	callers := []user{ada, ada.key("nas", photo.ScopeAll)}
	var me api.Me
	ada.call(http.MethodGet, api.PathMe, nil, nil).into(&me)
	s.exec("UPDATE owner SET disabled_at = 1 WHERE id = '" + me.Owner + "'")
	for _, u := range callers {
		p := u.call(http.MethodGet, api.PathPhotos, nil, nil).refused(http.StatusForbidden, photo.KindForbidden)
		if p.Detail != "this account is disabled" {
			t.Errorf("refused with %q", p.Detail)
		}
	}
	bob.list("")
	s.exec("UPDATE owner SET disabled_at = NULL")
	for _, u := range callers {
		u.list("")
	}
}
