package auth

import "testing"

func TestParseServer(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"photos.example.org":                "https://photos.example.org",
		" https://Photos.Example.org:443/ ": "https://photos.example.org",
		"https://example.org/photos/":       "https://example.org/photos",
		"https://example.org:8443":          "https://example.org:8443",
		"127.0.0.1:8080":                    "http://127.0.0.1:8080",
		"localhost":                         "http://localhost",
		"[::1]:8080":                        "http://[::1]:8080",
		"http://[::1]":                      "http://[::1]",
		"http://photos.example.org":         "",
		"http://127.0.0.1.example.org":      "",
		"ftp://example.org":                 "",
		"https://u:p@example.org":           "",
		"https://example.org/?a=b":          "",
		"":                                  "",
		"https://":                          "",
	} {
		got, err := ParseServer(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
		if want != "" {
			if again, err := ParseServer(got); err != nil || again != got {
				t.Errorf("%q parsed twice: %q, %v", typed, again, err)
			}
		}
	}
}
