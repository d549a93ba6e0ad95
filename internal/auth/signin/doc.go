// Package signin signs a user in from the command line, keeps the tokens in a credential
// store, refreshes them and adds them to requests.
//
// [Login] takes these steps. callback.go listens for the browser, and start.go redirects
// it to the provider. callback.go or paste.go receives the reply. Package oidc exchanges
// the code and checks the ID token. credential.go stores the tokens. Before that,
// [Offer.Check] decides whether the provider that a service named may be used.
//
// Afterwards a [Source] (source.go) gives out access tokens and refreshes them
// (refresh.go) under a lock between processes (lock.go). A [Transport] adds them to
// requests of one origin. [StatusOf] describes a session, and [Logout] ends it.
//
// The package does not depend on photos, commands or settings. The caller gives it a
// store, a folder for locks and a writer for messages.
package signin
