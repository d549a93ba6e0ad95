package api

import (
	"time"

	"photos/internal/photo"
)

// AccessKey is an access key as it is listed.
type AccessKey struct {
	Name       string         `json:"name"`
	Scope      photo.KeyScope `json:"scope"`
	CreatedAt  Time           `json:"created_at"`
	ExpiresAt  Time           `json:"expires_at,omitzero"`
	LastUsedAt Time           `json:"last_used_at,omitzero"`
}

// AccessKeys is the answer of GET /v1/keys.
type AccessKeys struct {
	Keys []AccessKey `json:"keys"`
}

// NewAccessKey is the body of POST /v1/keys.
type NewAccessKey struct {
	Name      string         `json:"name"`
	Scope     photo.KeyScope `json:"scope"`
	ExpiresAt time.Time      `json:"expires_at,omitzero"`
}

// CreatedAccessKey is the answer of POST /v1/keys. No other answer has Secret.
type CreatedAccessKey struct {
	AccessKey
	Secret string `json:"secret"`
}

// FromAccessKey returns the form of k on the wire.
func FromAccessKey(k photo.AccessKey) AccessKey {
	return AccessKey{
		Name: k.Name, Scope: k.Scope,
		CreatedAt: Time{k.CreatedAt}, ExpiresAt: Time{k.ExpiresAt}, LastUsedAt: Time{k.LastUsedAt},
	}
}
