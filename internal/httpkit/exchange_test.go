package httpkit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"photos/internal/httpkit"
)

// A path that opens something to whoever knows it is not in a log, whoever answers.
func TestLoggedPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/s/abc": "/s/{token}", "/s/abc/def/picture": "/s/{token}", "//s/abc": "//s/{token}", "/base/s/abc": "/base/s/{token}", "/S/abc": "/s/{token}",
		"/%73/abc": "/s/{token}", "/s%2fabc": "/s/{token}", "/x/../s/abc": "/x/../s/{token}",
		"/v1/photos/abc": "/v1/photos/abc", "/shares": "/shares", "/": "/",
	} {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		if got := httpkit.LoggedPath(httptest.NewRecorder(), r); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}
