package photo

import (
	"flag"
	"testing"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Size{
		"1": 1, "999": 999, "500k": 500_000, "500K": 500_000, "500kB": 500_000, "5M": 5_000_000, "5m": 5_000_000, "5MB": 5_000_000, "5 MB": 5_000_000,
		"1.5G": 1_500_000_000, "2T": 2_000_000_000_000, "100B": 100,
		"1KiB": 1 << 10, "5MiB": 5 << 20, "5Mi": 5 << 20, "64GiB": 64 << 30, "1TiB": 1 << 40, "0.5KiB": 512, "0.0015k": 1,
		"9223372036854775807": 1<<63 - 1, "9223372036854775808": 0, "922337203685477580": 922337203685477580,
	} {
		if n, err := ParseSize(s); want != 0 && (err != nil || n != want) || want == 0 && err == nil {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", s, n, err, want)
		}
	}
	if n, err := ParseSize("0"); err != nil || n != 0 {
		t.Errorf("ParseSize(0) = %d, %v", n, err)
	}
	for _, s := range []string{
		"", "M", "-1", "0.0001k", "1P", "NaN", "1e30", "Inf", "0x10", "1_000", "1/2", ".5M", "5.M", "5 M B", "5iB", " 5M", "5M ", "9999999T", "٣",
	} {
		if n, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", s, n)
		}
	}
}

func TestSizeAsText(t *testing.T) {
	t.Parallel()
	for n, want := range map[Size]string{
		1: "1", 999: "999", 1000: "1K", 1024: "1024", 16 << 20: "16MiB", 1500: "1500", 5_000_000: "5M", 5 << 20: "5MiB", 64 << 30: "64GiB", 64_000_000_000: "64G", 0: "0",
	} {
		if got := n.String(); got != want {
			t.Errorf("Size(%d) is %q, want %q", n, got, want)
		}
	}
}

// A Size can be the value of a flag.
var _ flag.Value = new(Size)

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"5M", "5MiB", "1.5G", "0", "9223372036854775807", "1T"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseSize(s)
		if err != nil {
			return
		}
		if again, err := ParseSize(n.String()); n < 0 || err != nil || again != n {
			t.Errorf("%q is %d bytes, written as %s, and read again as %d, %v", s, n, n, again, err)
		}
	})
}
