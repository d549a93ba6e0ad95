package web_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/testkit/sample"
	"photos/internal/testkit/smalldisk"
)

// upload sends photos by the form, with one description.
func (b *browser) upload(description string, photos map[string][]byte) answer {
	b.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(b.s.t, form.WriteField("description", description))
	for name, data := range photos {
		part, err := form.CreateFormFile("photos", name)
		must(b.s.t, err)
		_, err = part.Write(data)
		must(b.s.t, err)
	}
	must(b.s.t, form.Close())
	a, err := b.send(http.MethodPost, "/myphotos", &body, map[string]string{"Content-Type": form.FormDataContentType(), "Sec-Fetch-Site": "same-origin"})
	must(b.s.t, err)
	return a
}

// scene returns a picture and its ID.
func scene(t *testing.T, i int) ([]byte, photo.ID) {
	t.Helper()
	data, err := sample.Scene(i)
	must(t, err)
	return data, idOf(data)
}

func TestUploadForm(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	one, id := scene(t, 1)
	two, _ := scene(t, 2)
	if a := b.upload("Two\r\nhills", map[string][]byte{"one.jpg": one, "two.jpg": two}); a.url.RawQuery != "exists=0&uploaded=2" || strings.Count(a.body, "<img ") != 2 {
		t.Errorf("%d at %s: %s", a.status, a.url, a.body)
	}
	if a := b.get("/myphotos/" + id.String()); !strings.Contains(a.body, ">Two\nhills</textarea>") || !strings.Contains(a.body, "900 × 600") && !strings.Contains(a.body, "600 × 800") {
		t.Errorf("the photo's page: %s", a.body)
	}
	three, _ := scene(t, 3)
	a := b.upload("", map[string][]byte{"one.jpg": one, "three.jpg": three, "notes.txt": []byte("words"), "empty.jpg": {}})
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "notes.txt") || !strings.Contains(a.body, "empty.jpg") || !strings.Contains(a.body, "2 photos are safely stored") {
		t.Errorf("some that fail: %d %s", a.status, a.body)
	}
	if a := b.upload("x", nil); a.status != http.StatusBadRequest || !strings.Contains(a.body, "No photo was chosen") {
		t.Errorf("no photo: %d %s", a.status, a.body)
	}
	if other := s.signedIn("bob"); other.get("/myphotos/"+id.String()).status != http.StatusNotFound || strings.Contains(other.get("/myphotos").body, "hills") {
		t.Error("bob sees ada's photo")
	}
}

// A form that is cut off leaves nothing half.
func TestFormLimits(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	one, _ := scene(t, 1)
	body := "--x\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"a.jpg\"\r\n\r\n" + string(one[:1000])
	a, err := b.send(http.MethodPost, "/myphotos", strings.NewReader(body), map[string]string{"Content-Type": "multipart/form-data; boundary=x"})
	must(t, err)
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, "cut off") {
		t.Errorf("a form that was cut: %d %s", a.status, a.body)
	}
	if a := b.get("/myphotos"); !strings.Contains(a.body, "No photos yet") {
		t.Errorf("it left something: %s", a.body)
	}
	if a := b.post("/myphotos/selection", url.Values{"do": {"delete"}, "description": {strings.Repeat("x", 300<<10)}}); a.status != http.StatusBadRequest {
		t.Errorf("a large form: %d", a.status)
	}
	empty := strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"a.jpg\"\r\n\r\n\r\n", 10_001)
	a, err = b.send(http.MethodPost, "/myphotos", strings.NewReader(empty+"--x--\r\n"), map[string]string{"Content-Type": "multipart/form-data; boundary=x"})
	must(t, err)
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, "may have 10000 photos") {
		t.Errorf("a form with too many photos: %d %.500s", a.status, a.body)
	}
	name := strings.Repeat("n", 5000)
	if a := b.upload("", map[string][]byte{name: one}); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, name[:200]) {
		t.Errorf("a long name: %d %.500s", a.status, a.body)
	}
}

