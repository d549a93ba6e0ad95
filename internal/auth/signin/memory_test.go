package signin

import (
	"context"
	"sync"

	"photos/internal/auth"
	"photos/internal/auth/secret"
)

// memory is a Store that keeps everything in a map.
type memory struct {
	mu      sync.Mutex
	entries map[string]auth.Secret
	log     []string // "set KEY", in order
	fail    error    // returned by every call when set
}

func newMemory() *memory { return &memory{entries: map[string]auth.Secret{}} }

func (m *memory) Name() string { return "memory" }

func (m *memory) Get(_ context.Context, key string) (auth.Secret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.entries[key]
	if m.fail == nil && !ok {
		return auth.Secret{}, secret.ErrNoEntry
	}
	return value, m.fail
}

func (m *memory) Set(_ context.Context, key string, value auth.Secret) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.entries[key] = value
		m.log = append(m.log, "set "+key)
	}
	return m.fail
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		delete(m.entries, key)
	}
	return m.fail
}

func (m *memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key := range m.entries {
		keys = append(keys, key)
	}
	return keys
}
