package web_test

import (
	"bytes"
	"context"
	"html"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
)

var (
	addressInForm = regexp.MustCompile(`<input id="address" value="([^"]+)"`)
	addressInPage = regexp.MustCompile(`(?:href|src|poster)="(/s/[^"]+)"`)
	anyAddress    = regexp.MustCompile(`/(?:s|assets)/[\w/.-]+`)
	hexDigits     = regexp.MustCompile(`[0-9a-f]{8,}`)
)

// share makes a link by the forms, and returns its path.
func (b *browser) share(form url.Values, ids ...photo.ID) string {
	b.s.t.Helper()
	if form.Get("days") == "" {
		form.Set("days", "7")
	}
	for _, id := range ids {
		form.Add("photo", id.String())
	}
	a := b.post("/shares", form)
	found := addressInForm.FindStringSubmatch(a.body)
	if a.status != http.StatusOK || found == nil || !strings.HasPrefix(found[1], b.s.url+"/s/") {
		b.s.t.Fatalf("made: %d %s", a.status, a.body)
	}
	return strings.TrimPrefix(found[1], b.s.url)
}

// below returns the addresses below a share that a page has.
func (a answer) below(suffix string) []string {
	var all []string
	for _, m := range addressInPage.FindAllStringSubmatch(a.body, -1) {
		if address := html.UnescapeString(m[1]); strings.Contains(address, suffix) {
			all = append(all, address)
		}
	}
	return all
}

func TestSharedPage(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	ada := s.signedIn("ada")
	one, first := scene(t, 1)
	two, second := scene(t, 2)
	three, third := scene(t, 3)
	ada.upload("Evening <over> the bay", map[string][]byte{"secret-plan.jpg": one})
	ada.upload("", map[string][]byte{"secret-face.jpg": two})
	ada.upload("Not for others", map[string][]byte{"private.jpg": three})
	path := ada.share(url.Values{"title": {"A <trip>"}}, second, first)

	visitor := s.browser()
	page := visitor.get(path)
	for _, want := range []string{"<h1>A &lt;trip&gt;</h1>", `alt="Evening &lt;over&gt; the bay"`, `alt="Photo 1"`, `<meta name="robots" content="noindex, nofollow, noarchive">`,
		`<meta property="og:image" content="` + s.url + path + `/`, `<meta property="og:title" content="A &lt;trip&gt;">`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page has no %s: %s", want, page.body)
		}
	}
	if page.header.Get("X-Robots-Tag") != "noindex, nofollow, noarchive" || page.header.Get("Referrer-Policy") != "no-referrer" || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", page.header)
	}
	photos := page.below("/")
	var served []answer
	served = append(served, page)
	pictures := map[string]bool{}
	for _, address := range photos {
		a := visitor.get(address)
		if a.status != http.StatusOK || a.header.Get("X-Robots-Tag") == "" || a.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d %v", address, a.status, a.header)
		}
		served = append(served, a)
		if a.header.Get("Content-Type") == "image/jpeg" {
			checkPicture(t, a)
			pictures[address] = true
		}
	}
	if len(pictures) != 2 {
		t.Errorf("the pictures %v", pictures)
	}
	for _, a := range served {
		for _, never := range []string{"secret", "private", "Not for others", "2024", "ada", "myphotos", first.Short(), second.Short(), third.Short()} {
			if words := anyAddress.ReplaceAllString(a.body, ""); strings.Contains(words, never) && a.header.Get("Content-Type") != "image/jpeg" {
				t.Errorf("%s has %q: %s", a.url, never, words)
			}
		}
	}
	for _, address := range photos {
		if digits := hexDigits.FindString(strings.TrimPrefix(address, path)); len(digits) > 20 {
			t.Errorf("%s may have an ID", address)
		}
	}
	// A photo that is not shared has no address here, whatever somebody tries.
	for _, try := range []string{path + "/" + third.String(), path + "/" + first.String() + "/picture", path + "/x/original", path + "/", path + "/a/b/c", path + "?after=x", path + "x", "/s/x"} {
		if a := visitor.get(try); a.status != http.StatusNotFound || !strings.Contains(a.body, "There is nothing here") {
			t.Errorf("%s: %d %s", try, a.status, a.body)
		}
	}
	// The files are not shared.
	for _, address := range page.below("/picture") {
		original := strings.TrimSuffix(address, "/picture?size=512") + "/original"
		if a := visitor.get(original); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", original, a.status)
		}
	}
	if a, err := visitor.send(http.MethodPost, path, strings.NewReader("x"), nil); err != nil || a.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, %v", a.status, err)
	}
}