// A photo that does not fit on the disk on which forms are received is refused like one that
// does not fit on the disk of blobs.
func TestFormOnAFullDisk(t *testing.T) {
	smalldisk.Run(t, "size=16k", func(t *testing.T, dir string) {
		s := startSite(t)
		s.spool = dir
		s.handlers = []http.Handler{s.replica()}
		b := s.signedIn("ada")
		if a := b.upload("", map[string][]byte{"a.jpg": make([]byte, 100_000)}); a.status != http.StatusInsufficientStorage || !strings.Contains(a.body, "disk is full") {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a := b.get("/myphotos"); !strings.Contains(a.body, "No photos yet") {
			t.Errorf("it left something: %s", a.body)
		}
	})
}

func TestDescribeOnThePage(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "first")
	page := b.page
	if a := b.post(page+"?search=first", url.Values{"description": {"second"}, "version": {"1"}}); a.url.RawQuery != "search=first&saved" || !strings.Contains(a.body, "Saved.") || !strings.Contains(a.body, "first") {
		t.Errorf("%d at %s", a.status, a.url)
	}
	a := b.post(page, url.Values{"description": {"mine"}, "version": {"1"}})
	if a.status != http.StatusConflict || !strings.Contains(a.body, "<blockquote>second</blockquote>") || !strings.Contains(a.body, ">mine</textarea>") {
		t.Errorf("a text that changed meanwhile: %d %s", a.status, a.body)
	}
	if a := b.post(page, url.Values{"description": {strings.Repeat("x", 5000)}}); a.status != http.StatusBadRequest || !strings.Contains(a.body, "xxx</textarea>") {
		t.Errorf("a long text: %d", a.status)
	}
	_, revision, _ := strings.Cut(b.get(page).body, `name="revision" value="`)
	revision, _, _ = strings.Cut(revision, `"`)
	if a := b.post(page+"/undo", url.Values{"revision": {revision}}); !strings.Contains(a.body, ">first</textarea>") {
		t.Errorf("an undo: %d at %s", a.status, a.url)
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	one, first := scene(t, 1)
	two, second := scene(t, 2)
	b.upload("", map[string][]byte{"same.jpg": one})
	b.upload("", map[string][]byte{"same.jpg": two})
	both := url.Values{"photo": {first.String(), second.String(), first.String()}}
	do := func(what string) answer {
		both.Set("do", what)
		return b.post("/myphotos/selection", both)
	}
	a := do("download")
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	must(t, err)
	if len(z.File) != 2 || z.File[0].Name != "same.jpg" || z.File[1].Name != "same (2).jpg" {
		t.Fatalf("the zip has %d files", len(z.File))
	}
	f, err := z.File[1].Open()
	must(t, err)
	if data, err := io.ReadAll(f); err != nil || !bytes.Equal(data, two) {
		t.Errorf("the second file has %d bytes, %v", len(data), err)
	}
	both.Set("description", "a trip")
	if a := do("save"); a.url.RawQuery != "saved=2" || strings.Count(a.body, `alt="a trip"`) != 2 {
		t.Errorf("described: %s %s", a.url, a.body)
	}
	both.Set("description", " ")
	both.Set("tags", "Sea, holiday at home")
	if a := do("save"); a.url.RawQuery != "saved=2" || !strings.Contains(a.body, "2 photos changed.") || strings.Count(a.body, `alt="a trip"`) != 2 {
		t.Errorf("tagged: %s %s", a.url, a.body)
	}
	page := b.get("/myphotos/" + first.String()).body
	if !strings.Contains(page, ">sea</a>") || !strings.Contains(page, ">holiday at home</a>") {
		t.Errorf("the tags of a photo: %s", page)
	}
	if a := b.get("/myphotos?search=" + url.QueryEscape(`tag:"holiday at home"`)); strings.Count(a.body, "<img ") != 2 {
		t.Errorf("the photos of a tag: %s", a.body)
	}
	both.Set("tags", " , ")
	if a := do("save"); a.status != http.StatusBadRequest {
		t.Errorf("neither a description nor a tag: %d", a.status)
	}
	if a := do("delete"); !strings.HasPrefix(a.url.RawQuery, "deleted=2&undo=") || !strings.Contains(a.body, "No photos yet") {
		t.Errorf("deleted: %s", a.url)
	}
	if a := b.get("/myphotos/trash"); strings.Count(a.body, `type="checkbox"`) != 2 {
		t.Errorf("the trash: %s", a.body)
	}
	if a := do("restore"); a.url.String() != s.url+"/myphotos/trash?restored=2" {
		t.Errorf("restored: %s", a.url)
	}
	for what, want := range map[string]int{"paint": http.StatusBadRequest, "": http.StatusBadRequest} {
		if a := do(what); a.status != want {
			t.Errorf("%q: %d", what, a.status)
		}
	}
	if a := b.post("/myphotos/selection", url.Values{"do": {"delete"}}); a.status != http.StatusBadRequest || !strings.Contains(a.body, "No photo is selected") {
		t.Errorf("nothing selected: %d", a.status)
	}
	if a := s.signedIn("bob").post("/myphotos/selection", url.Values{"do": {"delete"}, "photo": {first.String()}}); a.url.RawQuery != "deleted=0" {
		t.Errorf("a photo of another user: %s", a.url)
	}
}

var undoForm = regexp.MustCompile(`<form method="post" action="(/myphotos/selection[^"]*)"><input type="hidden" name="([^"]+)" value="([^"]+)"><input type="hidden" name="back" value="1"><button class="quiet" name="do" value="restore">Undo`)

// undo presses the button of the notice, in the browser b.
func (a answer) undo(b *browser) answer {
	b.s.t.Helper()
	form := undoForm.FindStringSubmatch(html.UnescapeString(a.body))
	if form == nil {
		b.s.t.Fatalf("%s offers no undo: %s", a.url, a.body)
	}
	return b.post(form[1], url.Values{form[2]: {form[3]}, "back": {"1"}, "do": {"restore"}})
}

// What was deleted together comes back together, and nothing else.
func TestUndoOfADeletion(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b, bob := s.signedIn("ada"), s.signedIn("bob")
	var ids []string
	for i := range 4 {
		data, id := scene(t, i)
		b.upload("sea", map[string][]byte{"a.jpg": data})
		bob.upload("sea", map[string][]byte{"a.jpg": data})
		ids = append(ids, id.String())
	}
	shown := func(a answer) int { return strings.Count(a.body, `class="pick"`) }
	single := b.post("/myphotos/"+ids[0]+"/delete?search=sea", url.Values{})
	if shown(single) != 3 || !strings.Contains(single.body, `<div class="notice" role="status"><p>1 photo moved to the trash.</p>`) {
		t.Errorf("one deleted: %s: %s", single.url, single.body)
	}
	bob.post("/myphotos/selection", url.Values{"do": {"delete"}, "photo": ids[1:3]})
	time.Sleep(2 * time.Millisecond) // more than a tick of the clock
	both := b.post("/myphotos/selection?search=sea", url.Values{"do": {"delete"}, "photo": ids[:3]})
	if shown(both) != 1 || !strings.Contains(both.body, "2 photos moved to the trash.") || !strings.HasPrefix(both.url.RawQuery, "search=sea&deleted=2&undo=") {
		t.Errorf("two deleted: %s: %s", both.url, both.body)
	}
	if a := both.undo(bob); a.url.RawQuery != "search=sea&restored=0" {
		t.Errorf("the undo of another user: %s", a.url)
	}
	if a := both.undo(b); a.url.RawQuery != "search=sea&restored=2" || shown(a) != 3 || !strings.Contains(a.body, "2 photos restored.") {
		t.Errorf("undone: %s: %s", a.url, a.body)
	}
	if a := both.undo(b); a.url.RawQuery != "search=sea&restored=0" || shown(a) != 3 {
		t.Errorf("undone again: %s", a.url)
	}
	if a := single.undo(b); a.url.RawQuery != "search=sea&restored=1" || shown(a) != 4 {
		t.Errorf("one undone: %s: %s", a.url, a.body)
	}
	for _, moment := range []string{"", "x", "-5", "99999999999999999999", ids[0]} {
		if a := b.post("/myphotos/selection", url.Values{"do": {"restore"}, "trashed": {moment}}); a.status != http.StatusBadRequest {
			t.Errorf("the moment %q: %d at %s", moment, a.status, a.url)
		}
		if a := b.get("/myphotos?deleted=2&undo=" + moment + "&search=%22%3E%3Cb%3E"); moment != ids[0] && strings.Contains(a.body, ">Undo<") || strings.Contains(a.body, "<b>") {
			t.Errorf("the address with %q: %s", moment, a.body)
		}
	}
}

// A photo that was deleted in another tab can be restored. What was typed meanwhile is kept, and a
// second press on Delete changes nothing.
func TestPhotoThatWasDeletedElsewhere(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "sea")
	bob := b.s.signedIn("bob")
	typed := url.Values{"description": {"two hills"}, "had": {""}, "tags": {"light"}, "version": {"1"}}
	for range 2 {
		if a := b.post(b.page+"/delete", url.Values{}); a.url.RequestURI() != "/myphotos?deleted=1&undo="+b.id.String() || !strings.Contains(a.body, "1 photo moved to the trash.") {
			t.Errorf("deleted: %d at %s", a.status, a.url)
		}
	}
	if a := b.get(b.page); a.status != http.StatusNotFound || !strings.Contains(a.body, "This photo is in the trash") || !strings.Contains(a.body, `<a class="button" href="/myphotos/trash">`) {
		t.Errorf("its page: %d %s", a.status, a.body)
	}
	b.post(b.page, typed).keeps(t, http.StatusNotFound, "This photo is in the trash", "two hills</textarea>", "light</textarea>", `href="/myphotos/trash" target="_blank"`, `action="`+b.page+`"`)
	for _, a := range []answer{bob.get(b.page), bob.post(b.page+"/delete", url.Values{})} {
		if a.status != http.StatusNotFound || strings.Contains(a.body, "in the trash</h1>") {
			t.Errorf("another user: %d %s", a.status, a.body)
		}
	}
	b.post("/myphotos/selection", url.Values{"do": {"restore"}, "photo": {b.id.String()}})
	if a := b.post(b.page, typed); !strings.Contains(a.body, "Saved.") || !strings.Contains(a.body, ">two hills</textarea>") {
		t.Errorf("sent again: %d %s", a.status, a.body)
	}
}

