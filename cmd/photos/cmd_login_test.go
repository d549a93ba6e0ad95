package main

import "testing"

func TestSameUserPool(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"http://127.0.0.1:8080/local_A", "http://127.0.0.1:8080/local_A", true},
		{"http://127.0.0.1:8080/local_A", "http://127.0.0.1:8080/pool/local_A", true},
		{"http://127.0.0.1:8080/local_A", "http://127.0.0.1:8080/pool/local_B", false},
		{"http://127.0.0.1:8080/local_A", "http://127.0.0.1:8081/pool/local_A", false},
		{"https://127.0.0.1:8080/local_A", "http://127.0.0.1:8080/pool/local_A", false},
		{"", "http://127.0.0.1:8080/pool/local_A", false},
	} {
		if got := sameUserPool(test.a, test.b); got != test.want {
			t.Errorf("%s and %s: %t", test.a, test.b, got)
		}
	}
}