// checkPicture requires a JPEG without metadata: no segments but those that a decoder needs.
func checkPicture(t *testing.T, a answer) {
	t.Helper()
	if _, err := jpeg.Decode(strings.NewReader(a.body)); err != nil {
		t.Errorf("%s: %v", a.url, err)
	}
	b := []byte(a.body)
	for at := 2; at+4 <= len(b) && b[at] == 0xff && b[at+1] != 0xda; at += 2 + int(b[at+2])<<8 + int(b[at+3]) {
		if marker := b[at+1]; marker > 0xe0 && marker <= 0xef || marker == 0xfe {
			t.Errorf("%s has a segment %x: %.40q", a.url, marker, b[at+4:])
		}
	}
	for _, metadata := range []string{"Exif", "http://ns.adobe.com", "Photoshop"} {
		if bytes.Contains(b, []byte(metadata)) {
			t.Errorf("%s has %s", a.url, metadata)
		}
	}
}

// One photo has a page without a grid. Its address is the share's.
func TestSharedPhoto(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	ada := s.signedIn("ada")
	var ids []photo.ID
	for i, words := range []string{"First\nline two", "Second", "Third"} {
		data, id := scene(t, i)
		ada.upload(words, map[string][]byte{"a.jpg": data})
		ids = append(ids, id)
	}
	visitor := s.browser()
	if a := visitor.get(ada.share(url.Values{}, ids[0])); !strings.Contains(a.body, `<p class="words">First`) || !strings.Contains(a.body, "<title>First line two – photos</title>") || strings.Contains(a.body, "All photos") {
		t.Errorf("a single photo: %s", a.body)
	}
	path := ada.share(url.Values{}, ids...)
	grid := visitor.get(path)
	tiles := regexp.MustCompile(`<a href="(/s/[^"]+)">`).FindAllStringSubmatch(grid.body, -1)
	if len(tiles) != 3 {
		t.Fatalf("%d photos: %s", len(tiles), grid.body)
	}
	middle := visitor.get(tiles[1][1])
	for _, want := range []string{`rel="prev" href="` + tiles[0][1], `rel="next" href="` + tiles[2][1], `href="` + path + `">All photos`, `alt="Second"`} {
		if !strings.Contains(middle.body, want) {
			t.Errorf("the second photo's page has no %s: %s", want, middle.body)
		}
	}
	ada.post("/myphotos/"+ids[0].String()+"/delete", url.Values{})
	if a := visitor.get(tiles[1][1]); strings.Contains(a.body, `rel="prev"`) {
		t.Errorf("a photo in the trash is the one before: %s", a.body)
	}
	if a := visitor.get(tiles[0][1]); a.status != http.StatusNotFound {
		t.Errorf("a photo in the trash: %d", a.status)
	}
	if a := visitor.get(tiles[0][1] + "/picture?size=256"); a.status != http.StatusNotFound || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the picture of a photo in the trash: %d %v", a.status, a.header)
	}
	if a := visitor.get(path); len(a.below("/picture?size=512")) != 2 {
		t.Errorf("with a photo in the trash: %s", a.body)
	}
	for _, id := range ids[1:] {
		ada.post("/myphotos/"+id.String()+"/delete", url.Values{})
	}
	if a := visitor.get(path); a.status != http.StatusOK || !strings.Contains(a.body, "There is nothing to see") || strings.Contains(a.body, "og:image") {
		t.Errorf("with all photos in the trash: %d %s", a.status, a.body)
	}
	ada.post("/myphotos/selection", url.Values{"do": {"restore"}, "photo": {ids[0].String()}})
	if a := visitor.get(tiles[0][1]); a.status != http.StatusOK {
		t.Errorf("a photo that was restored: %d", a.status)
	}
}

