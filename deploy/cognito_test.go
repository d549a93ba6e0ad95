// Package deploy has no code. Its tests check that the template in this folder has what the
// programs need. Amazon Cognito accepts these mistakes, so users would find them only at
// their first sign-in.
package deploy

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// template has the parts of the template that the tests check. Of a value with a function of
// CloudFormation (like !Sub) it has the argument of the function.
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

// Some attributes of a pool can be set only when it is created.
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

// Whoever deploys the template must decide who may sign up. photosd gets the decision with the other settings.
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

// Cognito refuses a prefix with certain words, but only after it has created the pool.
func TestReservedWordsOfThePrefix(t *testing.T) {
	t.Parallel()
	const reserved = "(?!.*(?:aws|amazon|cognito))" // Go's regular expressions have no such groups
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
			// Rotation is not allowed with ALLOW_REFRESH_TOKEN_AUTH, which is a default.
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

// Cognito compares the callback address of the pages exactly. photosd derives it from BASE_URL.
func TestCallbackOfThePages(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	if got := tpl.Resources["WebClient"].strings("CallbackURLs"); !slices.Equal(got, []string{"${ServiceUrl}/callback"}) {
		t.Errorf("callback addresses %v", got)
	}
	if !strings.Contains(tpl.Outputs["Settings"].Value, "BASE_URL=${ServiceUrl}\n") {
		t.Error("the settings have another base address")
	}
	secret := tpl.Resources["WebClientSecret"]
	if secret.Type != "AWS::SecretsManager::Secret" || secret.Properties["SecretString"] != "WebClient.ClientSecret" {
		t.Errorf("the stored secret is %+v", secret)
	}
}

// For a client without branding, managed login shows "unavailable".
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

// The description of each output names its setting.
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
		if strings.Contains(o.Value, "Secret") && name != "WebClientSecretName" { // Ref returns the name of a secret
			t.Errorf("output %s shows a secret", name)
		}
	}
}
