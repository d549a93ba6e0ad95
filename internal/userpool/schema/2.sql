-- A sign-up is not an account yet. Several may wait for the same address; the first one whose password is given
-- after a link was opened becomes the account.
CREATE TABLE signups (
	sub        TEXT PRIMARY KEY, -- of the account it becomes
	email      TEXT NOT NULL,    -- lower case
	nickname   TEXT NOT NULL,
	password   TEXT NOT NULL,    -- argon2id
	expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX signups_of_email ON signups (email);

-- A link that was sent to an address.
CREATE TABLE links (
	code       BLOB PRIMARY KEY,
	purpose    TEXT NOT NULL, -- confirm or reset
	email      TEXT NOT NULL,
	sub        TEXT NOT NULL, -- of the sign-up whose password was given to get the link; empty: nobody's
	request    TEXT NOT NULL, -- query of the authorization request that waits
	expires_at INTEGER NOT NULL
) STRICT;

-- What was sent in the last day, so that nobody's mailbox is flooded.
CREATE TABLE sent (
	email   TEXT NOT NULL,
	sent_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sent_to ON sent (email);

INSERT INTO signups (sub, email, nickname, password, expires_at)
	SELECT sub, email, nickname, password, unixepoch() * 1000000 + 86400000000 FROM users WHERE confirmed = 0;

INSERT INTO links (code, purpose, email, sub, request, expires_at)
	SELECT code, 'confirm', email, sub, request, expires_at FROM confirmations JOIN users USING (sub) WHERE confirmed = 0;

DROP TABLE confirmations;

DELETE FROM users WHERE confirmed = 0;

ALTER TABLE users DROP COLUMN confirmed;

ALTER TABLE codes ADD COLUMN resource TEXT NOT NULL DEFAULT ''; -- RFC 8707; empty: none

ALTER TABLE codes ADD COLUMN used_for TEXT; -- origin_jti of the grant that it became; null: not used

ALTER TABLE grants ADD COLUMN resource TEXT NOT NULL DEFAULT '';