func TestSharedOriginals(t *testing.T) {
	t.Parallel()
	ada := startAlbum(t, "")
	visitor := ada.s.browser()
	page := visitor.get(ada.share(url.Values{"originals": {"1"}}, ada.id))
	original := page.below("/original")
	if len(original) != 1 {
		t.Fatalf("the page has the originals %q: %s", original, page.body)
	}
	a := visitor.get(original[0])
	if a.body != string(ada.photo) || a.header.Get("Content-Disposition") != `attachment; filename="photo.jpg"` || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "sandbox") ||
		strings.Contains(a.header.Get("ETag"), ada.id.String()) {
		t.Errorf("%d, %d bytes, %v", a.status, len(a.body), a.header)
	}
	part, err := visitor.send(http.MethodGet, original[0], nil, map[string]string{"Range": "bytes=10-19"})
	must(t, err)
	if part.status != http.StatusPartialContent || part.body != string(ada.photo[10:20]) {
		t.Errorf("a range: %d, %d bytes", part.status, len(part.body))
	}
	again, err := visitor.send(http.MethodGet, original[0], nil, map[string]string{"If-None-Match": a.header.Get("ETag")})
	must(t, err)
	if again.status != http.StatusNotModified {
		t.Errorf("again: %d", again.status)
	}
}

// A link that ended is gone for everybody, at all replicas. One that never was is not found.
func TestSharesEnd(t *testing.T) {
	t.Parallel()
	ada := startAlbum(t, "")
	s, id := ada.s, ada.id
	path := ada.share(url.Values{}, id)
	visitor := s.browser()
	picture := visitor.get(path).below("/picture")[0]
	list := ada.get("/shares")
	revoke := regexp.MustCompile(`action="(/shares/[a-z2-7]{8}/revoke)"`).FindStringSubmatch(list.body)
	token := strings.TrimPrefix(path, "/s/")
	if revoke == nil || strings.Contains(list.body, token) {
		t.Fatalf("the list: %s", list.body)
	}
	if a := s.signedIn("bob").post(revoke[1], url.Values{}); a.status != http.StatusNotFound {
		t.Errorf("bob revokes ada's link: %d", a.status)
	}
	if a := ada.post(revoke[1], url.Values{}); a.url.Path != "/shares" || !strings.Contains(a.body, "The link is revoked.") || !strings.Contains(a.body, "Links that have ended") {
		t.Errorf("revoked: %d at %s: %s", a.status, a.url, a.body)
	}
	for range 2 { // both replicas
		for _, address := range []string{path, picture} {
			if a := visitor.get(address); a.status != http.StatusGone || !strings.Contains(a.body, "This link has ended") || a.header.Get("X-Robots-Tag") == "" {
				t.Errorf("%s: %d %s", address, a.status, a.body)
			}
		}
	}
	user := s.owner()
	short := ada.share(url.Values{}, id)
	must(t, s.db.SetDisabled(t.Context(), user, true))
	if a := visitor.get(short); a.status != http.StatusGone {
		t.Errorf("a link of an account that is disabled: %d", a.status)
	}
	must(t, s.db.SetDisabled(t.Context(), user, false))
	if a := visitor.get(short); a.status != http.StatusOK {
		t.Errorf("a link of an account that is enabled again: %d", a.status)
	}
	if a := visitor.get("/s/" + strings.Repeat("a", 26)); a.status != http.StatusNotFound {
		t.Errorf("a link that never was: %d", a.status)
	}
}

// owner returns the service's UUID of the user who signed in first.
func (s *site) owner() string {
	s.t.Helper()
	accounts, err := s.db.Accounts(context.Background())
	must(s.t, err)
	return accounts[0].Owner
}

