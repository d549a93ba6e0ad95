package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"photos/internal/photo"
)

// tusDigest is the SHA-256 of dist/tus.min.js in the package tus-js-client 4.3.1 of npm, whose
// integrity is sha512-ZLeYmjrkaU1fUsKbIi8JML52uAocjEZtBx4DKjRrqzrZa0O4MYwT6db+oqePlspV+FxXJAyFBc/L5gwUi2OFsg==.
const tusDigest = "8cbb1b63fccc3bba0ae73ad1deb160ce046c3750851d0c3e94921ae3ef070eb8"

func TestVendoredScript(t *testing.T) {
	t.Parallel()
	script, err := staticFiles.ReadFile("static/tus.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != tusDigest {
		t.Errorf("tus.min.js has the digest %x", sum)
	}
	license, err := staticFiles.ReadFile("static/tus.LICENSE.txt")
	if err != nil || !strings.HasPrefix(string(license), "The MIT License (MIT)") {
		t.Errorf("its license: %.40q, %v", license, err)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	all, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+assetPath+"{digest}/{name}", all)
	get := func(path, encoding string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		mux.ServeHTTP(w, r)
		return w
	}
	path, err := all.path("style.css")
	if err != nil {
		t.Fatal(err)
	}
	plain, small := get(path, "br"), get(path, "gzip, br")
	if plain.Code != http.StatusOK || !strings.Contains(plain.Body.String(), ".r150{--r:1.50}") || !strings.Contains(plain.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d %v", path, plain.Code, plain.Header())
	}
	if small.Header().Get("Content-Encoding") != "gzip" || small.Body.Len()*2 > plain.Body.Len() {
		t.Errorf("compressed: %d of %d bytes, %v", small.Body.Len(), plain.Body.Len(), small.Header())
	}
	for _, wrong := range []string{strings.Replace(path, "/style", "/other", 1), assetPath + "0000000000000000/style.css"} {
		if w := get(wrong, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, w.Code)
		}
	}
}

// Every shape has a class that the style sheet knows.
func TestShapes(t *testing.T) {
	t.Parallel()
	known := string(ratioClasses())
	for _, c := range []struct {
		width, height int
		want          string
	}{{600, 400, "r150"}, {400, 600, "r65"}, {0, 0, "r100"}, {7, 0, "r100"}, {10000, 100, "r250"}, {100, 10000, "r50"}, {4000, 3000, "r135"}} {
		got := ratioClass(c.width, c.height)
		if got != c.want || !strings.Contains(known, "."+got+"{") {
			t.Errorf("%d × %d: %s, want %s", c.width, c.height, got, c.want)
		}
	}
	for _, p := range []photo.Photo{{}, {Width: 1, Height: 20000}, {Width: 20000, Height: 1}, {Width: 300, Height: 200}} {
		one := tile{Photo: p}
		if w, h := one.fit(512); w < 1 || h < 1 || w > 512 || h > 512 {
			t.Errorf("%d × %d becomes %d × %d", p.Width, p.Height, w, h)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/myphotos?search=a", "//evil.example", `/\evil.example`, "https://evil.example", "/a\nb", "/%2F/evil"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		to := localPath(s)
		if to == "" {
			return
		}
		if to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\') || strings.ContainsAny(to, "\\\r\n\t\x00 ") {
			t.Errorf("%q leads to %q", s, to)
		}
	})
}

func TestListing(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"": "", "search=a+b&by=taken": "?by=taken&search=a+b", "month=2024-07": "?month=2024-07", "by=uploaded": "", "undescribed=": "?undescribed=1", "evil=1": "",
		"after=a&by=taken": "?after=a&by=taken", "before=b": "?before=b",
	} {
		r := httptest.NewRequest(http.MethodGet, "/myphotos?"+address, nil)
		if got := parseListing(r.URL.Query()).Query(); got != want {
			t.Errorf("%s becomes %s, want %s", address, got, want)
		}
	}
	for month, bad := range map[string]bool{"2024-07": false, "2024": false, "2024-13": true, "x": true} {
		l := listing{Month: month, ByTaken: true}
		f, err := l.filter()
		if bad != (photo.KindOf(err) == photo.KindUsage && err != nil) || !bad && !f.Until.After(f.Since) {
			t.Errorf("month %s: %v to %v, %v", month, f.Since, f.Until, err)
		}
	}
}

func TestFileNamesInZip(t *testing.T) {
	t.Parallel()
	names := fileNames{}
	var got []string
	for _, name := range []string{"a.jpg", "A.JPG", "a.jpg", "a (2).jpg", "noext", "noext"} {
		got = append(got, names.unique(name))
	}
	if all := strings.Join(got, "|"); all != "a.jpg|A (2).JPG|a (3).jpg|a (2) (2).jpg|noext|noext (2)" {
		t.Error(all)
	}
}

func TestTint(t *testing.T) {
	t.Parallel()
	pending, ready := tile{}, tile{Photo: photo.Photo{Look: photo.Look{Rendition: photo.RenditionReady, Color: photo.Color{0xa0, 0xb1, 0xc2}}}}
	if pending.Tint() != "" || ready.Tint() != "#a0b1c2" {
		t.Errorf("%q and %q", pending.Tint(), ready.Tint())
	}
}
