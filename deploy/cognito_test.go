// Package deploy has no code: its tests hold the templates beside them to what the
// programs need. Amazon Cognito refuses none of these mistakes; people find them
// at their first sign-in.
package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A template as far as it matters here. Values with functions of CloudFormation
// (!Sub and its like) come as what the function is given.
type template struct {
	Parameters map[string]struct {
		Default        any    `yaml:"Default"`
		NoEcho         bool   `yaml:"NoEcho"`
		AllowedPattern string `yaml:"AllowedPattern"`
		Constraint     string `yaml:"ConstraintDescription"`
		AllowedValues  []any  `yaml:"AllowedValues"`
	} `yaml:"Parameters"`
	Resources map[string]resource `yaml:"Resources"`
	Outputs   map[string]struct {
		Description string `yaml:"Description"`
		Value       string `yaml:"Value"`
	} `yaml:"Outputs"`
}

type resource struct {
	Type           string         `yaml:"Type"`
	DependsOn      string         `yaml:"DependsOn"`
	DeletionPolicy string         `yaml:"DeletionPolicy"`
	Properties     map[string]any `yaml:"Properties"`
}

func load(t *testing.T) template {
	t.Helper()
	text, err := os.ReadFile("cognito.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tpl template
	if err := yaml.Unmarshal(text, &tpl); err != nil {
		t.Fatal(err)
	}
	return tpl
}

func (tpl template) ofType(kind string) map[string]resource {
	found := make(map[string]resource)
	for name, r := range tpl.Resources {
		if r.Type == "AWS::Cognito::"+kind {
			found[name] = r
		}
	}
	return found
}

func (r resource) strings(property string) []string {
	var found []string
	list, _ := r.Properties[property].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			found = append(found, s)
		}
	}
	return found
}

// What can be said only when a pool is made.
func TestPool(t *testing.T) {
	t.Parallel()
	pool := load(t).Resources["UserPool"]
	if got := pool.strings("UsernameAttributes"); !slices.Equal(got, []string{"email"}) {
		t.Errorf("people sign in with %v, want their e-mail address", got)
	}
	if pool.Properties["UsernameConfiguration"].(map[string]any)["CaseSensitive"] != false {
		t.Error("addresses that differ in case are different people")
	}
	var required []string
	for _, a := range pool.Properties["Schema"].([]any) {
		if a := a.(map[string]any); a["Required"] == true {
			required = append(required, a["Name"].(string))
		}
	}
	if slices.Sort(required); !slices.Equal(required, []string{"email", "nickname"}) {
		t.Errorf("required attributes %v", required)
	}
	if pool.DeletionPolicy != "Retain" || pool.Properties["DeletionProtection"] != "ACTIVE" {
		t.Error("deleting the stack deletes everybody's account")
	}
	message := pool.Properties["VerificationMessageTemplate"].(map[string]any)
	if message["DefaultEmailOption"] != "CONFIRM_WITH_LINK" || !strings.Contains(message["EmailMessageByLink"].(string), "{##") {
		t.Errorf("verification %v, want a link", message)
	}
}

// Whoever deploys the template decides who may sign up; photosd learns it with the other settings.
func TestSelfRegistrationHasNoDefault(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	p, there := tpl.Parameters["SelfRegistration"]
	if !there || p.Default != nil || !slices.Equal(p.AllowedValues, []any{"open", "closed"}) {
		t.Errorf("parameter SelfRegistration: %+v", p)
	}
	config := tpl.Resources["UserPool"].Properties["AdminCreateUserConfig"].(map[string]any)
	if got := fmt.Sprint(config["AllowAdminCreateUserOnly"]); got != "[Closed true false]" {
		t.Errorf("accounts are for administrators to make: %s", got)
	}
	if !strings.Contains(tpl.Outputs["Settings"].Value, "PHOTOSD_SELF_REGISTRATION=${SelfRegistration}") {
		t.Error("the settings do not say who may sign up")
	}
}

