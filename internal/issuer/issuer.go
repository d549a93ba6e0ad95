// Package issuer compares the issuers of Amazon Cognito user pools. A pool has two
// issuers, https://cognito-idp.REGION.SUFFIX/ID and
// https://issuer-cognito-idp.REGION.SUFFIX/ID. Its administrator may switch from one to
// the other while users are signed in. Tokens, discovery documents and profiles from
// before and after a switch belong together. The command line and the service both use
// this package, so they cannot disagree.
package issuer

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// The first labels of the host, and the name of the key set below an issuer.
const (
	original = "cognito-idp."
	updated  = "issuer-cognito-idp."
	keys     = "/.well-known/jwks.json"
)

// suffixes are the domains of the AWS partitions, by the beginning of their regions. The
// last one is for the commercial partition and GovCloud.
var suffixes = []struct{ region, suffix string }{
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"", "amazonaws.com"},
}

// poolID matches REGION_ID.
var poolID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z]{2,8}(?:-[a-z]+)+-[0-9]+)_[0-9A-Za-z]+$`)
})

// OfPool returns the original issuer of the pool with an ID like eu-west-1_AbCdEfGhI.
func OfPool(id string) (string, error) {
	home, ok := home(id)
	if !ok {
		return "", fmt.Errorf("%.80q is not a user pool id", id)
	}
	return "https://" + original + home, nil
}

// home returns REGION.SUFFIX/ID for the ID of a pool.
func home(id string) (string, bool) {
	m := poolID().FindStringSubmatch(id)
	if m == nil {
		return "", false
	}
	for _, s := range suffixes {
		if strings.HasPrefix(m[1], s.region) {
			return m[1] + "." + s.suffix + "/" + id, true
		}
	}
	return "", false
}

// Pool returns the ID of the user pool to which a Cognito issuer belongs. It is false for
// every other issuer, and for one whose host does not match the ID.
func Pool(issuer string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(issuer, "https://")
	if !ok {
		return "", false
	}
	rest = strings.TrimPrefix(rest, "issuer-")
	id = rest[strings.LastIndexByte(rest, '/')+1:]
	want, ok := home(id)
	return id, ok && rest == original+want
}

// Forms returns the given issuer first. If it belongs to a Cognito pool, the other issuer
// of the pool follows.
func Forms(issuer string) []string {
	id, ok := Pool(issuer)
	if !ok {
		return []string{issuer}
	}
	home, _ := home(id)
	forms := []string{"https://" + original + home, "https://" + updated + home}
	if issuer == forms[1] {
		forms[0], forms[1] = forms[1], forms[0]
	}
	return forms
}

// Same reports whether two issuers are equal or belong to the same Cognito pool.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	one, ok := Pool(a)
	other, also := Pool(b)
	return ok && also && one == other
}

// SameKeys reports whether the addresses of two key sets are equal or belong to the same
// Cognito pool.
func SameKeys(a, b string) bool {
	one, ok := strings.CutSuffix(a, keys)
	other, also := strings.CutSuffix(b, keys)
	return a == b || ok && also && Same(one, other)
}
