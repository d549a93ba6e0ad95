-- Times are microseconds since 1970, UTC. Codes, cookies and refresh tokens are
-- kept as their SHA-256, so a reader of this file cannot use them.

CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;

CREATE TABLE keys (
	kid        TEXT PRIMARY KEY,
	token_use  TEXT NOT NULL, -- id or access
	pkcs8      BLOB NOT NULL,
	retired_at INTEGER        -- null: it signs
) STRICT;

CREATE TABLE users (
	sub        TEXT PRIMARY KEY,
	email      TEXT NOT NULL UNIQUE, -- lower case
	nickname   TEXT NOT NULL,
	password   TEXT NOT NULL,        -- argon2id
	confirmed  INTEGER NOT NULL,     -- 1 after the link was opened
	created_at INTEGER NOT NULL
) STRICT;

-- A confirmation link sent to a new user, with the sign-in that waits for it.
CREATE TABLE confirmations (
	code       BLOB PRIMARY KEY,
	sub        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
	request    TEXT NOT NULL, -- query of the authorization request
	expires_at INTEGER NOT NULL
) STRICT;

-- A browser in which somebody signed in.
CREATE TABLE browsers (
	cookie       BLOB PRIMARY KEY,
	sub          TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
	signed_in_at INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
) STRICT;

-- An authorization code that was not redeemed yet.
CREATE TABLE codes (
	code         BLOB PRIMARY KEY,
	sub          TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
	client_id    TEXT NOT NULL,
	redirect_uri TEXT NOT NULL,
	scope        TEXT NOT NULL,
	nonce        TEXT NOT NULL,
	challenge    TEXT NOT NULL, -- empty without PKCE
	signed_in_at INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
) STRICT;

-- A sign-in of one client, from its code to its end. Revoking removes it.
CREATE TABLE grants (
	origin_jti   TEXT PRIMARY KEY,
	sub          TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
	client_id    TEXT NOT NULL,
	scope        TEXT NOT NULL,
	signed_in_at INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
) STRICT;

-- The refresh tokens of a grant: one, or with rotation all there were.
CREATE TABLE refresh_tokens (
	token       BLOB PRIMARY KEY,
	origin_jti  TEXT NOT NULL REFERENCES grants ON DELETE CASCADE,
	replaced_at INTEGER -- first use with rotation on; null: the current one
) STRICT;

CREATE INDEX refresh_tokens_of_grant ON refresh_tokens (origin_jti);
