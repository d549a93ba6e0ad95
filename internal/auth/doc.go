// Package auth signs a person in with an OpenID Connect provider that behaves like
// Amazon Cognito, keeps the tokens in a credential store, refreshes them unseen, and
// puts them on requests to the one origin they were obtained for.
//
// The road of a sign-in, one file a step: resource.go asks the service who signs its
// users in, discovery.go asks that provider for its endpoints, trust.go decides whether
// the pair may be believed, login.go drives the browser, callback.go and paste.go take
// the answer, exchange.go redeems the code, idtoken.go checks who it was, credential.go
// stores the tokens.
//
// Afterwards source.go hands out access tokens, refresh.go renews them under lock.go,
// transport.go adds them to requests, logout.go ends it all.
//
// The package knows nothing of photos, of commands or of configuration files: whoever
// calls it gives it a [Store], a folder for locks, and the streams to talk to.
package auth
