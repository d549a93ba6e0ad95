package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// auth finds out who calls.
type auth struct {
	accounts *service.Accounts
	requests *service.Limiter
	metadata string // the address at which clients learn how to sign in
}

// A callerHandler is a handler for requests of an account.
type callerHandler func(w http.ResponseWriter, r *http.Request, by service.Caller) error

// require runs h for the account of the request's bearer token (RFC 6750), if it has the
// permission. Cookies and query parameters identify nobody here.
func (h *auth) require(p service.Permission, next callerHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, ok := bearerToken(r)
		if !ok {
			h.challenge(w, "")
			return &photo.Error{Kind: photo.KindNotSignedIn, Msg: "no access token", Hint: "sign in: photos login"}
		}
		by, err := h.accounts.Authenticate(r.Context(), token, p)
		if err != nil {
			if photo.KindOf(err) == photo.KindNotSignedIn {
				h.challenge(w, `, error="invalid_token"`)
			}
			return err
		}
		return counted(h.requests, next)(w, r, by)
	}
}

// counted returns a handler that runs next unless the owner has too many requests in progress.
func counted(requests *service.Limiter, next callerHandler) callerHandler {
	return func(w http.ResponseWriter, r *http.Request, by service.Caller) error {
		leave, err := requests.Acquire(by.Owner)
		if err != nil {
			if r.ContentLength != 0 { // net/http would wait for the body, and keep the connection
				w.Header().Set("Connection", "close")
			}
			return err
		}
		defer leave()
		return next(w, r, by)
	}
}

// bearerToken returns the token of the Authorization header. The case of the scheme does
// not matter.
func bearerToken(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// challenge tells a client where to learn how to sign in (RFC 9728, section 5.1).
func (h *auth) challenge(w http.ResponseWriter, more string) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer resource_metadata=%q%s", h.metadata, more))
}

// accounts answers requests about the caller's account.
type accounts struct {
	accounts *service.Accounts
	body     bodyReader
	issuer   string
}

// me answers who the caller is and what the caller has stored.
func (h *accounts) me(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	u, err := h.accounts.Usage(r.Context(), by)
	if err != nil {
		return err
	}
	return httpkit.WriteJSON(w, api.Me{
		Owner: by.Owner, Issuer: h.issuer, ExpiresAt: by.Expires.UTC(), Photos: u.Photos, Bytes: u.Bytes,
		Trashed: api.Used{Number: u.TrashedPhotos, Bytes: u.TrashedBytes},
		Uploads: api.Used{Number: u.Uploads, Bytes: u.UploadsBytes},
		Quota:   api.Quota{Photos: u.Quota.Photos, Bytes: u.Quota.Bytes, Uploads: u.Quota.Uploads},
	})
}

func (h *accounts) keys(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	keys, err := h.accounts.Keys(r.Context(), by)
	if err != nil {
		return err
	}
	answer := api.AccessKeys{Keys: make([]api.AccessKey, len(keys))}
	for i, k := range keys {
		answer.Keys[i] = api.FromAccessKey(k)
	}
	return httpkit.WriteJSON(w, answer)
}

// createKey creates an access key. Only this answer has the secret.
func (h *accounts) createKey(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	var req api.NewAccessKey
	if err := h.body.read(w, r, 1, otherItem, &req); err != nil {
		return err
	}
	k, secret, err := h.accounts.CreateKey(r.Context(), by, service.RequestKey(r.Header.Get(api.HeaderKey)), photo.AccessKey{Name: req.Name, Scope: req.Scope, ExpiresAt: req.ExpiresAt})
	if err != nil {
		return err
	}
	return httpkit.WriteJSON(w, api.CreatedAccessKey{AccessKey: api.FromAccessKey(k), Secret: secret})
}

func (h *accounts) revokeKey(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	if err := h.accounts.RevokeKey(r.Context(), by, r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