// An error page shows who is signed in.
func TestErrorPagesOfAUser(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "")
	visitor := b.s.browser()
	for _, path := range []string{"/myphotos/nothing", "/shares/new", "/myphotos/trash?after=x"} {
		if a := b.get(path); a.status < 400 || !strings.Contains(a.body, `href="/account">ada</a>`) || strings.Contains(a.body, "Log in/sign up") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	question, err := b.send(http.MethodGet, "/logout", nil, map[string]string{"Sec-Fetch-Site": "cross-site"})
	must(t, err)
	if !strings.Contains(question.body, `href="/account">ada</a>`) {
		t.Errorf("the question before a sign-out: %s", question.body)
	}
	if a := visitor.get("/login?provider=a/b"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "Log in/sign up") {
		t.Errorf("nobody is signed in: %d %s", a.status, a.body)
	}
}

// A browser at an address where there is nothing gets a page. Programs, and the API, get a problem document.
func TestNothingThere(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	ada := s.signedIn("ada")
	for path, page := range map[string]bool{"/photos": true, "/myphotos/": true, "/shares/": true, "/v1/nothing": false} {
		for accept, mayBePage := range map[string]bool{"text/html,application/xhtml+xml,*/*;q=0.8": true, "*/*": false} {
			a, err := ada.send(http.MethodGet, path, nil, map[string]string{"Accept": accept})
			must(t, err)
			isPage := strings.Contains(a.body, "<h1>There is nothing here</h1>") && strings.Contains(a.body, `href="/account">ada</a>`)
			isProblem := a.header.Get("Content-Type") == "application/problem+json"
			if a.status != http.StatusNotFound || isPage != (page && mayBePage) || isProblem == isPage {
				t.Errorf("%s as %s: %d %s", path, accept, a.status, a.body)
			}
		}
	}
	a, err := s.browser().send(http.MethodGet, "/photos", nil, map[string]string{"Accept": "text/html"})
	must(t, err)
	if a.status != http.StatusNotFound || !strings.Contains(a.body, "Log in/sign up") {
		t.Errorf("nobody is signed in: %d %s", a.status, a.body)
	}
}

