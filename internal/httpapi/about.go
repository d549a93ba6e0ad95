package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"photos/internal/api"
	"photos/internal/httpkit"
)

// Paths for programs that monitor the service.
const (
	pathHealth = "/healthz"
	pathReady  = "/readyz"
)

// about answers questions about the service, for which nobody has to sign in.
type about struct {
	ready    func(context.Context) error
	resource api.ProtectedResource
	openAPI  func() ([]byte, error)
}

// health answers that the process runs.
func (h *about) health(w http.ResponseWriter, _ *http.Request) error {
	writeText(w, "ok\n")
	return nil
}

// readiness answers whether requests can be served.
func (h *about) readiness(w http.ResponseWriter, r *http.Request) error {
	if err := h.ready(r.Context()); err != nil {
		return err
	}
	writeText(w, "ready\n")
	return nil
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text)) // a client that has left needs no answer
}

func (h *about) protectedResource(w http.ResponseWriter, _ *http.Request) error {
	return httpkit.WriteJSON(w, h.resource)
}

// description answers the description of the API.
func (h *about) description(w http.ResponseWriter, _ *http.Request) error {
	doc, err := h.openAPI()
	if err != nil {
		return fmt.Errorf("description of the API: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(doc) // a client that has left needs no answer
	return nil
}
