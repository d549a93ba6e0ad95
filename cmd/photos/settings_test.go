package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongValues gives every setting a wrong value, from each place it can come from. The message names the place,
// the value, and in the message or the hint what it should look like.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	wrong := map[string]struct{ value, form string }{
		"server":            {"http://photos.example", "https"},
		"profile":           {"my profile", "letters, digits"},
		"timeout":           {"abc", "a duration such as 90s"},
		"browser":           {}, // any command
		"json":              {"perhaps", "neither true nor false"},
		"format":            {"xml", "it is table, tsv, csv, jsonl or sha256sum"},
		"fields":            {"nosuch", "hint: "},
		"quiet":             {"perhaps", "neither true nor false"},
		"verbose":           {"perhaps", "neither true nor false"},
		"no_color":          {"perhaps", "neither true nor false"},
		"editor":            {}, // any command
		"log_file":          {filepath.Join("no", "such", "folder", "log"), "a folder that exists"},
		"jq":                {}, // jq says what is wrong with an expression
		"jobs":              {"many", "is not a number"},
		"bwlimit":           {"fast", "a size like 500k"},
		"no_pager":          {"perhaps", "neither true nor false"},
		"pager":             {}, // any command
		"yes":               {"perhaps", "neither true nor false"},
		"cognito_pool_id":   {"AbC", "eu-west-1_AbCdEfGhI"},
		"cognito_issuer":    {"http://id.example", "https://cognito-idp.eu-west-1"},
		"cognito_domain":    {"http://p.example", "https://photos.auth.eu-west-1"},
		"cognito_client_id": {}, // any text
	}
	w := newWorld(t, "photos.example")
	w.login("photos.example", "--trust-server", "photos.example")
	for _, s := range allSettings() {
		test, known := wrong[s.key]
		if !known {
			t.Errorf("no wrong value of %s is tested", s.key)
		}
		if test.value == "" {
			continue
		}
		args := []string{"list"}
		if strings.HasPrefix(s.key, "cognito_") {
			args = []string{"login", "photos.example", "--insecure-storage"}
		}
		if s.flag != "" {
			w.photos("", append(args, "--"+s.flag+"="+test.value)...).want(t, exitUsage, test.value, test.form)
		}
		for _, variable := range s.env {
			w.vars[variable] = test.value
			w.photos("", args...).want(t, exitUsage, variable+": ", test.value, test.form)
			delete(w.vars, variable)
		}
		if _, inFile := fileSetting(s.key); inFile && s.key != "timeout" { // the commands of these tests have a flag for it
			file := filepath.Join(w.dir, "config", "config.yaml")
			if err := os.WriteFile(file, []byte(s.key+": "+test.value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			w.photos("", args...).want(t, exitUsage, "config.yaml", s.key, test.value, test.form)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
