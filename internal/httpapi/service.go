package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// Paths that answer whoever watches the service.
const (
	pathHealth = "/healthz"
	pathReady  = "/readyz"
)

// health says that the process runs.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error { return plain(w, "ok\n") }

// ready says that requests can be served: the database answers.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := s.Store.Ping(ctx); err != nil {
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the database does not answer", Err: err}
	}
	return plain(w, "ready\n")
}

func plain(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text)) // who went away needs no answer
	return nil
}

func (s *Server) protectedResource(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, s.Resource)
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	doc, err := s.OpenAPI()
	if err != nil {
		return fmt.Errorf("description of the API: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(doc) // who went away needs no answer
	return nil
}

func (s *Server) me(w http.ResponseWriter, r *http.Request, a account) error {
	usage, err := s.Store.Usage(r.Context(), a.owner)
	if err != nil {
		return err
	}
	pending, err := s.Store.Uploads(r.Context(), a.owner)
	if err != nil {
		return err
	}
	q := s.Limits.Quota
	me := api.Me{
		Owner: a.owner, Photos: usage.Photos, Bytes: usage.Bytes, ExpiresAt: a.Expires.UTC(),
		Trashed: api.Used{Number: usage.TrashedPhotos, Bytes: usage.TrashedBytes},
		Quota:   api.Quota{Photos: q.Photos, Bytes: q.Bytes, Uploads: q.Uploads},
	}
	for _, p := range pending {
		me.Uploads.Number++
		me.Uploads.Bytes += p.Length
	}
	if len(s.Resource.AuthorizationServers) > 0 {
		me.Issuer = s.Resource.AuthorizationServers[0]
	}
	return writeJSON(w, me)
}
