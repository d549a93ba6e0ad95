package photo

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Size is a number of bytes as a user writes it. 5M and 5MB are 5,000,000 bytes, as on
// the label of a disk; 5Mi and 5MiB are 5 × 2^20. It is a flag.Value.
type Size int64

// errSize says what a valid size is.
var errSize = errors.New("not a size like 500k, 5M (5,000,000 bytes) or 5MiB (5 × 2^20)")

// units are the letters for powers of 1,000 and, with an i, of 1,024.
const units = "KMGT"

// ParseSize reads a size, in upper or lower case. It rounds a fraction down to whole bytes. A
// size other than 0 must be at least one byte.
func ParseSize(s string) (Size, error) {
	m := regexp.MustCompile(`^([0-9]{1,19}(?:\.[0-9]{1,18})?) ?(?:([KMGT])(I?))?B?$`).FindStringSubmatch(strings.ToUpper(s))
	if m == nil {
		return 0, errSize
	}
	n, ok := new(big.Rat).SetString(m[1])
	if !ok {
		return 0, errSize
	}
	base := int64(1000)
	if m[3] != "" {
		base = 1024
	}
	if m[2] != "" {
		factor := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(strings.Index(units, m[2])+1)), nil)
		n.Mul(n, new(big.Rat).SetInt(factor))
	}
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	if whole.Sign() == 0 && n.Sign() > 0 || whole.Cmp(big.NewInt(math.MaxInt64)) > 0 {
		return 0, errSize
	}
	return Size(whole.Int64()), nil
}

// Set reads a size, for a flag.
func (v *Size) Set(s string) error {
	n, err := ParseSize(s)
	if err == nil {
		*v = n
	}
	return err
}

// String returns the shortest text that [ParseSize] reads as the same number of bytes.
func (v Size) String() string {
	text := strconv.FormatInt(int64(v), 10)
	for _, kind := range []struct {
		base   int64
		suffix string
	}{{1000, ""}, {1024, "iB"}} {
		for rest, i := int64(v), 0; i < len(units) && rest != 0 && rest%kind.base == 0; i++ {
			rest /= kind.base
			if short := strconv.FormatInt(rest, 10) + units[i:i+1] + kind.suffix; len(short) < len(text) {
				text = short
			}
		}
	}
	return text
}
