package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// resource is one of a template, as far as tests look at it.
type resource struct {
	Type           string    `yaml:"Type"`
	DeletionPolicy string    `yaml:"DeletionPolicy"`
	Properties     yaml.Node `yaml:"Properties"`
}

// text returns the properties of a resource as text, without what is only layout.
func (r resource) text(t *testing.T) string {
	t.Helper()
	out, err := yaml.Marshal(&r.Properties)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func serviceResources(t *testing.T) map[string]resource {
	t.Helper()
	text, err := os.ReadFile("aws.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	return template.Resources
}

// TestServiceTemplate holds the promises of the documents against the template.
func TestServiceTemplate(t *testing.T) {
	t.Parallel()
	resources := serviceResources(t)
	for name, wants := range map[string][]string{
		"Photos": {
			"VersioningConfiguration: {Status: Enabled}", "BlockPublicAcls: true", "BlockPublicPolicy: true", "IgnorePublicAcls: true", "RestrictPublicBuckets: true",
			"NoncurrentVersionExpiration: {NoncurrentDays: 30}", "AbortIncompleteMultipartUpload: {DaysAfterInitiation: 8}",
		},
		"Database": {"StorageEncrypted: true", "MultiAZ: true", "PubliclyAccessible: false", "DeletionProtection: true", "BackupRetentionPeriod: 14", "AutoMinorVersionUpgrade: true", `EngineVersion: "17"`},
		"Task":     {"ReadonlyRootFilesystem: true", `User: "65532:65532"`, "Drop: [ALL]", "Name: PHOTOS_BUCKET", "Name: PHOTOSD_STOP_DELAY"},
		"Targets":  {"HealthCheckPath: /healthz"}, // ECS replaces all replicas while the database fails over, if it asks /readyz
		"Redirect": {"Port: 80", "Protocol: HTTPS"},
		"TaskRole": {"StringEquals: {'aws:SourceAccount': !Ref 'AWS::AccountId'}"},
		"Users":    {"TemplateURL: cognito.yaml", `StoreWebClientSecret: "yes"`, "AmazonClientId: !Ref AmazonClientId", "AmazonClientSecret: !Ref AmazonClientSecret"},
	} {
		text := resources[name].text(t)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %s:\n%s", name, want, text)
			}
		}
	}
	for _, name := range []string{"Photos", "Database", "Users"} {
		if p := resources[name].DeletionPolicy; p != "Retain" && p != "Snapshot" {
			t.Errorf("%s is lost when the stack is deleted: %q", name, p)
		}
	}
}

// The pages sign users in with a client that has a secret and their callback address. The client of
// the command line has neither.
func TestPagesHaveTheirClient(t *testing.T) {
	t.Parallel()
	resources := serviceResources(t)
	task := resources["Task"].text(t)
	for _, want := range []string{
		"{Name: COGNITO_CLIENT_ID, Value: !GetAtt Users.Outputs.CognitoClientId}",
		"{Name: COGNITO_CLI_CLIENT_ID, Value: !GetAtt Users.Outputs.CognitoCliClientId}",
		"{Name: COGNITO_CLIENT_SECRET, ValueFrom: !GetAtt Users.Outputs.WebClientSecretName}",
		`{Name: COGNITO_PROVIDERS, Value: !If [LoginWithAmazon, LoginWithAmazon, ""]}`,
		`{Name: BASE_URL, Value: !Sub "https://${HostName}"}`,
	} {
		if !strings.Contains(task, want) {
			t.Errorf("the container has no %s:\n%s", want, task)
		}
	}
	if role := resources["StartRole"].text(t); !strings.Contains(role, "!GetAtt Users.Outputs.WebClientSecretName") {
		t.Errorf("what starts the container may not read the secret of the client:\n%s", role)
	}
}

// TestUnit has systemd read the unit and judge how much it lets the service do.
func TestUnit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	text, err := os.ReadFile("photosd.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "photosd.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/photosd", "/bin/true")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "photosd.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=yes", unit).CombinedOutput()
	m := regexp.MustCompile(`Overall exposure level for \S+: ([\d.]+)`).FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	if level, err := strconv.ParseFloat(string(m[1]), 64); err != nil || level > 3 {
		t.Errorf("the exposure level is %s", m[1])
	}
}

// TestDebianRecipe looks for the packages of the larger image. Its base image is not at hand in tests.
func TestDebianRecipe(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks for many packages")
	}
	text, err := os.ReadFile("Containerfile.debian")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`apt-get install -y --no-install-recommends (.+) \\\n`).FindSubmatch(text)
	if m == nil || !strings.Contains(string(text), "USER 65532:65532") {
		t.Fatalf("the recipe is %s", text)
	}
	if _, err := exec.LookPath("apt-cache"); err != nil {
		t.Skip("apt-cache is not installed")
	}
	for _, name := range strings.Fields(string(m[1])) {
		if out, err := exec.Command("apt-cache", "show", name).CombinedOutput(); err != nil {
			t.Errorf("Debian has no package %s: %s", name, out)
		}
	}
}
