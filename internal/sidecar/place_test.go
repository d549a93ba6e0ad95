package sidecar

import "testing"

// TestXMPBelongsToOnePhoto holds the rule for sidecars with a long and with a short name.
func TestXMPBelongsToOnePhoto(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names []string
		kinds map[string]string // what sidecars say they are about
		want  map[string]string // the sidecars of photos
	}{
		{[]string{"a.jpg"}, nil, map[string]string{"a.jpg": "a.jpg.xmp"}},
		{[]string{"a.jpg", "a.xmp"}, nil, map[string]string{"a.jpg": "a.xmp"}},
		{[]string{"a.jpg", "a.xmp", "a.jpg.xmp"}, nil, map[string]string{"a.jpg": "a.jpg.xmp"}},
		{[]string{"a.JPG", "a.jpg.XMP"}, nil, map[string]string{"a.JPG": "a.jpg.XMP"}},
		{[]string{"a.JPG", "a.jpg", "a.JPG.xmp"}, nil, map[string]string{"a.JPG": "a.JPG.xmp", "a.jpg": "a.jpg.xmp"}},
		{[]string{"a.jpg", "a.nef", "a.xmp"}, nil, map[string]string{"a.jpg": "a.jpg.xmp", "a.nef": "a.xmp"}},
		{[]string{"a.jpg", "a.nef", "a.xmp"}, map[string]string{"a.xmp": "JPG"}, map[string]string{"a.jpg": "a.xmp", "a.nef": "a.nef.xmp"}},
		{[]string{"a.jpg", "a.xmp"}, map[string]string{"a.xmp": "NEF"}, map[string]string{"a.jpg": "a.jpg.xmp"}},
		{[]string{"a.jpg", "a.png", "a.xmp"}, nil, map[string]string{"a.jpg": "a.jpg.xmp", "a.png": "a.png.xmp"}},
		{[]string{"a.heic", "a.mov", "a.xmp"}, nil, map[string]string{"a.heic": "a.xmp", "a.mov": "a.mov.xmp"}},
		{[]string{"a.nef", "a.dng", "a.xmp"}, nil, map[string]string{"a.nef": "a.nef.xmp", "a.dng": "a.dng.xmp"}},
		{[]string{"scan", "scan.xmp"}, nil, map[string]string{"scan": "scan.xmp"}},
		{[]string{"a.b.jpg", "a.xmp"}, nil, map[string]string{"a.b.jpg": "a.b.jpg.xmp"}},
		{[]string{"e\u0301.jpg", "\u00e9.xmp"}, nil, map[string]string{"e\u0301.jpg": "\u00e9.xmp"}},
	} {
		names := Names{}
		for _, name := range c.names {
			names.Add(name)
		}
		for name, want := range c.want {
			if got := names.XMP(name, func(s string) string { return c.kinds[s] }); got != want {
				t.Errorf("%q: the sidecar of %s is %s, want %s", c.names, name, got, want)
			}
		}
	}
}