// Emptying the trash asks first, and leaves what was deleted after the question.
func TestEmptyTrash(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b, bob := s.signedIn("ada"), s.signedIn("bob")
	var ids []string
	for i := range 4 {
		data, id := scene(t, i)
		b.upload("", map[string][]byte{"a.jpg": data})
		bob.upload("", map[string][]byte{"a.jpg": data})
		ids = append(ids, id.String())
	}
	const path = "/myphotos/trash/empty"
	if a := b.get("/myphotos/trash"); strings.Contains(a.body, path) {
		t.Errorf("a trash that is empty: %s", a.body)
	}
	if a := b.get(path); a.url.Path != "/myphotos/trash" {
		t.Errorf("the question about a trash that is empty: %s", a.url)
	}
	for _, one := range []*browser{b, bob} {
		one.post("/myphotos/selection", url.Values{"do": {"delete"}, "photo": ids[:3]})
	}
	if a := b.get("/myphotos/trash"); !strings.Contains(a.body, `href="`+path+`"`) || !strings.Contains(a.body, "<span>3 photos</span>") {
		t.Errorf("the trash: %s", a.body)
	}
	asked := b.get(path)
	if !strings.Contains(asked.body, "3 photos (") || !strings.Contains(asked.body, "This cannot be undone.") || strings.Count(b.get("/myphotos/trash").body, `type="checkbox"`) != 3 {
		t.Errorf("the question: %s", asked.body)
	}
	_, until, _ := strings.Cut(asked.body, `name="until" value="`)
	until, _, _ = strings.Cut(until, `"`)
	b.post("/myphotos/"+ids[3]+"/delete", url.Values{}) // after the question
	b.post("/myphotos/selection", url.Values{"do": {"restore"}, "photo": ids[:1]})
	if a := b.post(path, url.Values{}); a.status != http.StatusBadRequest {
		t.Errorf("without a moment: %d", a.status)
	}
	if a := b.post(path, url.Values{"until": {until}}); a.url.RequestURI() != "/myphotos/trash?purged=2" || !strings.Contains(a.body, "2 photos removed for good.") || strings.Count(a.body, `type="checkbox"`) != 1 {
		t.Errorf("emptied: %s: %s", a.url, a.body)
	}
	if a := b.get("/myphotos"); strings.Count(a.body, `class="pick"`) != 1 {
		t.Errorf("the photos that are left: %s", a.body)
	}
	if a := bob.get("/myphotos/trash"); strings.Count(a.body, `type="checkbox"`) != 3 {
		t.Errorf("the trash of another user: %s", a.body)
	}
}

