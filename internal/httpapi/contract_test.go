package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	validation "github.com/pb33f/libopenapi-validator/config"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"photos/internal/api"
	"photos/internal/httpapi"
	"photos/internal/photo"
)

// contract is api/openapi.yaml. Every answer of every test is checked against it.
type contract struct {
	validator validator.Validator
	model     *v3.Document
	mu        sync.Mutex
	err       error
}

// theContract is parsed once for all tests, because that takes a while.
var theContract = sync.OnceValue(func() *contract {
	c := &contract{}
	text, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		c.err = err
		return c
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		c.err = err
		return c
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		c.err = err
		return c
	}
	c.model = &model.Model
	v, errs := validator.NewValidator(doc, validation.WithFormatAssertions())
	if len(errs) > 0 {
		c.err = errs[0]
	}
	c.validator = v
	return c
})

// described reports whether the document has an operation for a request.
func (c *contract) described(req *http.Request) bool {
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		if !pathMatches(path, req.URL.Path) {
			continue
		}
		if _, ok := item.GetOperations().Get(strings.ToLower(req.Method)); ok {
			return true
		}
	}
	return false
}

func pathMatches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "check" })
}

// checkAnswer checks an answer against the description of its operation.
func checkAnswer(t testing.TB, req *http.Request, res *http.Response, body []byte) {
	t.Helper()
	c := theContract()
	must(t, c.err)
	if !c.described(req) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	copied := *res
	copied.Body = io.NopCloser(bytes.NewReader(body))
	if ok, errs := c.validator.ValidateHttpResponse(req, &copied); !ok {
		for _, e := range errs {
			t.Errorf("%s %s: the answer %d differs from the description: %v\n%s", req.Method, req.URL.Path, res.StatusCode, e, body)
			for _, s := range e.SchemaValidationErrors {
				t.Errorf("  %s: %s", s.InstancePath, s.Reason)
			}
		}
	}
}

func TestDescriptionIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	c := theContract()
	must(t, c.err)
	if ok, errs := c.validator.ValidateDocument(); !ok {
		t.Error(errs)
	}
}

// operation is an operation of the description.
type operation struct {
	method, path, id string
	public           bool
	scopes           []photo.KeyScope // of access keys that allow it
}

func operations(t testing.TB) []operation {
	t.Helper()
	c := theContract()
	must(t, c.err)
	var ops []operation
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			o := operation{method: strings.ToUpper(method), path: path, id: op.OperationId, public: op.Security != nil}
			if scopes, ok := op.Extensions.Get("x-key-scopes"); ok {
				must(t, scopes.Decode(&o.scopes))
			}
			ops = append(ops, o)
		}
	}
	return ops
}

// in fills in the parameters of the path.
func (o operation) in(id, upload string) string {
	return strings.NewReplacer("{id}", id, "{upload}", upload, "{name}", "nas").Replace(o.path)
}

// tried is a call of an operation that must succeed.
type tried struct {
	path   string
	header header
	body   any
}