// A browser that has a picture asks whether it is still shared, and gets no bytes.
func TestSharedPictureIsAskedFor(t *testing.T) {
	t.Parallel()
	ada := startAlbum(t, "")
	id := ada.id
	two, other := scene(t, 2)
	ada.upload("", map[string][]byte{"b.jpg": two})
	visitor := ada.s.browser()
	pictures := visitor.get(ada.share(url.Values{}, id, other)).below("/picture?size=512")
	again := func(address, tag string) answer {
		t.Helper()
		a, err := visitor.send(http.MethodGet, address, nil, map[string]string{"If-None-Match": tag})
		must(t, err)
		return a
	}
	first := visitor.get(pictures[0])
	tag := first.header.Get("ETag")
	if tag == "" || strings.Contains(tag, id.String()) || first.header.Get("Cache-Control") != "private, max-age=60" {
		t.Errorf("a picture: %v", first.header)
	}
	if a := again(pictures[0], tag); a.status != http.StatusNotModified || a.body != "" || a.header.Get("ETag") != tag || a.header.Get("Cache-Control") != "private, max-age=60" || a.header.Get("X-Robots-Tag") == "" {
		t.Errorf("asked again: %d %v", a.status, a.header)
	}
	for what, a := range map[string]answer{
		"another size":    again(strings.Replace(pictures[0], "512", "256", 1), tag),
		"another picture": again(pictures[1], tag),
		"another tag":     again(pictures[0], `"x"`),
	} {
		if a.status != http.StatusOK || len(a.body) == 0 {
			t.Errorf("%s: %d", what, a.status)
		}
	}
	ada.post("/myphotos/"+id.String()+"/delete", url.Values{})
	if a := again(pictures[0], tag); a.status != http.StatusNotFound || a.header.Get("Cache-Control") != "no-store" || a.header.Get("ETag") != "" {
		t.Errorf("a photo in the trash: %d %v", a.status, a.header)
	}
}

// A link with several pages leads on and back.
func TestPagesOfAShare(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	ada := s.signedIn("ada")
	photos, ids := manyPhotos(t, 250)
	ada.upload("sea", photos)
	_, live, err := s.service.Shares.Create(t.Context(), service.Caller{Owner: s.owner()}, service.NewShare{Live: true, Search: "sea", ExpiresAt: time.Now().Add(time.Hour)})
	must(t, err)
	visitor := s.browser()
	for _, path := range []string{ada.share(url.Values{}, ids...), "/s/" + live} {
		follow := func(a answer, rel string) answer {
			t.Helper()
			link := regexp.MustCompile(`rel="` + rel + `" href="(/s/[^"]+)"`).FindStringSubmatch(a.body)
			if link == nil {
				t.Fatalf("%s has no %s page: %s", a.url, rel, a.body)
			}
			return visitor.get(html.UnescapeString(link[1]))
		}
		shown := func(a answer) []string { return a.below("/picture?size=512") }
		first := visitor.get(path)
		second := follow(first, "next")
		third := follow(second, "next")
		if len(shown(first)) != 120 || len(shown(second)) != 120 || len(shown(third)) != 10 || strings.Contains(first.body, "Back to the first photos") || strings.Contains(third.body, `rel="next"`) {
			t.Fatalf("pages of %d, %d and %d photos", len(shown(first)), len(shown(second)), len(shown(third)))
		}
		back := follow(third, "prev")
		if !slices.Equal(shown(back), shown(second)) || !strings.Contains(back.body, "Back to the first photos") || !slices.Equal(shown(follow(back, "next")), shown(third)) {
			t.Errorf("before the third page are %d photos", len(shown(back)))
		}
		if a := follow(back, "prev"); a.url.RequestURI() != path || !slices.Equal(shown(a), shown(first)) {
			t.Errorf("before the second page is %s", a.url)
		}
		if a := visitor.get(path + "?before=x"); a.status != http.StatusNotFound {
			t.Errorf("a wrong cursor: %d", a.status)
		}
	}
}