// The page of a photo whose bytes are lost says how to repair it.
func TestDamagedPhoto(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "sea")
	const says = "Bytes of this photo are lost or changed."
	if a := b.get(b.page); strings.Contains(a.body, says) {
		t.Errorf("a sound photo: %s", a.body)
	}
	_, key, err := b.s.db.Get(t.Context(), b.s.owner(), b.id, store.Live)
	must(t, err)
	must(t, b.s.db.SetDamaged(t.Context(), b.s.owner(), b.id, key, true))
	if a := b.get(b.page); a.status != http.StatusOK || !strings.Contains(a.body, says) {
		t.Errorf("a damaged photo: %d %s", a.status, a.body)
	}
	b.upload("", map[string][]byte{"one.jpg": b.photo})
	if a := b.get(b.page); strings.Contains(a.body, says) || !strings.Contains(a.body, ">sea</textarea>") {
		t.Errorf("a photo that was uploaded again: %s", a.body)
	}
}

// What users and their files say is text on every page, whatever it is.
func TestHostileTextOnPages(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>' javascript:`
	one, id := scene(t, 1)
	b.upload(evil, map[string][]byte{"<script>.jpg": one})
	for _, path := range []string{"/myphotos", "/myphotos/" + id.String(), "/myphotos?search=" + url.QueryEscape(`"`+evil[:20]), "/myphotos?month=<script>"} {
		if a := b.get(path); strings.Contains(a.body, "<script>") || strings.Contains(a.body, "<img src=x") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	b.post("/myphotos/selection", url.Values{"do": {"delete"}, "photo": {id.String()}})
	if a := b.get("/myphotos/trash"); strings.Contains(a.body, "<script>") || !strings.Contains(a.body, "&lt;script&gt;") {
		t.Errorf("the trash: %s", a.body)
	}
}

// Originals are sent as they are, with ranges, and never as something that a browser runs.
func TestOriginals(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "")
	path := b.page + "/content"
	a := b.get(path)
	if a.body != string(b.photo) || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d, %d bytes, %v", a.status, len(a.body), a.header)
	}
	part, err := b.send(http.MethodGet, path, nil, map[string]string{"Range": "bytes=10-19"})
	must(t, err)
	if part.status != http.StatusPartialContent || part.body != string(b.photo[10:20]) {
		t.Errorf("a range: %d, %d bytes", part.status, len(part.body))
	}
	small := b.get(b.page + "/thumbnail?size=256")
	if small.status != http.StatusOK || small.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("a small picture: %d %v", small.status, small.header)
	}
}

