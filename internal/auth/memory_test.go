package auth

import (
	"context"
	"sync"
)

// memory is a Store that keeps everything in a map.
type memory struct {
	mu      sync.Mutex
	entries map[string]Secret
	log     []string // "set KEY", in order
	fail    error    // returned by every call when set
}

func newMemory() *memory { return &memory{entries: map[string]Secret{}} }

func (m *memory) Name() string { return "memory" }

func (m *memory) Get(_ context.Context, key string) (Secret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.entries[key]
	if m.fail == nil && !ok {
		return Secret{}, ErrNoEntry
	}
	return value, m.fail
}

func (m *memory) Set(_ context.Context, key string, value Secret) error {
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