// TestEveryOperation calls each operation of the description successfully: every described
// operation exists, and answers as described.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	live, gone, purged := jpeg(t, 1, 4000), jpeg(t, 2, 4000), jpeg(t, 4, 4000)
	for _, data := range [][]byte{live, gone, purged} {
		ada.upload(data, api.UploadMetadata{Filename: "a.jpg", Description: "Sunset"}).has(http.StatusCreated, nil)
	}
	ada.call(http.MethodDelete, photoPath(idOf(purged)), nil, nil).has(http.StatusOK, nil)
	one := photoPath(idOf(live))
	size := len(jpeg(t, 3, 4000))
	uploads := map[string]string{}
	for _, op := range []string{"headUpload", "appendToUpload", "endUpload", "oneUploadOptions"} {
		uploads[op] = ada.begin(size, api.UploadMetadata{Filename: "b.jpg"})
	}
	ada.json(http.MethodPost, api.PathKeys, nil, api.NewAccessKey{Name: "nas", Scope: photo.ScopeAll}).has(http.StatusOK, nil)
	share := ada.share(api.NewShare{Photos: []photo.ID{idOf(live)}})
	calls := map[string]tried{
		"listShares":       {},
		"createShare":      {body: api.NewShare{Photos: []photo.ID{idOf(live), idOf(gone)}, Title: "Trip", Originals: true, ExpiresAt: time.Now().Add(time.Hour)}},
		"revokeShare":      {path: api.PathShares + "/" + share.ID},
		"listPhotos":       {path: api.PathPhotos + "?search=sun&by=taken&limit=1"},
		"describePhotos":   {body: api.DescriptionsPatch{Items: []api.DescriptionItem{{ID: idOf(live), Description: "x"}, {ID: photo.ID{1}, Description: "x"}}}},
		"checkPhotos":      {body: api.CheckRequest{IDs: []photo.ID{idOf(live), idOf(gone), {9}}, Verify: photo.LookAtBytes}},
		"getPhoto":         {path: one},
		"editPhoto":        {path: one, body: api.PhotoPatch{Description: new("Sunrise")}},
		"getPhotoTags":     {path: one + "/tags"},
		"setPhotoTags":     {path: one + "/tags", body: api.PhotoTags{Tags: []string{"Holiday"}}},
		"listTags":         {},
		"tagPhotos":        {body: api.TagPatch{IDs: []photo.ID{idOf(live), {1}}, Add: []string{"Beach"}, Remove: []string{"x"}}},
		"getStats":         {},
		"listChanges":      {path: api.PathChanges + "?after=&wait=1s&limit=2"},
		"trashPhoto":       {path: photoPath(idOf(gone))},
		"getHistory":       {path: one + "/history"},
		"undoDescription":  {path: one + "/undo", body: api.Undo{To: 1}},
		"listKeys":         {},
		"createKey":        {body: api.NewAccessKey{Name: "backup", Scope: photo.ScopeRead, ExpiresAt: time.Now().Add(time.Hour)}},
		"revokeKey":        {path: api.PathKeys + "/nas"},
		"restorePhoto":     {path: one + "/restore"},
		"purgePhoto":       {path: photoPath(idOf(purged)) + "/purge"},
		"getContent":       {path: one + "/content"},
		"getThumbnail":     {path: one + "/thumbnail"},
		"listSimilar":      {path: one + "/similar"},
		"listDupes":        {path: api.PathDupes},
		"createUpload":     {header: withBytes(creating(size, api.UploadMetadata{Filename: "c.jpg"})), body: jpeg(t, 3, 4000)},
		"headUpload":       {header: tusHeader(nil)},
		"appendToUpload":   {header: appending(0, "w"), body: jpeg(t, 3, 4000)},
		"endUpload":        {header: tusHeader(nil)},
		"oneUploadOptions": {}, "uploadOptions": {}, "getMe": {}, "getOpenAPI": {}, "getProtectedResource": {}, "getHealth": {}, "getReadiness": {},
	}
	for _, op := range operations(t) {
		c, ok := calls[op.id]
		if !ok {
			t.Errorf("%s is described and not tried", op.id)
			continue
		}
		delete(calls, op.id)
		if c.path == "" {
			c.path = op.path
		}
		if uploads[op.id] != "" {
			c.path = uploads[op.id]
		}
		a := ada.try(op.method, c)
		if a.status >= http.StatusBadRequest {
			t.Errorf("%s: %d %s", op.id, a.status, a.body)
		}
	}
	for id := range calls {
		t.Errorf("%s is tried and not described", id)
	}
}

func (u user) try(method string, c tried) answer {
	u.s.t.Helper()
	switch body := c.body.(type) {
	case nil:
		return u.call(method, c.path, c.header, nil)
	case []byte:
		return u.call(method, c.path, c.header, body)
	}
	return u.json(method, c.path, c.header, c.body)
}

