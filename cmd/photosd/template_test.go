package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Cognito compares redirect addresses to the letter, so the pool's template has to
// register the very ones that the service publishes.
func TestTemplateRegistersTheRedirectAddresses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/cognito.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources struct {
			CommandLineClient struct {
				Properties struct {
					CallbackURLs []string `yaml:"CallbackURLs"`
				} `yaml:"Properties"`
			} `yaml:"CommandLineClient"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	got, want := template.Resources.CommandLineClient.Properties.CallbackURLs, redirectURIs()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the template registers\n%s\nthe service publishes\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
