package main_test

import (
	"testing"

	"photos/internal/testkit/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

func TestScripts(t *testing.T) { e2e.Run(t) }
