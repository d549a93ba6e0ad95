package issuer_test

import (
	"slices"
	"strings"
	"testing"

	"photos/internal/issuer"
)

// partitions has the two issuers of a pool in each partition of AWS.
var partitions = map[string][2]string{
	"eu-west-1_AbC":         {"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
	"ap-southeast-2_09Z":    {"https://cognito-idp.ap-southeast-2.amazonaws.com/ap-southeast-2_09Z", "https://issuer-cognito-idp.ap-southeast-2.amazonaws.com/ap-southeast-2_09Z"},
	"us-gov-west-1_x9":      {"https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_x9", "https://issuer-cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_x9"},
	"cn-north-1_x9":         {"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x9", "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x9"},
	"eusc-de-east-1_AbCdEf": {"https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_AbCdEf", "https://issuer-cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_AbCdEf"},
}

func TestBothFormsInEveryPartition(t *testing.T) {
	t.Parallel()
	for id, forms := range partitions {
		if got, err := issuer.OfPool(id); err != nil || got != forms[0] {
			t.Errorf("OfPool(%s) = %s, %v", id, got, err)
		}
		for i, form := range forms {
			if got, ok := issuer.Pool(form); !ok || got != id {
				t.Errorf("Pool(%s) = %s, %t", form, got, ok)
			}
			if got := issuer.Forms(form); !slices.Equal(got, []string{form, forms[1-i]}) {
				t.Errorf("Forms(%s) = %s", form, got)
			}
			for other, others := range partitions {
				if same := issuer.Same(form, others[0]); same != (id == other) {
					t.Errorf("Same(%s, %s) = %t", form, others[0], same)
				}
			}
		}
		if !issuer.SameKeys(forms[0]+"/.well-known/jwks.json", forms[1]+"/.well-known/jwks.json") {
			t.Errorf("the key sets of %s differ", id)
		}
	}
}

func TestOtherIDsAndIssuersAreRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "eu-west-1", "_AbC", "eu-west-1_", "eu-west-1_a b", "EU-west-1_AbC", "eu-west-1_A/../B", "local_AbC", "evil.example/eu-west-1_A"} {
		if got, err := issuer.OfPool(id); err == nil {
			t.Errorf("OfPool(%q) = %s", id, got)
		}
	}
	const good = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
	for _, other := range []string{
		"", "https://", good + "/", "http" + strings.TrimPrefix(good, "https"), "https://issuer-issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
		"https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_AbC", "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_AbC",
		"https://cognito-idp.eu-west-1.amazonaws.com:8443/eu-west-1_AbC", "https://cognito-idp.eu-west-1.amazonaws.com/x/eu-west-1_AbC",
		"https://cognito-idp.cn-north-1.amazonaws.com/cn-north-1_AbC", "https://u@cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
		"https://COGNITO-IDP.eu-west-1.amazonaws.com/eu-west-1_AbC", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC?x", "http://127.0.0.1:8080/local_AbC",
	} {
		if id, ok := issuer.Pool(other); ok {
			t.Errorf("Pool(%s) = %s", other, id)
		}
		if issuer.Same(good, other) || issuer.SameKeys(good+"/.well-known/jwks.json", other+"/.well-known/jwks.json") {
			t.Errorf("%s is taken for the pool", other)
		}
		if got := issuer.Forms(other); !slices.Equal(got, []string{other}) || !issuer.Same(other, other) {
			t.Errorf("Forms(%s) = %s", other, got)
		}
	}
}

func FuzzPool(f *testing.F) {
	for id, forms := range partitions {
		f.Add(id, forms[1])
	}
	f.Fuzz(func(t *testing.T, id, address string) {
		if made, err := issuer.OfPool(id); err == nil {
			if got, ok := issuer.Pool(made); !ok || got != id {
				t.Errorf("OfPool(%q) = %q, whose pool is %q", id, made, got)
			}
		}
		if _, ok := issuer.Pool(address); ok && len(issuer.Forms(address)) != 2 || !slices.Contains(issuer.Forms(address), address) {
			t.Errorf("Forms(%q) = %q", address, issuer.Forms(address))
		}
	})
}