// A small picture in the browser's cache is shown to the session that got it, and to nobody
// later.
func TestPicturesAfterSignOut(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "")
	path := b.page + "/thumbnail?size=256"
	if a := b.get(path); a.header.Get("Vary") != "Cookie" || !strings.Contains(a.header.Get("Cache-Control"), "private") {
		t.Errorf("%v", a.header)
	}
	b.get("/logout")
	if a := b.get(path); a.status != http.StatusUnauthorized {
		t.Errorf("after the sign-out: %d", a.status)
	}
}

// A library of several pages is listed by links, each photo once.
func TestPagesOfALibrary(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	const n = 130
	photos, _ := manyPhotos(t, n)
	b.upload("", photos)
	for _, start := range []string{"/myphotos", "/myphotos?by=taken", "/myphotos?search=ext:jpg"} {
		seen, pages := map[string]bool{}, 0
		for at := start; at != ""; pages++ {
			body := b.get(at).body
			for _, rest := range strings.Split(body, `name="photo" value="`)[1:] {
				id, _, _ := strings.Cut(rest, `"`)
				if seen[id] {
					t.Errorf("%s: %s is listed twice", start, id)
				}
				seen[id] = true
			}
			at = ""
			if _, rest, found := strings.Cut(body, `rel="next" href="`); found {
				next, _, _ := strings.Cut(rest, `"`)
				at = strings.ReplaceAll(next, "&amp;", "&")
			}
		}
		if len(seen) != n || pages != 2 {
			t.Errorf("%s: %d photos on %d pages", start, len(seen), pages)
		}
	}
}

