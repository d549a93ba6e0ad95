package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"photos/internal/testkit/npm"
)

// schemas describes the resources of CloudFormation, as testdata/schema/schemas.js prints them.
type schemas struct {
	Resources   map[string]properties `json:"resources"`
	Definitions map[string]properties `json:"definitions"`
}

type properties map[string]struct {
	Required bool        `json:"required"`
	Types    []valueType `json:"types"` // one of which the value has
}

// A valueType is a type of values.
type valueType struct {
	Type          string      `json:"type"` // string, integer, array, ref and so on
	Element       *valueType  `json:"element"`
	Types         []valueType `json:"types"` // of a union
	ID            string      `json:"id"`    // of the definition that a ref means
	AllowedValues []any       `json:"allowedValues"`
}

// TestTemplatesFitTheSchemas compares the templates with the schemas that AWS publishes. It also
// makes mistakes, because a comparison that finds none shows nothing.
func TestTemplatesFitTheSchemas(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("installs the schemas")
	}
	templates := map[string]string{}
	var types []string
	for _, name := range []string{"aws.yaml", "cognito.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		templates[name] = string(text)
		for _, r := range parse(t, string(text)) {
			types = append(types, r.Type)
		}
	}
	s := readSchemas(t, types)
	for name, text := range templates {
		for _, problem := range s.problems(parse(t, text)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
	for _, mistake := range []struct{ template, old, wrong, want string }{
		{"cognito.yaml", "UserPoolTier:", "UserPoolTyer:", "UserPool: UserPoolTyer is not a property"},
		{"cognito.yaml", "MinimumLength: ", "MinimalLength: ", "UserPool.Policies.PasswordPolicy: MinimalLength is not a property"},
		{"aws.yaml", "VersioningConfiguration: { Status: Enabled }", "VersioningConfiguration: { Status: On }", "Photos.VersioningConfiguration.Status: On is not one of"},
		{"aws.yaml", "EnableDnsSupport: true", "EnableDnsSupport: [yes]", "Network.EnableDnsSupport: is not a boolean"},
		{"aws.yaml", "TemplateURL:", "TemplateUrl:", "Users: TemplateUrl is not a property"},
		{"aws.yaml", "Type: AWS::EC2::VPC\n", "Type: AWS::EC2::VCP\n", "Network: AWS::EC2::VCP is not a type"},
		{"aws.yaml", "      Tags: [{ Key: Name, Value: !Ref AWS::StackName }]", "      Tags: { Key: Name, Value: !Ref AWS::StackName }", "Network.Tags: is not an array"},
	} {
		if !strings.Contains(templates[mistake.template], mistake.old) {
			t.Errorf("%s has no %q", mistake.template, mistake.old)
		}
		found := s.problems(parse(t, strings.Replace(templates[mistake.template], mistake.old, mistake.wrong, 1)))
		if !slices.ContainsFunc(found, func(p string) bool { return strings.HasPrefix(p, mistake.want) }) {
			t.Errorf("%s with %q: %q, want %q", mistake.template, mistake.wrong, found, mistake.want)
		}
	}
}

func parse(t *testing.T, text string) map[string]resource {
	t.Helper()
	var template struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(text), &template); err != nil {
		t.Fatal(err)
	}
	return template.Resources
}

// readSchemas returns the schemas of some types of resources.
func readSchemas(t *testing.T, types []string) schemas {
	t.Helper()
	installed, err := npm.Install(t.Context(), "deploy/testdata/schema")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no npm here: apt-get install npm")
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("testdata/schema/schemas.js")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", append([]string{program}, types...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(installed, "node_modules"))
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node schemas.js: %v\n%s", err, &problem)
	}
	var s schemas
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// problems returns what does not fit the schemas.
func (s schemas) problems(resources map[string]resource) []string {
	var found []string
	for name, r := range resources {
		of, known := s.Resources[r.Type]
		if !known {
			found = append(found, fmt.Sprintf("%s: %s is not a type of resources", name, r.Type))
			continue
		}
		found = append(found, s.object(name, &r.Properties, of)...)
	}
	return found
}

// object compares the value of several properties with them.
func (s schemas) object(path string, value *yaml.Node, of properties) []string {
	if isFunction(value) {
		return nil
	}
	if value.Kind != yaml.MappingNode && value.Kind != 0 { // 0: there are no properties
		return []string{path + ": is not an object"}
	}
	var found []string
	given := map[string]bool{}
	for i := 0; i+1 < len(value.Content); i += 2 {
		name := value.Content[i].Value
		given[name] = true
		p, known := of[name]
		if !known {
			found = append(found, fmt.Sprintf("%s: %s is not a property", path, name))
			continue
		}
		found = append(found, s.anyOf(path+"."+name, value.Content[i+1], p.Types)...)
	}
	for name, p := range of {
		if p.Required && !given[name] {
			found = append(found, fmt.Sprintf("%s: %s is missing", path, name))
		}
	}
	return found
}

// anyOf compares a value with several types. It returns what does not fit the type that fits best.
func (s schemas) anyOf(path string, value *yaml.Node, types []valueType) []string {
	var best []string
	for i, of := range types {
		found := s.value(path, value, of)
		if len(found) == 0 {
			return nil
		}
		if i == 0 || len(found) < len(best) {
			best = found
		}
	}
	return best
}

func (s schemas) value(path string, value *yaml.Node, of valueType) []string {
	if isFunction(value) { // its value is known only to CloudFormation
		return nil
	}
	switch of.Type {
	case "array":
		if value.Kind != yaml.SequenceNode {
			return []string{path + ": is not an array"}
		}
		return s.elements(path, value.Content, 1, *of.Element)
	case "map":
		if value.Kind != yaml.MappingNode {
			return []string{path + ": is not an object"}
		}
		return s.elements(path, value.Content, 2, *of.Element)
	case "union":
		return s.anyOf(path, value, of.Types)
	case "ref":
		return s.object(path, value, s.Definitions[of.ID])
	case "tag":
		return s.object(path, value, properties{"Key": {Required: true}, "Value": {Required: true}})
	case "json":
		return nil
	}
	return scalar(path, value, of)
}

// elements compares every nth element of an array or of an object.
func (s schemas) elements(path string, content []*yaml.Node, n int, of valueType) []string {
	var found []string
	for i := n - 1; i < len(content); i += n {
		found = append(found, s.value(fmt.Sprintf("%s[%d]", path, i/n), content[i], of)...)
	}
	return found
}

// scalar compares a value that has no parts.
func scalar(path string, value *yaml.Node, of valueType) []string {
	fits := value.Kind == yaml.ScalarNode
	switch of.Type {
	case "boolean":
		fits = fits && (value.Value == "true" || value.Value == "false")
	case "integer", "number":
		fits = fits && json.Valid([]byte(value.Value)) && strings.Trim(value.Value, "-.0123456789eE") == ""
	}
	if !fits {
		return []string{path + ": is not a " + of.Type}
	}
	if len(of.AllowedValues) == 0 || slices.ContainsFunc(of.AllowedValues, func(allowed any) bool { return fmt.Sprint(allowed) == value.Value }) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s is not one of %v", path, value.Value, of.AllowedValues)}
}

// isFunction reports whether a value is a function of CloudFormation, such as !Ref.
func isFunction(value *yaml.Node) bool {
	if strings.HasPrefix(value.Tag, "!") && !strings.HasPrefix(value.Tag, "!!") {
		return true
	}
	return value.Kind == yaml.MappingNode && len(value.Content) == 2 && (value.Content[0].Value == "Ref" || strings.HasPrefix(value.Content[0].Value, "Fn::"))
}
