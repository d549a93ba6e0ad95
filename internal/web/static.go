package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"

	"photos/internal/httpkit"
)

//go:embed static
var staticFiles embed.FS

// assetPath is below which style and scripts are. Their addresses have the digest of their
// bytes, so that browsers keep them for good and get new ones at once.
const assetPath = "/assets/"

// An asset is a file that pages load.
type asset struct {
	digest     string
	mediaType  string
	plain      []byte
	compressed []byte
}

// assets are the files that pages load, by name.
type assets map[string]asset

func loadAssets() (assets, error) {
	files, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, err
	}
	all := assets{}
	for _, f := range files {
		plain, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return nil, err
		}
		if f.Name() == "style.css" {
			plain = append(plain, ratioClasses()...)
		}
		sum := sha256.Sum256(plain)
		all[f.Name()] = asset{
			digest: hex.EncodeToString(sum[:8]), mediaType: mime.TypeByExtension(path.Ext(f.Name())), plain: plain, compressed: httpkit.Gzip(plain),
		}
	}
	return all, nil
}

// path returns the path of an asset.
func (a assets) path(name string) (string, error) {
	file, ok := a[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return assetPath + file.digest + "/" + name, nil
}

// ServeHTTP implements http.Handler.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a[r.PathValue("name")]
	if !ok || file.digest != r.PathValue("digest") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	body := file.plain
	if httpkit.AcceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = file.compressed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a browser that has left needs no answer
}

// The shapes of tiles: width divided by height, in steps of ratioStep hundredths. A tile
// shows its picture with the next of these shapes, so the style sheet has them all and no
// tile needs a style of its own.
const (
	ratioLeast, ratioMost, ratioStep = 50, 250, 5
)

func ratioClasses() []byte {
	var css []byte
	for r := ratioLeast; r <= ratioMost; r += ratioStep {
		css = fmt.Appendf(css, ".r%d{--r:%d.%02d}\n", r, r/100, r%100)
	}
	return css
}

// ratioClass returns the class of a picture with these pixels. One of unknown size is
// square.
func ratioClass(width, height int) string {
	ratio := 100
	if width > 0 && height > 0 {
		ratio = (width*100/height + ratioStep/2) / ratioStep * ratioStep
	}
	return "r" + strconv.Itoa(min(max(ratio, ratioLeast), ratioMost))
}