// A page leads to the one before it: the same photos, or the first page when there are not enough.
func TestPagesBackward(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	photos, found := manyPhotos(t, 250)
	var all []string
	for _, id := range found {
		all = append(all, id.String())
	}
	b.upload("", photos)
	walk := func(t *testing.T, start, follow string) answer {
		t.Helper()
		link := regexp.MustCompile(`rel="` + follow + `" href="([^"]+)"`).FindStringSubmatch(b.get(start).body)
		if link == nil {
			t.Fatalf("%s has no %s page", start, follow)
		}
		return b.get(html.UnescapeString(link[1]))
	}
	ids := func(a answer) []string {
		var ids []string
		for _, m := range regexp.MustCompile(`name="photo" value="([0-9a-f]{64})"`).FindAllStringSubmatch(a.body, -1) {
			ids = append(ids, m[1])
		}
		return ids
	}
	check := func(t *testing.T, start string) {
		t.Helper()
		first := b.get(start)
		second := walk(t, start, "next")
		third := walk(t, second.url.RequestURI(), "next")
		if len(ids(first)) != 120 || len(ids(second)) != 120 || len(ids(third)) != 10 || strings.Contains(first.body, `rel="prev"`) || strings.Contains(third.body, `rel="next"`) {
			t.Fatalf("%s: pages of %d, %d and %d photos", start, len(ids(first)), len(ids(second)), len(ids(third)))
		}
		back := walk(t, third.url.RequestURI(), "prev")
		if !slices.Equal(ids(back), ids(second)) || !strings.Contains(back.url.RawQuery, "before=") || !strings.Contains(back.body, "Back to the first photos") {
			t.Errorf("before the third page at %s are %d photos", back.url, len(ids(back)))
		}
		if again := walk(t, back.url.RequestURI(), "next"); !slices.Equal(ids(again), ids(third)) {
			t.Errorf("after the page that was reached backward are %d photos", len(ids(again)))
		}
		if start := walk(t, back.url.RequestURI(), "prev"); start.url.RequestURI() != first.url.RequestURI() || !slices.Equal(ids(start), ids(first)) {
			t.Errorf("before the second page is %s", start.url)
		}
	}
	for _, start := range []string{"/myphotos", "/myphotos?by=taken", "/myphotos?search=jpg", "/myphotos?undescribed=1"} {
		check(t, start)
	}
	if a := b.get("/myphotos?before=x"); a.status != http.StatusBadRequest || strings.Contains(a.body, "No photos yet") {
		t.Errorf("a wrong cursor: %d %s", a.status, a.body)
	}
	b.post("/myphotos/selection", url.Values{"do": {"delete"}, "photo": all})
	check(t, "/myphotos/trash")
	last := walk(t, walk(t, "/myphotos/trash", "next").url.RequestURI(), "next")
	b.post("/myphotos/selection", url.Values{"do": {"restore"}, "photo": ids(last)})
	if a := b.get(last.url.RequestURI()); a.url.RequestURI() != "/myphotos/trash" || len(ids(a)) != 120 {
		t.Errorf("a page whose photos were restored: %s", a.url)
	}
}

// A photo's page leads to the photos next to it in the list that it belongs to.
func TestNeighborsOnThePage(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	var ids []string
	for i := range 3 {
		data, id := scene(t, i)
		b.upload([]string{"sea", "hills", "sea"}[i], map[string][]byte{"a.jpg": data})
		ids = append(ids, id.String())
		time.Sleep(time.Millisecond)
	}
	for at, want := range map[string][2]string{
		ids[1]:                 {ids[2], ids[0]},
		ids[2]:                 {"", ids[1]},
		ids[0] + "?search=sea": {ids[2], ""},
		ids[0] + "?by=taken":   {"", ids[1]},
	} {
		body := b.get("/myphotos/" + at).body
		for i, rel := range []string{"prev", "next"} {
			_, rest, found := strings.Cut(body, `rel="`+rel+`" href="/myphotos/`)
			if got := rest[:min(64, len(rest))]; found != (want[i] != "") || found && got != want[i] {
				t.Errorf("%s: %s is %q, want %q", at, rel, got, want[i])
			}
		}
	}
}

// Two uploads of one photo at the same time store it once.
func TestUploadsAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	one, _ := scene(t, 1)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { b.upload("same", map[string][]byte{"one.jpg": one}) })
	}
	all.Wait()
	if a := b.get("/myphotos"); !strings.Contains(a.body, ">1 photo<") {
		t.Errorf("%s", a.body)
	}
}

