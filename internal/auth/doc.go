// Package auth holds what the packages below it share: secrets that do not print,
// errors with a kind, and the addresses of services.
//
//   - Package oidc asks a service who signs its users in, and asks that provider for
//     tokens. A command line and a web server can both use it.
//   - Package secret stores credentials in the system's keyring or in private files.
//   - Package signin signs a user in from the command line, refreshes the access token,
//     adds it to requests, and signs the user out.
//
// Packages oidc and secret do not import each other. Package signin imports both.
package auth