// TestEveryRouteIsDescribed checks the other direction.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	s := start(t)
	described := map[string]bool{"/{$} GET": true} // a page for browsers, not a part of the API
	for _, op := range operations(t) {
		described[strings.ReplaceAll(op.path, "{upload}", "{id}")+" "+op.method] = true
	}
	routes, err := httpapi.Routes(s.config.HTTP)
	must(t, err)
	for _, route := range routes {
		if !described[route] {
			t.Errorf("%s is not described", route)
		}
	}
}

func TestEveryOperationNeedsAToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := idOf(nil).String()
	for _, op := range operations(t) {
		if op.public {
			continue
		}
		for _, token := range []string{"", "nobody"} {
			a := s.as(token).call(op.method, op.in(id, "u"), tusHeader(nil), nil)
			if a.status != http.StatusUnauthorized || !strings.Contains(a.header.Get("WWW-Authenticate"), api.PathProtectedResource) {
				t.Errorf("%s with token %q: %d, %q", op.id, token, a.status, a.header.Get("WWW-Authenticate"))
			}
			if bytes.Contains(a.body, []byte("secret cause")) {
				t.Errorf("%s reveals the cause: %s", op.id, a.body)
			}
		}
		a := s.as("unverifiable").call(op.method, op.in(id, "u"), tusHeader(nil), nil)
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s with a token that cannot be checked: %d", op.id, a.status)
		}
	}
}

// TestPhotosOfOthersDoNotExist calls every operation about one photo or upload with those of
// another owner.
func TestPhotosOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada, eve := s.as("ada"), s.as("eve")
	data := jpeg(t, 1, 4000)
	ada.upload(data, api.UploadMetadata{Description: "mine"}).has(http.StatusCreated, nil)
	upload := strings.TrimPrefix(ada.begin(4000, api.UploadMetadata{ID: photo.ID{7}}), api.PathUploads+"/")
	bodies := map[string]any{"editPhoto": api.PhotoPatch{Description: new("hers")}, "undoDescription": api.Undo{To: 1}, "setPhotoTags": api.PhotoTags{Tags: []string{"hers"}}, "appendToUpload": data[:10]}
	for _, op := range operations(t) {
		if op.public || !strings.Contains(op.path, "{") {
			continue
		}
		c := tried{path: op.in(idOf(data).String(), upload), header: appending(0, "e"), body: bodies[op.id]}
		if _, raw := c.body.([]byte); c.body != nil && !raw {
			c.header = nil
		}
		if a := eve.try(op.method, c); a.status != http.StatusNotFound {
			t.Errorf("%s of another owner: %d %s", op.id, a.status, a.body)
		}
		finished := tried{path: op.in(idOf(data).String(), idOf(data).String()), header: c.header, body: c.body}
		if a := eve.try(op.method, finished); a.status != http.StatusNotFound {
			t.Errorf("%s of the finished upload of another owner: %d %s", op.id, a.status, a.body)
		}
	}
	if got := eve.list(""); len(got) != 0 {
		t.Errorf("eve sees %v", got)
	}
	for _, id := range []photo.ID{idOf(data), {7}} {
		if st := eve.state(id, photo.LookAtRow); st.State != photo.Absent || st.Upload != "" || st.Description != "" {
			t.Errorf("eve learns %+v", st)
		}
	}
	if p := ada.list(""); len(p) != 1 || p[0].Description != "mine" {
		t.Errorf("ada has %+v", p)
	}
	eve.upload(data, api.UploadMetadata{Description: "hers"}).has(http.StatusCreated, header{api.HeaderOutcome: "uploaded"})
	if p := ada.list(""); len(p) != 1 || p[0].Description != "mine" {
		t.Errorf("after eve uploaded the same, ada has %+v", p)
	}
}