// Years and months lead to the photos that were taken then.
func TestMonths(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	photos := map[string][]byte{}
	for i := range 5 { // 20, 9 August, 29, 18, 7 July 2024
		data, _ := scene(t, i)
		photos[string(rune('a'+i))+".jpg"] = data
	}
	b.upload("", photos)
	page := b.get("/myphotos").body
	for _, want := range []string{`href="/myphotos?month=2024">2024</a> <small>5</small>`, `href="/myphotos?month=2024-08">August</a> <small>2</small>`, `href="/myphotos?month=2024-07">July</a> <small>3</small>`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	for month, n := range map[string]int{"2024-08": 2, "2024-07": 3, "2024": 5, "2023": 0} {
		if a := b.get("/myphotos?month=" + month); strings.Count(a.body, "<img ") != n {
			t.Errorf("%s: %d photos", month, strings.Count(a.body, "<img "))
		}
	}
}

// The first visit to a full page of My photos takes at most 60 KiB on the wire besides pictures.
func TestFirstVisitIsSmall(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	for i := range 125 { // more than fit on a page
		data, err := sample.Picture(uint64(i), 0)
		must(t, err)
		b.upload(fmt.Sprintf("The %dth walk along the river, when %d swans came to the old mill", i, i*7919%1000), map[string][]byte{fmt.Sprintf("IMG_%d.jpg", i): data})
	}
	sum := 0
	get := func(address string) string {
		a, err := b.send(http.MethodGet, address, nil, map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"})
		must(t, err)
		if a.status != http.StatusOK || a.header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: %d, %v", address, a.status, a.header)
		}
		sum += len(a.body)
		for name, values := range a.header {
			sum += len(name) + len(strings.Join(values, "")) + len(": \r\n")
		}
		z, err := gzip.NewReader(strings.NewReader(a.body))
		must(t, err)
		plain, err := io.ReadAll(z)
		must(t, err)
		return string(plain)
	}
	page := get("/myphotos")
	if n := strings.Count(page, "<img "); n != 120 {
		t.Fatalf("the page has %d photos", n)
	}
	loaded := regexp.MustCompile(`(?:href|src|data-upload)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(loaded) != 4 { // icon, style, and two scripts
		t.Errorf("the page loads %v", loaded)
	}
	for _, file := range loaded {
		get(file[1])
	}
	if sum > 60<<10 {
		t.Errorf("a first visit takes %d bytes", sum)
	}
}

// Tags are changed on the page of a photo. A change by somebody else is kept.
func TestTagsOnThePage(t *testing.T) {
	t.Parallel()
	b := startAlbum(t, "a walk")
	page := b.page
	save := func(had, tags, version string) answer {
		return b.post(page, url.Values{"description": {"a walk"}, "had": {had}, "tags": {tags}, "version": {version}})
	}
	field := func(body, name string) string {
		value := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
		if value == nil {
			t.Fatalf("no field %s in %s", name, body)
		}
		return value[1]
	}
	a := save("", "Sea, two  words,, SEA", "")
	if a.url.RawQuery != "saved" || field(a.body, "tags") != "sea, two words" || strings.Contains(a.body, "Earlier descriptions") {
		t.Errorf("added: %d at %s: %s", a.status, a.url, a.body)
	}
	version := field(a.body, "version")
	b.post("/myphotos/selection", url.Values{"do": {"save"}, "photo": {b.id.String()}, "tags": {"elsewhere"}})
	a = save("sea, two words", "sea, light", version)
	if a.status != http.StatusConflict || field(a.body, "tags") != "elsewhere, sea, light" || field(a.body, "had") != "elsewhere, sea, two words" {
		t.Errorf("a change meanwhile: %d, %s", a.status, a.body)
	}
	a = save(field(a.body, "had"), field(a.body, "tags"), field(a.body, "version"))
	if field(a.body, "tags") != "elsewhere, light, sea" {
		t.Errorf("saved after that: %s", a.body)
	}
	if a := save("", strings.Repeat("x", 200), ""); a.status != http.StatusBadRequest || !strings.Contains(field(a.body, "tags"), "xxx") {
		t.Errorf("a long tag: %d %s", a.status, a.body)
	}
	if a := save("elsewhere, light, sea", "", ""); field(a.body, "tags") != "" {
		t.Errorf("removed: %s", a.body)
	}
}