// A form that is sent twice, by two clicks or a reload, makes one link.
func TestShareFormSentTwice(t *testing.T) {
	t.Parallel()
	ada := startAlbum(t, "")
	id := ada.id
	keys := map[string]bool{}
	for range 2 {
		form := ada.get("/shares/new?photo=" + id.String())
		key := regexp.MustCompile(`name="key" value="([^"]{22,})"`).FindStringSubmatch(form.body)
		if len(key) != 2 || keys[key[1]] {
			t.Fatalf("the form: %s", form.body)
		}
		keys[key[1]] = true
		filled := url.Values{"key": {key[1]}, "title": {"Trip"}}
		if first, second := ada.share(filled, id), ada.share(filled, id); first != second {
			t.Errorf("one form makes the links %s and %s", first, second)
		}
	}
	list := ada.get("/shares")
	revoke := regexp.MustCompile(`action="(/shares/[a-z2-7]{8}/revoke)"`).FindAllStringSubmatch(list.body, -1)
	if len(revoke) != 2 {
		t.Fatalf("two forms make %d links", len(revoke))
	}
	for _, one := range revoke {
		ada.post(one[1], url.Values{})
	}
	for key := range keys {
		if a := ada.post("/shares", url.Values{"key": {key}, "title": {"Trip"}, "photo": {id.String()}, "days": {"7"}}); a.status != http.StatusGone || strings.Contains(a.body, "/s/") {
			t.Errorf("a form whose link was revoked: %d %s", a.status, a.body)
		}
	}
}

// A live link follows its filter, also where the address of a photo is known.
func TestLiveShare(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	ada := s.signedIn("ada")
	one, first := scene(t, 1)
	two, second := scene(t, 2)
	ada.upload("sea", map[string][]byte{"a.jpg": one})
	made, token, err := s.service.Shares.Create(t.Context(), service.Caller{Owner: s.owner()}, service.NewShare{Live: true, Search: "sea", ExpiresAt: time.Now().Add(time.Hour)})
	must(t, err)
	visitor := s.browser()
	page := visitor.get("/s/" + token)
	if got := page.below("/picture"); len(got) != 1 {
		t.Fatalf("share %s: %d %s", made.ID, page.status, page.body)
	}
	ada.upload("sea", map[string][]byte{"b.jpg": two})
	page = visitor.get("/s/" + token)
	pictures := page.below("/picture?size=512")
	if len(pictures) != 2 || !strings.Contains(page.body, "Photos may come and go") {
		t.Fatalf("with another photo: %s", page.body)
	}
	for _, address := range pictures {
		if a := visitor.get(address); a.status != http.StatusOK {
			t.Errorf("%s: %d", address, a.status)
		}
		if a := visitor.get(strings.TrimSuffix(address, "/picture?size=512")); a.status != http.StatusOK || !strings.Contains(a.body, "All photos") {
			t.Errorf("a photo's page: %d %s", a.status, a.body)
		}
	}
	ada.post("/myphotos/"+second.String(), url.Values{"description": {"hills"}}) // it is the newest: the first one
	for i, want := range []int{http.StatusNotFound, http.StatusOK} {
		if a := visitor.get(pictures[i]); a.status != want {
			t.Errorf("picture %d: %d", i, a.status)
		}
	}
	if first == second {
		t.Fatal("the photos are the same")
	}
}

