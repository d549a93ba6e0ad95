package userpool_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/userpool"
)

// TestAFileOfTheFirstVersion opens a file with the first version of the schema. It has an account, a session, and a
// sign-up whose link was not opened yet.
func TestAFileOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "userpool.db")
	firstVersion(t, path)
	r := start(t, func(c *userpool.Config) { c.Path, c.PoolID = path, "local_ABCDEFGHI" })
	if r.PoolID() != "local_ABCDEFGHI" {
		t.Errorf("the pool is now %s", r.PoolID())
	}
	old := userpool.NewUser{Email: "old@example.org", Password: ada.Password}
	signedIn := r.signIn(t, newBrowser(t), authorization(), old)
	if signedIn.status != http.StatusFound {
		t.Fatalf("sign-in: status %d\n%s", signedIn.status, signedIn.body)
	}
	_, got := r.token(t, redemption(signedIn.location.Query().Get("code")))
	claims, _ := r.claims(t, got.Access)
	if claims["sub"] != "sub-of-old" {
		t.Errorf("the account is now %v", claims["sub"])
	}
	if _, got := r.token(t, refreshing("an old refresh token")); got.Error != "" {
		t.Errorf("a session: %q", got.Error)
	}
	waiting := userpool.NewUser{Email: "waiting@example.org", Password: ada.Password}
	r.signsIn(t, waiting, false)
	link := "/confirmUser?client_id=cli&user_name=sub-of-waiting&confirmation_code=an-old-link"
	if got := r.post(t, newBrowser(t), link, url.Values{"password": {ada.Password}}); got.location == nil || got.location.Query().Get("code") == "" {
		t.Errorf("the link of a sign-up: status %d\n%s", got.status, got.body)
	}
	r.signsIn(t, waiting, true)
}

// firstVersion creates such a file. Its accounts have Ada's password.
func firstVersion(t *testing.T, path string) {
	t.Helper()
	premade, err := premadeFile()
	if err != nil {
		t.Fatal(err)
	}
	current := path + ".current"
	if err := os.WriteFile(current, premade, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("schema/1.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		string(schema), "PRAGMA user_version = 1",
		fmt.Sprintf("ATTACH '%s' AS current", current),
		"INSERT INTO keys SELECT * FROM current.keys",
		"INSERT INTO meta VALUES ('pool_id', 'local_ABCDEFGHI'), ('issuer', 'http://127.0.0.1:8080/local_ABCDEFGHI')",
		"INSERT INTO users SELECT 'sub-of-old', 'old@example.org', 'Old', password, 1, 0 FROM current.users",
		"INSERT INTO users SELECT 'sub-of-waiting', 'waiting@example.org', 'Waiting', password, 0, 0 FROM current.users",
		"INSERT INTO confirmations VALUES (X'" + sha256Hex("an-old-link") + "', 'sub-of-waiting', '" + strings.ReplaceAll(authorization().Encode(), "'", "''") + "', 9e15)",
		"INSERT INTO grants VALUES ('jti', 'sub-of-old', 'cli', 'openid', 0, 9e15)",
		"INSERT INTO refresh_tokens VALUES (X'" + sha256Hex("an old refresh token") + "', 'jti', NULL)",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%.60s: %v", statement, err)
		}
	}
}

func TestAFileOfALaterVersion(t *testing.T) {
	t.Parallel()
	r := start(t)
	db, err := sql.Open("sqlite", r.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := openAgain(t.Context(), r.config); err == nil || !strings.Contains(err.Error(), "version is 99") {
		t.Errorf("%v", err)
	}
}
