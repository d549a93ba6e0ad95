package userpool

import "net/http"

// withCORS lets scripts of any page call a handler, as Cognito does, so that applications in a browser can sign users
// in. Browsers send no cookies with such a call, and the handlers read none.
func withCORS(method string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodOptions {
			header.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
			h.ServeHTTP(w, r)
			return
		}
		header.Set("Access-Control-Allow-Methods", method+", OPTIONS")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		header.Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusNoContent)
	})
}