// A link that many people open at once is refused for a moment, and others are not.
func TestSharesAreLimited(t *testing.T) {
	t.Parallel()
	s := startSiteWith(t, service.Limits{ShareRequests: 3})
	ada := s.album("")
	path, other := ada.share(url.Values{}, ada.id), ada.share(url.Values{}, ada.id)
	visitor := s.browser()
	refused := 0
	for range 10 { // each of two replicas answers three
		a := visitor.get(path)
		if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "" && strings.Contains(a.body, "Many people") {
			refused++
		} else if a.status != http.StatusOK {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
	if a := visitor.get(other); a.status != http.StatusOK {
		t.Errorf("another link: %d", a.status)
	}
}

// One owner has a limit of requests in progress, and those who look at the owner's links have another one.
func TestRequestsInProgress(t *testing.T) {
	t.Parallel()
	s := startSiteWith(t, service.Limits{Requests: 1})
	s.handlers = s.handlers[1:] // the replica of s.service
	ada, bob, visitor := s.signedIn("ada"), s.signedIn("bob"), s.browser()
	one, id := scene(t, 1)
	ada.upload("", map[string][]byte{"a.jpg": one})
	path := ada.share(url.Values{}, id)
	owner := s.owner()
	want := func(what string, adas, visitors int) {
		t.Helper()
		a, v, b := ada.get("/myphotos"), visitor.get(path), bob.get("/myphotos")
		if a.status != adas || v.status != visitors || b.status != http.StatusOK {
			t.Errorf("%s: the owner gets %d, a visitor %d, another user %d", what, a.status, v.status, b.status)
		}
	}
	want("before", http.StatusOK, http.StatusOK)
	leave, err := s.service.Requests.Acquire(owner)
	must(t, err)
	want("during a request of the owner", http.StatusServiceUnavailable, http.StatusOK)
	leave()
	want("after it", http.StatusOK, http.StatusOK)
	_, token, _ := strings.Cut(path, "/s/")
	shared, err := s.service.Shares.Open(t.Context(), token)
	must(t, err)
	leave, err = shared.Enter()
	must(t, err)
	want("during a request of a visitor", http.StatusOK, http.StatusTooManyRequests)
	leave()
	want("after that", http.StatusOK, http.StatusOK)
}

func TestShareForms(t *testing.T) {
	t.Parallel()
	ada := startAlbum(t, "")
	s, id := ada.s, ada.id
	two, other := scene(t, 2)
	s.signedIn("bob").upload("", map[string][]byte{"b.jpg": two})
	photos := url.Values{"photo": {id.String()}}
	if a := ada.get("/shares/new?" + photos.Encode()); a.status != http.StatusOK || !strings.Contains(a.body, "Share 1 photo") || !strings.Contains(a.body, "Only this machine can open the link") {
		t.Errorf("the form: %d %s", a.status, a.body)
	}
	if a := ada.post("/myphotos/selection", url.Values{"do": {"share"}, "photo": {id.String()}}); a.status != http.StatusOK || !strings.Contains(a.body, `name="photo" value="`+id.String()) {
		t.Errorf("a selection: %d %s", a.status, a.body)
	}
	for what, form := range map[string]url.Values{
		"no days":        {"photo": {id.String()}, "days": {"soon"}},
		"too many days":  {"photo": {id.String()}, "days": {"4000"}},
		"no photo":       {"days": {"7"}},
		"a long title":   {"photo": {id.String()}, "days": {"7"}, "title": {strings.Repeat("x", 300)}},
		"not an ID":      {"photo": {"x"}, "days": {"7"}},
		"a photo of bob": {"photo": {other.String()}, "days": {"7"}},
	} {
		if a := ada.post("/shares", form); a.status != http.StatusBadRequest && a.status != http.StatusNotFound || strings.Contains(a.body, "/s/") {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	long := strings.Repeat("é", 150)
	a := ada.post("/shares", url.Values{"photo": {id.String()}, "days": {"30"}, "title": {long}, "originals": {"1"}})
	for _, want := range []string{"The title is longer than 200 bytes.", `value="` + long, `<option value="30" selected>`, `value="1" checked`, `value="` + id.String()} {
		if a.status != http.StatusBadRequest || !strings.Contains(a.body, want) {
			t.Errorf("a title that is too long: %d, no %s: %s", a.status, want, a.body)
		}
	}
	if a := ada.get("/shares/new"); a.status != http.StatusBadRequest {
		t.Errorf("a form without photos: %d", a.status)
	}
	if a := ada.get("/shares"); !strings.Contains(a.body, "Nothing is shared") {
		t.Errorf("no link: %s", a.body)
	}
}