// Cognito refuses some words in a prefix only when the pool is there already.
func TestReservedWordsOfThePrefix(t *testing.T) {
	t.Parallel()
	const reserved = "(?!.*(?:aws|amazon|cognito))" // Go knows no such groups
	p := load(t).Parameters["DomainPrefix"]
	pattern := strings.Replace(p.AllowedPattern, reserved, "", 1)
	if pattern == p.AllowedPattern {
		t.Errorf("%s allows reserved words", p.AllowedPattern)
	}
	for prefix, want := range map[string]bool{"photos-example": true, "a": true, "-photos": false, "photos-": false, "Photos": false, "": false} {
		if got := regexp.MustCompile(pattern).MatchString(prefix); got != want {
			t.Errorf("prefix %q: allowed %t", prefix, got)
		}
	}
	for _, word := range []string{"aws", "amazon", "cognito"} {
		if !strings.Contains(p.Constraint, word) {
			t.Errorf("the message does not name %s", word)
		}
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	clients := tpl.ofType("UserPoolClient")
	if len(clients) != 2 {
		t.Fatalf("%d app clients, want one for the command line and one for the pages", len(clients))
	}
	for name, c := range clients {
		for property, want := range map[string]any{
			"AllowedOAuthFlowsUserPoolClient": true, "EnableTokenRevocation": true,
			"PreventUserExistenceErrors": "ENABLED", "GenerateSecret": name == "WebClient",
		} {
			if got := c.Properties[property]; got != want {
				t.Errorf("%s: %s is %v, want %v", name, property, got, want)
			}
		}
		for property, want := range map[string]string{
			"AllowedOAuthFlows": "code", "AllowedOAuthScopes": "openid", "LogoutURLs": "${ServiceUrl}/",
			// Rotation and ALLOW_REFRESH_TOKEN_AUTH, which is among the defaults, exclude each other.
			"ExplicitAuthFlows": "ALLOW_USER_SRP_AUTH",
		} {
			if got := c.strings(property); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %v, want %s", name, property, got, want)
			}
		}
		rotation := c.Properties["RefreshTokenRotation"].(map[string]any)
		if grace := rotation["RetryGracePeriodSeconds"].(int); rotation["Feature"] != "ENABLED" || grace < 10 || grace > 60 {
			t.Errorf("%s: rotation %v", name, rotation)
		}
		if c.DependsOn != "Providers" {
			t.Errorf("%s may be made before the provider it names", name)
		}
	}
}

// Managed login shows "unavailable" for a client without branding.
func TestEveryClientHasItsPages(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	if v := tpl.Resources["Domain"].Properties["ManagedLoginVersion"]; v != 2 {
		t.Errorf("managed login version %v, want 2", v)
	}
	branded := make(map[any]bool)
	for name, b := range tpl.ofType("ManagedLoginBranding") {
		branded[b.Properties["ClientId"]] = true
		if b.Properties["UseCognitoProvidedValues"] != true || b.DependsOn != "Domain" {
			t.Errorf("%s: %v", name, b)
		}
	}
	for name := range tpl.ofType("UserPoolClient") {
		if !branded[name] {
			t.Errorf("%s has no branding", name)
		}
	}
}

func TestLoginWithAmazon(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	mapping := tpl.Resources["Amazon"].Properties["AttributeMapping"].(map[string]any)
	for _, required := range []string{"email", "nickname"} {
		if mapping[required] == nil {
			t.Errorf("%s is required of everybody and not mapped", required)
		}
	}
	if p := tpl.Parameters["AmazonClientSecret"]; !p.NoEcho || p.Default != "" {
		t.Errorf("the secret shows, or is wanted of those who have none: %+v", p)
	}
}

// Outputs say which setting they are.
func TestOutputs(t *testing.T) {
	t.Parallel()
	outputs := load(t).Outputs
	for name, setting := range map[string]string{
		"CognitoPoolId": "COGNITO_POOL_ID", "CognitoDomain": "COGNITO_DOMAIN",
		"CognitoClientId": "COGNITO_CLIENT_ID", "CognitoCliClientId": "COGNITO_CLI_CLIENT_ID",
	} {
		if !strings.HasPrefix(outputs[name].Description, setting) {
			t.Errorf("output %s does not say that it is %s", name, setting)
		}
		if !strings.Contains(outputs["Settings"].Value, setting+"=") {
			t.Errorf("the settings lack %s", setting)
		}
	}
	for name, o := range outputs {
		if strings.Contains(o.Value, "Secret") {
			t.Errorf("output %s shows a secret", name)
		}
	}
}

// TestLint asks AWS's own linter, on machines that have it.
func TestLint(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cfn-lint"); err != nil {
		t.Log("cfn-lint is not installed: the other tests of this package stand alone")
		return
	}
	if out, err := exec.Command("cfn-lint", "cognito.yaml").CombinedOutput(); err != nil {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
}
