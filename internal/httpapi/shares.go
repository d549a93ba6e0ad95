package httpapi

import (
	"net/http"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// shares answers requests about links with which anyone can look at photos. The pages at these
// links are internal/web's.
type shares struct {
	shares *service.Shares
	body   bodyReader
	base   string // the address of the service
}

func (h *shares) list(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	all, err := h.shares.List(r.Context(), by)
	if err != nil {
		return err
	}
	answer := api.Shares{Shares: make([]api.Share, len(all))}
	for i, s := range all {
		answer.Shares[i] = api.FromShare(s)
	}
	return httpkit.WriteJSON(w, answer)
}

// create creates a share. Only this answer has its address.
func (h *shares) create(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	var req api.NewShare
	if err := h.body.read(w, r, photo.MaxShared, idItem, &req); err != nil {
		return err
	}
	made, token, err := h.shares.Create(r.Context(), by, service.NewShare{
		Key: service.RequestKey(r.Header.Get(api.HeaderKey)), Title: req.Title, ExpiresAt: req.ExpiresAt, Originals: req.Originals, Live: req.Live, Search: req.Search, By: req.By, Photos: req.Photos,
	})
	if err != nil {
		return err
	}
	return httpkit.WriteJSON(w, api.CreatedShare{Share: api.FromShare(made), Address: h.base + api.SharePath(token)})
}

func (h *shares) revoke(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	if err := h.shares.Revoke(r.Context(), by, r.PathValue("share")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
