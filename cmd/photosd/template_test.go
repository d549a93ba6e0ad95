package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/redirect"

	"go.yaml.in/yaml/v3"
)

// template has the parts of deploy/cognito.yaml that the tests check.
type template struct {
	Resources struct {
		UserPool struct {
			Properties struct {
				Policies struct {
					PasswordPolicy struct {
						MinimumLength int `yaml:"MinimumLength"`
					} `yaml:"PasswordPolicy"`
				} `yaml:"Policies"`
			} `yaml:"Properties"`
		} `yaml:"UserPool"`
		CommandLineClient struct {
			Properties struct {
				CallbackURLs         []string `yaml:"CallbackURLs"`
				AllowedOAuthScopes   []string `yaml:"AllowedOAuthScopes"`
				RefreshTokenRotation struct {
					Feature                 string `yaml:"Feature"`
					RetryGracePeriodSeconds int    `yaml:"RetryGracePeriodSeconds"`
				} `yaml:"RefreshTokenRotation"`
			} `yaml:"Properties"`
		} `yaml:"CommandLineClient"`
	} `yaml:"Resources"`
}

func readTemplate(t *testing.T) template {
	t.Helper()
	text, err := os.ReadFile("../../deploy/cognito.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var read template
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// Cognito compares redirect addresses exactly, so the template has to register exactly those
// that the service publishes.
func TestTemplateRegistersTheRedirectAddresses(t *testing.T) {
	t.Parallel()
	got, want := readTemplate(t).Resources.CommandLineClient.Properties.CallbackURLs, redirect.URIs()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the template registers\n%s\nthe service publishes\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLocalPoolGrantsWhatTheTemplateDoes compares the tokens of the local user pool with the template.
func TestLocalPoolGrantsWhatTheTemplateDoes(t *testing.T) {
	t.Parallel()
	want := readTemplate(t).Resources
	client := want.CommandLineClient.Properties
	s, err := parseSettings(nil, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s.data = t.TempDir()
	if got := time.Duration(client.RefreshTokenRotation.RetryGracePeriodSeconds) * time.Second; s.rotationGrace != got {
		t.Errorf("--rotation-grace is %s, the template has %s", s.rotationGrace, got)
	}
	pool := startLocal(t, s)
	length := want.UserPool.Properties.Policies.PasswordPolicy.MinimumLength
	if code := pool.signUp(t, strings.Repeat("x", length-1)); code != "" {
		t.Errorf("a password of %d characters is accepted", length-1)
	}
	first := pool.token(t, "grant_type", "authorization_code", "code", pool.signUp(t, strings.Repeat("x", length)),
		"code_verifier", localVerifier, "redirect_uri", redirect.URIs()[0])
	if first.Scope != strings.Join(client.AllowedOAuthScopes, " ") {
		t.Errorf("scopes %q, the template has %q", first.Scope, client.AllowedOAuthScopes)
	}
	second := pool.token(t, "grant_type", "refresh_token", "refresh_token", first.Refresh)
	if rotates := second.Refresh != ""; rotates != (client.RefreshTokenRotation.Feature == "ENABLED") {
		t.Errorf("a refresh gives a new refresh token: %t, the template says %s", rotates, client.RefreshTokenRotation.Feature)
	}
	if again := pool.token(t, "grant_type", "refresh_token", "refresh_token", first.Refresh); again.Refresh == "" {
		t.Error("the replaced refresh token has no grace")
	}
}
